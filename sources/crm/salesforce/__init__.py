"""Salesforce as the CRM."""
