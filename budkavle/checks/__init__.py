"""Preflight checks: what `budkavle check` looks at."""
