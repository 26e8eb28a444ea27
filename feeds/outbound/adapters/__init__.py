"""Requests to the outside, and what is remembered of them."""
