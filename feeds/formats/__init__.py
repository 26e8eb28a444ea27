"""The formats of feeds: written, read back, and checked."""
