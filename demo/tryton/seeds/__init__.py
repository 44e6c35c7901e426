"""The seed, by subject; runs inside Tryton's own environment."""
