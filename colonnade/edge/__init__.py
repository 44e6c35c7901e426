"""The edge: what comes in over HTTP and sockets, and is read, judged, executed within its time, and answered."""
