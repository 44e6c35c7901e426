"""Redmine as Debian ships it, filled with what a PSA knows of the demo firm."""
