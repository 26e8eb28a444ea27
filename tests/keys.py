"""The key that tests make hashes with."""

from digest.keyed import Key

KEY = Key(bytes(range(32)))
