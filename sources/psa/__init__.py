"""Delivery: engagements, their breakdown, and who works on them."""
