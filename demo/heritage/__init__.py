"""The legacy ERP of the firm's German company: SOAP 1.1 with a WSDL by spyne, over business logic of ours."""
