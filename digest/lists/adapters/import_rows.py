"""Rows of an import: people, subscriptions, the record of consent, and letters that ask."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, and_, bindparam, insert, select, update

from articles.article import Seq
from digest.adapters.row_keys import is_subscription
from digest.adapters.tables import events, subscribers, subscriptions, transactional_letters
from digest.lifecycle.double_opt_in import IMPORTED
from digest.lifecycle.transactional_letter import NoticeKind, NoticeState
from digest.lists.adapters.undo import ask_no_more
from digest.lists.import_rules import ListedSubscription
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import SubscriptionState
from mail.redaction import without_addresses
from storage.compiled import Prepared


@dataclass(frozen=True, kw_only=True)
class ImportedFile:
    """A list that is imported: what tells it from others, and how it is read."""

    name: str
    sha256: str
    options: Mapping[str, object]

    @property
    def trusted(self) -> str | None:
        """Why the whole list is taken for agreed."""
        reason = self.options.get("trust_list")
        return str(reason) if reason is not None else None


class Rows:
    """The rows of one import. `tokens` gives the leave tokens."""

    def __init__(self, file: ImportedFile, run: int, newest: Seq, now: datetime, tokens: Iterator[str]) -> None:
        self._trusted = file.trusted
        self._run = run
        self._newest = newest
        self._now = now
        self._tokens = tokens

    def write(
        self,
        connection: Connection,
        made: Sequence[ListedSubscription],
        ids: dict[str, int],
        begun: Collection[tuple[str, str]],
    ) -> None:
        """Write the rows of these lines. `ids` has the known subscribers by key, and gets the new ones.

        `begun` are those, by key and digest, whose subscription is there and was not confirmed.
        """
        new: dict[str, ListedSubscription] = {}
        for listed in made:
            if listed.key not in ids:
                new.setdefault(listed.key, listed)
        if new:
            people = [_named(self._subscriber(listed)) for listed in new.values()]
            _NEW_SUBSCRIBER.many(connection, people, n_since=self._now)
            ids_by_key = select(subscribers.c.address_key, subscribers.c.id).where(subscribers.c.address_key.in_(new))
            ids.update({row[0]: row[1] for row in connection.execute(ids_by_key)})
        fresh = [self._subscription(listed, ids) for listed in made if (listed.key, listed.digest) not in begun]
        for ended in (None, self._now):
            those = [_named(row) for row in fresh if row["ended"] == ended]
            _NEW_SUBSCRIPTION.many(connection, those, n_ended=ended, n_since=self._now)
        for listed in made if begun else ():
            if (listed.key, listed.digest) in begun:
                values = self._subscription(listed, ids)
                del values["token"]
                same = is_subscription(ids[listed.key], listed.digest)
                connection.execute(update(subscriptions).where(same).values(values))
                if listed.state is SubscriptionState.ENDED:
                    ask_no_more(connection, {ids[listed.key]: {listed.digest}})
        _NEW_EVENT.many(connection, [_named(self._event(listed, ids)) for listed in made], n_at=self._now)
        asked = [listed for listed in made if listed.state is SubscriptionState.PENDING]
        if asked:
            self._ask(connection, asked, ids, {listed.key for listed in new.values()})

    def _subscriber(self, listed: ListedSubscription) -> dict[str, object]:
        return {
            "address": listed.address.text,
            "address_key": listed.key,
            "hash": listed.known_as,
            "language": listed.language,
            "since": self._now,
        }

    def _subscription(self, listed: ListedSubscription, ids: Mapping[str, int]) -> dict[str, object]:
        ended = listed.state is SubscriptionState.ENDED
        return {
            "subscriber_id": ids[listed.key],
            "digest": listed.digest,
            "state": listed.state.value,
            "ended_reason": listed.ended_reason if ended else None,
            "ended": self._now if ended else None,
            "topics": " ".join(listed.topics),
            "publishers": " ".join(listed.publishers),
            "from_seq": self._newest,
            "token": next(self._tokens),
            "consent": self._consent(listed),
            "since": self._now,
            "import_id": self._run,
            "import_line": listed.line,
        }

    def _consent(self, listed: ListedSubscription) -> str:
        """What somebody agreed by; what another system reports of it stands behind it, where there is one."""
        trusted = self._trusted if listed.state is not SubscriptionState.ENDED else None
        agreed = listed.consent or trusted or ""
        return f"{agreed}; {listed.reported}" if agreed and listed.reported else agreed

    def _event(self, listed: ListedSubscription, ids: Mapping[str, int]) -> dict[str, object]:
        detail: dict[str, object] = {
            "consent": without_addresses(self._consent(listed)),
            "import": self._run,
            "line": listed.line,
            "publishers": listed.publishers,
            "state": listed.state.value,
            "topics": listed.topics,
        }
        if listed.reported:
            detail["reported"] = without_addresses(listed.reported)
        if self._trusted is not None:
            detail["reason"] = without_addresses(self._trusted)
        return {
            "subscriber_id": ids[listed.key],
            "digest": listed.digest,
            "at": self._now,
            "kind": EventKind.IMPORTED.value,
            "detail": in_json(detail),
        }

    def _ask(
        self, connection: Connection, asked: Sequence[ListedSubscription], ids: Mapping[str, int], new: set[str]
    ) -> None:
        """One letter to each person, about all that a list says they wish; one that still waits says it as well."""
        waiting = _waiting(connection, {ids[listed.key] for listed in asked if listed.key not in new})
        fresh: dict[int, dict[str, object]] = {}
        for listed in asked:
            wish = {"digest": listed.digest, "topics": listed.topics, "publishers": listed.publishers}
            who = ids[listed.key]
            letter = waiting.get(who) or fresh.setdefault(who, self._letter(who, listed))
            detail = letter["detail"]
            if isinstance(detail, dict):
                detail["wishes"].append(wish)
        if fresh:
            rows = [_named(letter | {"detail": in_json(letter["detail"])}) for letter in fresh.values()]
            _NEW_LETTER.many(connection, rows, n_asked=self._now, n_next_at=self._now)
        if waiting:
            changed = update(transactional_letters).where(transactional_letters.c.id == bindparam("letter"))
            rows = [{"letter": letter["id"], "detail": in_json(letter["detail"])} for letter in waiting.values()]
            connection.execute(changed.values(detail=bindparam("detail")), rows)

    def _letter(self, who: int, listed: ListedSubscription) -> dict[str, object]:
        return {
            "kind": NoticeKind.CONFIRM.value,
            "subscriber_id": who,
            "language": listed.language,
            "detail": {"language": listed.language, "page": IMPORTED, "text": None, "wishes": []},
            "asked": self._now,
            "state": NoticeState.WAITING.value,
            "attempt": 0,
            "next_at": self._now,
        }


def _waiting(connection: Connection, who: set[int]) -> dict[int, dict[str, object]]:
    """The letters of imports that were not sent yet, by subscriber."""
    letters = transactional_letters
    of_imports = and_(
        letters.c.subscriber_id.in_(who), letters.c.kind == NoticeKind.CONFIRM, letters.c.state == NoticeState.WAITING
    )
    rows = connection.execute(select(letters).where(of_imports)) if who else ()
    details = {row.subscriber_id: {"id": row.id, "detail": json.loads(row.detail)} for row in rows}
    return {number: letter for number, letter in details.items() if letter["detail"]["page"] == IMPORTED}


def _named(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a row by the names that a prepared statement has for them; moments are given for all rows."""
    return {f"n_{name}": value for name, value in values.items() if name not in _MOMENTS}


def _new(table: Table, *names: str) -> Prepared:
    return Prepared(insert(table).values({name: bindparam(f"n_{name}") for name in names}))


_MOMENTS = frozenset({"since", "ended", "at", "asked", "next_at"})
_NEW_SUBSCRIBER = _new(subscribers, "address", "address_key", "hash", "language", "since")
_NEW_SUBSCRIPTION = _new(
    subscriptions, "subscriber_id", "digest", "state", "ended_reason", "ended", "topics", "publishers", "from_seq",
    "token", "consent", "since", "import_id", "import_line",
)  # fmt: skip
_NEW_EVENT = _new(events, "subscriber_id", "digest", "at", "kind", "detail")
_NEW_LETTER = _new(
    transactional_letters, "kind", "subscriber_id", "language", "detail", "asked", "state", "attempt", "next_at"
)
in_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
"""One encoder for all: `json.dumps` would build one for each of a million lines."""
