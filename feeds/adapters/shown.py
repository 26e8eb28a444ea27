"""What is published and what was seen of it from outside: told by the daemon, read by `budkavle status`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select, true, update

from feeds.adapters.announcements import queue
from feeds.adapters.tables import feed_checks
from feeds.readback import Fault, Shown, Wrong
from feeds.whereabouts import document_name

_ROW = feed_checks.c
_FEW = 500


@dataclass(frozen=True, kw_only=True)
class OnDisk:
    """A document as it lies in the folder that is served: its SHA-256, and when it was put there."""

    sha256: str
    published: datetime
    size: int


def on_disk(folder: Path, name: str) -> OnDisk | None:
    """A document of this name, or None."""
    try:
        data = (folder / name).read_bytes()
        written = (folder / name).stat().st_mtime
    except OSError:  # not there, or replaced this moment: the next look tells
        return None
    published = datetime.fromtimestamp(written, UTC)
    return OnDisk(sha256=sha256(data).hexdigest(), published=published, size=len(data))


class ShownDocuments:
    """What one installation shows: each change is noted together with the pings that it calls for."""

    def __init__(self, read: Engine, write: Engine, folder: Path) -> None:
        self._read = read
        self._write = write
        self._folder = folder

    def all(self) -> tuple[Shown, ...]:
        """Every document that was noted, by name."""
        with self._read.begin() as connection:
            return tuple(map(_shown, connection.execute(select(feed_checks).order_by(_ROW.name)).all()))

    def note(
        self,
        names: Sequence[str],
        to_announce: Callable[[Sequence[str]], Sequence[str]],
        hubs: Sequence[str],
        stored: datetime | None,
        now: datetime,
    ) -> tuple[str, ...]:
        """Note what these documents are now, and queue a ping to each hub for every topic among those that changed.

        What counts is the difference to what was noted before, not who changed it when: a kill between the swap of the
        files and this leaves both for the next time. `stored` is when the newest article was. Gives the changed names.
        """
        found = {name: seen for name in names if (seen := on_disk(self._folder, name))}
        with self._read.begin() as connection:
            noted = {name: row.sha256 for name, row in _noted(connection, names).items()}
        if all(noted.get(name) == (found[name].sha256 if name in found else None) for name in names):
            return ()  # the usual case must not ask for the write lock
        with self._write.begin() as connection:
            known = _noted(connection, names)
            changed = {name: seen for name, seen in found.items() if _is_new(known.get(name), seen)}
            gone = [{"of_name": name} for name in names if name not in found and name in known]
            if gone:
                connection.execute(delete(feed_checks).where(_ROW.name == bindparam("of_name")), gone)
            if changed:
                _keep(connection, changed, known, stored)
                queue(connection, to_announce(sorted(changed)), hubs, now)
        return tuple(sorted(changed))

    def names(self, suffixes: Collection[str]) -> tuple[str, ...]:
        """The names of all documents that lie in the folder, by their suffixes, or were noted.

        What can be none is left out: others put files with any name there, and pipes that nobody must wait for.
        """
        with self._read.begin() as connection:
            noted = connection.execute(select(_ROW.name)).scalars().all()
        there = [path for path in self._folder.rglob("*") if path.suffix in suffixes and path.is_file()]
        lying = (path.relative_to(self._folder).as_posix() for path in there)
        return tuple(sorted({*noted, *filter(document_name, lying)}))

    def now(self, name: str) -> OnDisk | None:
        """A document as it is published at this moment."""
        return on_disk(self._folder, name)

    def looked(self, shown: Sequence[Shown]) -> None:
        """Write down what was seen, of documents that are still there."""
        if shown:
            statement = update(feed_checks).where(_ROW.name == bindparam("of_name"))
            with self._write.begin() as connection:
                for one in shown:
                    connection.execute(statement.values(**_seen(one)), {"of_name": one.name})


def _noted(connection: Connection, names: Sequence[str]) -> dict[str, Row[tuple[object, ...]]]:
    # Where a few of some thousand documents changed, the others are not read.
    these = _ROW.name.in_(names) if len(names) <= _FEW else true()
    return {row.name: row for row in connection.execute(select(feed_checks).where(these))}


def _is_new(row: Row[tuple[object, ...]] | None, seen: OnDisk) -> bool:
    return row is None or row.sha256 != seen.sha256


def _keep(
    connection: Connection,
    changed: Mapping[str, OnDisk],
    known: Mapping[str, Row[tuple[object, ...]]],
    stored: datetime | None,
) -> None:
    """Replace what was noted of these documents; what was seen of them stays until the next look.

    A change of templates or settings brings no article: then the lag stays as it was.
    """
    before = connection.execute(select(func.max(_ROW.stored))).scalar()
    is_news = stored is not None and (before is None or stored > before)
    rows = []
    for name, seen in changed.items():
        own: dict[str, object] = dict(known[name]._mapping) if name in known else dict(_NOTHING)  # noqa: SLF001 - documented so
        own |= {"name": name, "sha256": seen.sha256, "published": seen.published, "stored": stored}
        if is_news and stored:
            own["lag"] = max(0, round((seen.published - stored).total_seconds()))
        rows.append(own)
    connection.execute(delete(feed_checks).where(_ROW.name == bindparam("of_name")), [{"of_name": n} for n in changed])
    connection.execute(insert(feed_checks), rows)


_NOTHING: Mapping[str, None] = {
    column.name: None for column in feed_checks.columns if column.nullable and not column.primary_key
}


def _seen(one: Shown) -> dict[str, object]:
    return {
        "checked": one.checked,
        "seen_right": one.seen_right,
        "seen_sha256": one.seen_sha256,
        "fault": one.wrong.fault if one.wrong else None,
        "what": one.wrong.what if one.wrong else None,
        "grace": int(one.wrong.grace.total_seconds()) if one.wrong else None,
        "wrong_since": one.wrong_since,
    }


def _shown(row: Row[tuple[object, ...]]) -> Shown:
    wrong = None
    if row.fault:
        wrong = Wrong(fault=Fault(row.fault), what=row.what, grace=timedelta(seconds=row.grace))
    return Shown(
        name=row.name,
        sha256=row.sha256,
        published=row.published,
        lag=row.lag,
        checked=row.checked,
        seen_right=row.seen_right,
        seen_sha256=row.seen_sha256,
        wrong=wrong,
        wrong_since=row.wrong_since,
    )
