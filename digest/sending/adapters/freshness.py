"""Freshness: whether letters show a text that was withdrawn or erased, asked inside the transaction that decides.

A sender claims letters ahead, so an act may come between claim and dot mark. A group that claims or marks looks first
whether one came; who asks costs one look at the newest seq, and nothing else while no such act touches a letter.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection

from articles.article import Seq
from digest.editions.adapters.withdrawn_texts import Gone, claimed_with, is_in_open_letters
from digest.editions.delivery import EditionId, VariantId
from digest.sending.adapters.claims import sending


class Texts(Protocol):
    """What a ledger asks about the texts of its letters, in its own transaction."""

    def outdated(self, connection: Connection, fence: int) -> frozenset[VariantId]:
        """The variants that this sender holds claims of and that show a text which is gone: they get no dot."""

    def is_stale(self, connection: Connection) -> bool:
        """Whether letters must be made anew before any is claimed; to be asked after `outdated`."""


class AlwaysFresh:
    """Texts that never change."""

    def outdated(self, connection: Connection, fence: int) -> frozenset[VariantId]:  # noqa: ARG002 - Texts
        """None."""
        return frozenset()

    def is_stale(self, connection: Connection) -> bool:  # noqa: ARG002 - Texts
        """Never."""
        return False


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What the waiting letters were made anew for: all acts up to this seq, and these editions."""

    until: Seq
    editions: frozenset[EditionId]


class Freshness:
    """Which acts one sender has heard of. `newest` is the store's newest seq, `gone` what was taken away after one.

    An act that touches no letter under way changes nothing: neither a thousand corrections nor a thousand withdrawals
    of what nobody waits for hold a letter up.
    """

    def __init__(
        self,
        newest: Callable[[Connection], Seq],
        gone: Callable[[Connection, Seq], Gone],
        digests: Collection[str] | None = None,
    ) -> None:
        self._newest, self._gone, self._digests = newest, gone, digests
        self._looked: Seq | None = None
        self._refreshed: Refreshed | None = None
        self._all_pulled = True
        self._outdated = frozenset[VariantId]()

    def outdated(self, connection: Connection, fence: int) -> frozenset[VariantId]:
        """As `Texts`. What was found stays found when the transaction is rolled back: others' acts stand."""
        newest = self._newest(connection)
        if self._looked is None:  # nothing is claimed before the first refreshing, which takes out all that is gone
            self._looked = newest
        elif newest != self._looked:
            self._hear(connection, fence, self._gone(connection, self._looked), newest)
            self._looked = newest
        return self._outdated

    def _hear(self, connection: Connection, fence: int, gone: Gone, newest: Seq) -> None:
        if gone.is_empty or not is_in_open_letters(connection, gone):
            return
        self._outdated |= claimed_with(connection, fence, gone)
        if self._refreshed is not None and newest > self._refreshed.until:
            self._refreshed = None

    def is_stale(self, connection: Connection) -> bool:
        """As `Texts`: an act touched a letter, or an edition joined; one that paused and goes on joins anew."""
        under_way = frozenset(sending(connection, self._digests))
        if self._refreshed is None or not under_way <= self._refreshed.editions:
            return True
        self._refreshed = replace(self._refreshed, editions=under_way)
        return False

    def present(self, connection: Connection) -> Refreshed:
        """What letters are made anew for that are made anew from now on."""
        return Refreshed(until=self._newest(connection), editions=frozenset(sending(connection, self._digests)))

    def refreshed(self, refreshed: Refreshed, *, all_pulled: bool) -> None:
        """Waiting letters are as new as this; with `all_pulled`, none that is claimed shows a text that is gone."""
        self._refreshed, self._all_pulled = refreshed, all_pulled
        if all_pulled:
            self._outdated = frozenset()

    def claimed(self) -> None:
        """A claim is done: before the next one, a letter may come back that was claimed with a text that is gone."""
        if not self._all_pulled:
            self._refreshed = None
