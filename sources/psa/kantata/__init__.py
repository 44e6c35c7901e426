"""Kantata OX as the PSA."""
