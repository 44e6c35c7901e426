"""Tryton as the ERP."""
