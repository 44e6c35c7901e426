"""SAP CAP, a real OData engine, as a small ERP of the demo firm: installer, model, seed, server."""
