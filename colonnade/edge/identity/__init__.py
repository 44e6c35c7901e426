"""Who asks: bearer tokens of the firm's identity provider, and service keys of internal tools."""
