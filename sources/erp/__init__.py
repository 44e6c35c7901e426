"""Money: legal entities, contracts, invoices and fiscal periods."""
