"""Lists in the store: imported, taken back, exported."""
