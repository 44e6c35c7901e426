"""Tryton as the CRM."""
