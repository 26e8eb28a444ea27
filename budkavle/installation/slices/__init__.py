"""Wiring of the slices: each service built with the ports and values that it uses."""
