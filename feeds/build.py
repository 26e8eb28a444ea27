"""From the store's articles to a feed's documents; one broken article never takes the feed down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from articles.article import ArticleId, History
from feeds.composition import Render, compose
from feeds.documents import join
from feeds.entry import Entry, Feed, Site, Tombstone, newest_first
from feeds.gate import faults
from feeds.kept import Kept, Refused, keep
from feeds.selection import select
from feeds.text import shown


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """An article that the feed is published without, and why; every character of it can be printed."""

    article_id: ArticleId
    title: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Built:
    """A feed's checked documents by suffix; none when the feed itself has `faults`: then the last good ones stay."""

    documents: Mapping[str, bytes] = field(default_factory=dict)
    entries: tuple[Entry | Tombstone, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    faults: tuple[str, ...] = ()


def build(feed: Feed, histories: Iterable[History], site: Site, render: Render) -> Built:
    """The feed of these articles, without those that cannot be published; equal histories give equal bytes."""
    outcomes = [_kept(feed, history, site, render) for history in select(feed, histories)]
    set_aside = tuple(outcome for outcome in outcomes if isinstance(outcome, SetAside))
    whole = [outcome for outcome in outcomes if isinstance(outcome, _Whole)]
    kept = {each.id: each for article in whole for each in article.kept}
    entries = newest_first(entry for article in whole for entry in article.entries)
    made = _checked(feed, entries, [kept[entry.id] for entry in entries], site, render)
    if isinstance(made, Refused):
        return Built(entries=entries, set_aside=set_aside, faults=made.faults)
    return Built(documents=made, entries=entries, set_aside=set_aside)


@dataclass(frozen=True)
class _Whole:
    """An article all of whose entries can be published: no half of it is shown."""

    entries: tuple[Entry | Tombstone, ...]
    kept: tuple[Kept, ...]


def _kept(feed: Feed, history: History, site: Site, render: Render) -> _Whole | SetAside:
    try:
        entries = compose(history, site, render, contacts=feed.contacts)
    except Exception as fault:  # noqa: BLE001 - whatever one article breaks, the others are published
        return _set_aside(history, str(fault) or repr(fault))
    outcomes = [keep(entry, site, render) for entry in entries]
    refused = [fault for outcome in outcomes if isinstance(outcome, Refused) for fault in outcome.faults]
    if refused:
        return _set_aside(history, "; ".join(refused))
    return _Whole(entries, tuple(outcome for outcome in outcomes if isinstance(outcome, Kept)))


def _checked(
    feed: Feed, entries: Sequence[Entry | Tombstone], kept: Sequence[Kept], site: Site, render: Render
) -> dict[str, bytes] | Refused:
    try:
        made = join(feed, kept, site, render)
        found = tuple(str(fault) for suffix, data in made.items() for fault in faults(suffix, data, entries))
    except Exception as fault:  # noqa: BLE001 - what cannot be written or read back is not published
        return Refused(faults=(shown(str(fault) or repr(fault)),))
    return Refused(faults=tuple(shown(fault) for fault in found)) if found else made


def _set_aside(history: History, why: str) -> SetAside:
    return SetAside(article_id=history.article.id, title=shown(history.article.title), why=shown(why))
