"""Subscribers: who wants what, and who must not be mailed."""
