"""The data warehouse: copies of what others own, and history."""
