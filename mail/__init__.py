"""Mail: addresses, headers, encoding, replies, relays: what every letter needs, whatever it says."""
