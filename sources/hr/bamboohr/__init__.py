"""BambooHR as HR."""
