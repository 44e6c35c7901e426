"""The planned executor: an operation becomes a plan once, and is answered level by level, a column at a time."""
