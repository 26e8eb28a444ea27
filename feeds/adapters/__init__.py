"""The tables of feeds."""
