"""Storage: column types and compiled statements, below everything that keeps rows."""
