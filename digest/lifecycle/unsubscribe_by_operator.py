"""Unsubscribe by an operator's hand: for somebody who asked by telephone or by letter."""

from dataclasses import dataclass
from datetime import datetime

from digest.lifecycle.adapters.by_operator import ByOperator
from digest.lifecycle.unsubscribe import Unsubscribe
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class UnsubscribeByOperator:
    """Unsubscribe for somebody: in the store at once, and in the journal for an older backup that is put in place."""

    store: ByOperator
    unsubscribe: Unsubscribe

    def end(self, address: Address, digest: str | None, now: datetime) -> int:
        """End somebody's subscription to one digest, or to all; says how many lived. Raises OSError."""
        ended, tokens = self.store.end_all(address, digest, now)
        self.unsubscribe.note(tokens, now)
        return ended
