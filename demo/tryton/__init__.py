"""A real Tryton 8.0 as finance, sales and personnel system of the demo firm: installer, seed, server."""
