"""How it is asked: the roots, one file a domain."""
