"""Redmine as the PSA."""
