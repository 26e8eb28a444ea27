"""Feed documents by HTTP."""
