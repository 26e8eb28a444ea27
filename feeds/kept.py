"""shim"""

from collections.abc import Mapping
from dataclasses import dataclass
from feeds.entry import Entry, Feed, Site
from feeds.gate import faults


@dataclass(frozen=True, kw_only=True)
class Kept:
    id: str
    seq: int
    published: float
    updated: float
    written: Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Refused:
    faults: tuple[str, ...]


_F = Feed(slug="x", title="x")


def keep(entry, site, render):
    from feeds.documents import documents

    docs = documents(_F, [entry], site)
    bad = tuple(str(f) for s, d in docs.items() for f in faults(s, d, [entry]))
    if bad:
        return Refused(faults=bad)
    a, r = docs[".atom"], docs[".rss"]
    written = {
        ".atom": a[a.index(b"<entry") : a.rindex(b"</feed>")],
        ".rss": r[r.index(b"<item>") : r.rindex(b"</channel>")],
    }
    return Kept(
        id=entry.id,
        seq=entry.seq,
        published=entry.published.timestamp(),
        updated=entry.updated.timestamp(),
        written=written,
    )
