"""The ledger, the sender and their statements."""
