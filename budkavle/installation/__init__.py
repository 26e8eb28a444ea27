"""An installation: its store, its secret, its log, and the wiring of its parts."""
