"""The planned executor: what lies below a root field is completed level by level, in columns."""
