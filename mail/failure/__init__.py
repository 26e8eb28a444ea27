"""Failures of mail: what codes and words say about an address, about us, or about nobody."""
