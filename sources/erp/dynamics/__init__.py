"""Dynamics 365 Finance as the ERP."""
