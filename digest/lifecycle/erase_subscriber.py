"""Erasure (GDPR, article 17): everything about a person goes but their no, which a keyed hash remembers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from digest.lifecycle.adapters.erasure import ErasureStore
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.lifecycle.unsubscribe_journal import WishKind
from mail.address import Address

log = structlog.get_logger()
_LOOKS, _LOOK_SECONDS = 20, 0.1
"""How often, and how far apart, it is looked whether a letter that was being handed over lies in the outbox."""


@dataclass(frozen=True, kw_only=True)
class ClearedFiles:
    """How many letters in an outbox, and messages that came back, were deleted."""

    letters: int
    messages: int


ClearFiles = Callable[[Collection[Address]], ClearedFiles]
"""Port: deletes the files beside the store that name these people and are ours alone. Raises OSError."""


@dataclass(frozen=True, kw_only=True)
class ErasureResult:
    """What an erasure did. `existed` says whether there was a subscriber, `letters` how many lay in the outbox.

    `messages` are those that came back, were understood by nobody, and named them.

    `under_way` says that a letter is being handed over at this moment. `scrubbed` is False when the store could not
    be told, or its log not be cut, because others were at it for too long.
    """

    existed: bool
    letters: int
    messages: int
    under_way: bool
    scrubbed: bool


@dataclass(frozen=True, kw_only=True)
class EraseSubscriber:
    """Erasure: whoever is erased leaves nothing in the store and in our files; doing it again does what was left."""

    store: ErasureStore
    unsubscribe: Unsubscribe
    clear_files: ClearFiles
    wait: Callable[[float], None]

    def erase(self, address: Address, now: datetime) -> ErasureResult:
        """Erase whoever has this address, known or not, and keep their no.

        Raises OSError when the journal or the outbox cannot be written.
        """
        subscriber = self.store.find(address)
        self.unsubscribe.note_no(address, WishKind.ERASED, now)
        store_knows = self._store_is_told()
        under_way = subscriber is not None and self._outlasts(subscriber)
        cleared = self.clear_files([address])
        scrubbed = self.store.scrub() and store_knows
        return ErasureResult(
            existed=subscriber is not None,
            letters=cleared.letters,
            messages=cleared.messages,
            under_way=under_way,
            scrubbed=scrubbed,
        )

    def erase_number(self, subscriber: int, now: datetime) -> None:
        """Erase a subscriber and keep their no; nothing happens when there is none with this number.

        Raises OSError when the journal or the outbox cannot be written.
        """
        address = self.store.address_of(subscriber)
        if address:
            self.erase(address, now)

    def _store_is_told(self) -> bool:
        """Tell the store what is written down; False while others hold it, and then it is told later."""
        busy = self.unsubscribe.replay_if_free()
        if busy:
            log.warning("erasure_waits", why=busy.why, remedy="it is in the journal: the store is told when it is free")
        return busy is None

    def _outlasts(self, subscriber: int) -> bool:
        """Whether a letter is being handed over, for longer than that takes where letters are files."""
        for _ in range(_LOOKS):
            if not self.store.is_under_way(subscriber):
                return False
            self.wait(_LOOK_SECONDS)
        return True
