"""Leave tokens: the one key of a subscription that stands in its row."""

import secrets
from collections.abc import Iterator

DRAWN = 65_536
"""Tokens drawn at once: some megabytes, and a transaction of two thousand meets a thirtieth of their index."""
_BYTES = 16


def leave_token() -> str:
    """128 random bits, as 32 hex characters."""
    return secrets.token_hex(_BYTES)


def tokens_in_order() -> Iterator[str]:
    """Tokens without end, for many rows at once: each as random as any, many drawn and then handed out in order.

    So the rows of a transaction touch few pages of the index of tokens. Who knows a row's neighbours knows 16 bits of
    its token, and 112 are left (docs/adr/0024-random-keys-cost-pages.md).
    """
    while True:
        drawn = secrets.token_bytes(_BYTES * DRAWN)
        for token in sorted(drawn[at : at + _BYTES] for at in range(0, len(drawn), _BYTES)):
            yield token.hex()
