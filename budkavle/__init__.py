"""What an operator runs: configuration, wiring, scheduler, web and command line."""
