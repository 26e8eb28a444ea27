"""Says whether the promises were kept, by the store's file and the sinks' record: no rule here is Budkavle's own."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.installation import Installation
from tests.chaos.sink import captured

STATES = {"planned", "claimed", "sent", "deferred", "failed", "uncertain", "suppressed", "skipped", "held"}
OPEN = {"planned", "claimed", "deferred"}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A row of the ledger."""

    state: str
    fence: int | None
    token: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How an edition came out. `broken` names each promise that was not kept; it should be empty."""

    audience: int
    letters: int
    uncertain: int
    arrived: int
    worst: int
    states: Mapping[str, int]
    broken: tuple[str, ...]


def judge(
    installation: Installation,
    edition: str,
    record: Path,
    *,
    connections: int,
    explained: AbstractSet[str] = frozenset(),
) -> Finding:
    """Compare the ledger's word on an edition with what the sinks got; `explained` states may be without a letter."""
    ledger, state, audience = _ledger(installation.store, edition)
    got = Counter[str]()
    strange = 0
    for letter in captured(record):
        got[letter.recipient] += 1
        known = ledger.get(letter.recipient)
        strange += known is None or known.token.encode() not in letter.text
    states = Counter(delivery.state for delivery in ledger.values())
    doubtful = {who for who, delivery in ledger.items() if delivery.state == "uncertain"}
    by_sender = Counter(ledger[who].fence for who in doubtful)
    sent = {who for who, delivery in ledger.items() if delivery.state == "sent"}
    faults = {
        "got the letter twice": sum(1 for number in got.values() if number > 1),
        "letters are not their recipient's own": strange,
        "sent by the ledger's word, and never arrived": len(sent - got.keys()),
        "without a letter, and not uncertain": len(
            [who for who in ledger.keys() - got.keys() - doubtful if ledger[who].state not in explained]
        ),
        "arrived, and neither sent nor uncertain": len(got.keys() - sent - doubtful),
        "deliveries are still open": sum(states[each] for each in OPEN),
        "deliveries more or less than the audience": abs(audience - sum(states[each] for each in STATES)),
        "rows of no known state": sum(number for each, number in states.items() if each not in STATES),
        "uncertain of one sender beyond its connections": max(0, max(by_sender.values(), default=0) - connections),
        "editions not finished": int(state != "finished"),
        "things `digest status` says otherwise": _differences(installation, edition, states, audience),
    }
    return Finding(
        audience=audience,
        letters=len(got),
        uncertain=len(doubtful),
        arrived=len(doubtful & got.keys()),
        worst=max(by_sender.values(), default=0),
        states=states,
        broken=tuple(f"{number} {words}" for words, number in faults.items() if number),
    )


def _ledger(store: Path, edition: str) -> tuple[dict[str, Delivery], str, int]:
    """Everybody's delivery by address, the edition's state, and its audience."""
    with closing(sqlite3.connect(store, timeout=30)) as connection:
        row = connection.execute("SELECT id, state, audience FROM editions WHERE period_key = ?", (edition,)).fetchone()
        if row is None:
            return {}, "missing", 0
        rows = connection.execute(
            "SELECT address, deliveries.state, fence, token FROM deliveries"
            " JOIN subscriptions ON subscriptions.id = subscription_id"
            " JOIN subscribers ON subscribers.id = subscriber_id WHERE edition_id = ?",
            row[:1],
        )
        return {who: Delivery(state=state, fence=fence, token=token) for who, state, fence, token in rows}, *row[1:]


def _differences(installation: Installation, edition: str, states: Mapping[str, int], audience: int) -> int:
    """How many figures of the edition `digest status --json` gives otherwise than the file."""
    told = next((each for each in _told(installation) if each["edition"] == edition), {})
    wanted = {each: states.get(each, 0) for each in STATES} | {"audience": audience, "unexplained": 0}
    return sum(told.get(key) != number for key, number in wanted.items())


def _told(installation: Installation) -> Iterator[dict[str, object]]:
    yield from (json.loads(line) for line in installation.status().splitlines())
