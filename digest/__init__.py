"""Digests: what recipients get, from subscribing to the last letter of an edition, and what comes back."""
