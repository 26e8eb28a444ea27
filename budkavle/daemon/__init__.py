"""The daemon: its jobs, its threads, its liveness."""
