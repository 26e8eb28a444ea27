"""The roof, what an operator runs: configuration, wiring, daemon, web and command line."""
