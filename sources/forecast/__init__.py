"""Demand and capacity."""
