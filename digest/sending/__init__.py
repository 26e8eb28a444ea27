"""Sending: from a planned edition to its last letter."""
