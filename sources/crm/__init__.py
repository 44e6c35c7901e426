"""Sales: customers and opportunities."""
