"""Northbeam Advisory Group: one fictional firm, generated without chance and without a clock."""

from demo.firm.build import northbeam

__all__ = ["northbeam"]
