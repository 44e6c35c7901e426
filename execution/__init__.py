"""How an operation is taken apart before it runs: documents, their limits, their cost. Knows nothing of the firm."""
