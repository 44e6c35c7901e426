"""Runn as the forecasting tool."""
