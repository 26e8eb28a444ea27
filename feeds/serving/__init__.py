"""Answers to readers of feeds: validators, codings, deltas and moved addresses (RFC 9110, RFC 3229)."""
