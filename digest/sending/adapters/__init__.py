"""The ledger, the engine and their statements."""
