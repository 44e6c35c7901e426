"""The frame of every command: taken in, judged, carried out, waited for, decided upon, repaired, and shown."""
