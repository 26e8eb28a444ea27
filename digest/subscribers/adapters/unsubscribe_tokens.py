"""Leave tokens: the one key of a subscription that stands in its row."""

import secrets
from collections.abc import Iterator
from itertools import chain

DRAWN = 65_536
"""Tokens drawn at once: some megabytes, and a transaction of two thousand meets a thirtieth of their index."""
_BYTES = 16


def leave_token() -> str:
    """128 random bits, as 32 hex characters."""
    return secrets.token_hex(_BYTES)


def tokens_in_order() -> Iterator[str]:
    """Tokens without end, for many rows at once: many are drawn, and handed out in order from a random one on.

    So the rows of a transaction touch few pages of the index of tokens. Who knows the tokens of a row's neighbours
    knows some 16 bits of its own, and 112 are left (docs/adr/0024-random-keys-cost-pages.md).
    """
    while True:
        bits = secrets.token_bytes(_BYTES * DRAWN)
        drawn = sorted(bits[at : at + _BYTES] for at in range(0, len(bits), _BYTES))
        first = secrets.randbelow(DRAWN)
        for token in chain(drawn[first:], drawn[:first]):
            yield token.hex()
