"""Transactional letters that came back: told in their reader's story, and held against the address that they went to.

That such a letter came says nothing until its link is used; so what counts is how many came back since its reader
last confirmed anything, by the rule for editions (docs/adr/0021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from digest.adapters.tables import subscribers, transactional_letters
from digest.bounces.adapters.bounces import TOLD
from digest.bounces.adapters.history import FORGIVEN
from digest.bounces.adapters.suppressing import Recipient, Suppressing
from digest.bounces.bounce import Bounce, Taken
from digest.bounces.policy import Evidence, History, reason_to_suppress
from digest.keys import Key
from digest.lifecycle.transactional_letter import NoticeKind, NoticeState
from digest.subscribers.adapters.events import note, story
from digest.subscribers.adapters.mailboxes import subscriber_at
from digest.subscribers.adapters.rows import NAMED
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.events import Event, EventKind
from digest.verp import ReturnedNotice, second_of
from mail.address import Address
from mail.failure.status_codes import BounceClass


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A letter that came back: whose story tells of it, where it went, and who has that address, if anybody."""

    row: Row[Any]
    address: Address
    owner: int | None


class ReturnedNotices:
    """What came back of the letters about subscriptions."""

    def __init__(self, read: Engine, write: Engine, suppressions: Suppressions, key: Key) -> None:
        self._read = read
        self._write = write
        self._suppressing = Suppressing(suppressions)
        self._key = key

    def take(self, of: ReturnedNotice, one: Bounce, now: datetime) -> Taken:
        """Write a letter's bounce down and do what it asks for; one of its class again changes nothing."""
        with self._write.begin() as connection:
            letter = _letter(connection, of)
            if letter is None:
                return Taken.GONE
            if one.kind not in TOLD:
                return Taken.COUNTED
            before = _told(connection, letter)
            if any(_is_of(letter, event) and event.detail["class"] == one.kind for event in before):
                return Taken.KNOWN
            facts = {"class": one.kind, "status": one.status, "letter": letter.row.kind, "number": of.number}
            note(connection, letter.row.subscriber_id, Event(kind=EventKind.BOUNCED, at=now, detail=facts))
            if one.kind is BounceClass.COMPLAINT:
                changed = self._suppressing.complain(connection, self._recipient(letter), now)
                return Taken.SUPPRESSED if changed else Taken.COUNTED
            _call_failed(connection, letter, one)
            reason = reason_to_suppress(_history(connection, letter, one, before))
            if reason and self._suppressing.suppress(connection, self._recipient(letter), reason, now):
                return Taken.SUPPRESSED
            return Taken.COUNTED

    def complained(self, of: ReturnedNotice) -> Address | None:
        """The recipient of this letter, while they are not mailed because they complained; else None."""
        with self._read.begin() as connection:
            letter = _letter(connection, of)
            return self._suppressing.complained(connection, letter.address if letter else None)

    def _recipient(self, letter: _Letter) -> Recipient:
        known_as = self._key.address_hash(letter.address)
        return Recipient(hash=known_as, subscriber=letter.owner, letter={"letter": letter.row.kind})


def _letter(connection: Connection, of: ReturnedNotice) -> _Letter | None:
    """The letter with this number, if it is still the same one."""
    wanted = (
        select(transactional_letters, subscribers.c.address.label("own"))
        .join(subscribers, subscribers.c.id == transactional_letters.c.subscriber_id)
        .where(transactional_letters.c.id == of.number, NAMED)
    )
    row = connection.execute(wanted).first()
    if row is None or second_of(row.asked) != of.asked:
        return None
    address = Address(row.address or row.own)
    return _Letter(row=row, address=address, owner=subscriber_at(connection, address))


def _told(connection: Connection, letter: _Letter) -> Sequence[Event]:
    """What was written down before of this letter, newer than whatever had its number once, and of others before it."""
    events = story(connection, letter.row.subscriber_id)
    return [event for event in events if event.kind is EventKind.BOUNCED and "letter" in event.detail]


def _is_of(letter: _Letter, event: Event) -> bool:
    return event.detail["number"] == int(letter.row.id) and event.at >= letter.row.asked


def _history(connection: Connection, letter: _Letter, one: Bounce, before: Sequence[Event]) -> History:
    """What came back since the address began anew, this letter first; nothing when that was after it was asked for.

    A letter to another address, to move there, says something about that address alone. A mailbox that is full says
    nothing here: a stranger can cause more letters in a day than editions come in a month.
    """
    whose = story(connection, letter.owner) if letter.owner is not None else ()
    anew = max((event.at for event in whose if event.kind in FORGIVEN), default=None)
    if anew is not None and anew >= letter.row.asked:
        return []
    back: dict[object, list[Evidence]] = {letter.row.id: [_evidence(one.kind, one.status, own_relay=one.own_relay)]}
    for event in before:
        other = letter.row.kind == NoticeKind.MOVE or event.detail["letter"] == NoticeKind.MOVE
        if (other and not _is_of(letter, event)) or (anew is not None and event.at < anew):
            continue
        kind = BounceClass(str(event.detail["class"]))
        if kind is BounceClass.HARD:
            back.setdefault(event.detail["number"], []).append(_evidence(kind, str(event.detail["status"])))
    return [evidence for evidence in back.values() if evidence[0].kind is BounceClass.HARD]


def _evidence(kind: BounceClass, status: str, *, own_relay: bool = False) -> Evidence:
    return Evidence(kind=kind, status=status, own_relay=own_relay)


def _call_failed(connection: Connection, letter: _Letter, one: Bounce) -> None:
    """Say of a letter that seemed to have gone what became of it."""
    went = transactional_letters.c.state.in_([NoticeState.SENDING, NoticeState.SENT, NoticeState.UNCERTAIN])
    said = f"returned: {one.diagnostic or one.status}"
    failed = update(transactional_letters).where(transactional_letters.c.id == letter.row.id, went)
    connection.execute(failed.values(state=NoticeState.FAILED, reply=said))
