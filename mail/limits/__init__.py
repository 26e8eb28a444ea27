"""Limits of a relay: found, remembered and kept."""
