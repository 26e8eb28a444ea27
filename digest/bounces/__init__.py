"""Bounces: what comes back by mail, and what it does."""
