"""SAP CAP as the ERP."""
