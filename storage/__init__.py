"""Storage: the port of a store and SQLite's, column types, compiled statements and durable files."""
