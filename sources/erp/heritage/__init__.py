"""The legacy ERP of one company, by SOAP 1.1."""
