"""The key that tests make hashes with."""

from digest.keys import Key

KEY = Key(bytes(range(32)))
