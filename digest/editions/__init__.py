"""Editions: one issue of a digest, from its slot in the calendar to its page."""
