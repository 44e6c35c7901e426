"""Where it is true: every system of record, asked in batches."""
