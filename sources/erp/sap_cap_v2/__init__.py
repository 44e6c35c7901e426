"""SAP CAP as the ERP, by the older version of the protocol."""
