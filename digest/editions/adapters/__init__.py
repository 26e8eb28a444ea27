"""The store's rows of editions, variants and deliveries."""
