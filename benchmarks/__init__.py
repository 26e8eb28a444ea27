"""How fast things go, measured beside what is fastest and what is usual."""
