"""The store's rows of subscribers."""
