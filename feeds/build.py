"""From the store's articles to a feed's documents; one broken article never takes the feed down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from articles.article import ArticleId, History
from feeds.composition import Render, compose
from feeds.documents import documents
from feeds.entry import Entry, Feed, Site, newest_first
from feeds.gate import faults
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
    entries: tuple[Entry, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    faults: tuple[str, ...] = ()


def build(feed: Feed, histories: Iterable[History], site: Site, render: Render) -> Built:
    """The feed of these articles, without those that cannot be published; equal histories give equal bytes."""
    composed = [_composed(history, site, render) for history in select(feed, histories)]
    built = _built(feed, site, composed)
    if not built.faults:
        return built
    frame = _checked(feed, (), site)
    if isinstance(frame, _Refused):  # then it is not the articles' fault
        return replace(built, faults=frame.faults)
    # Only now is each article gated alone: it costs more than the whole, and what passes together passes alone.
    return _built(feed, site, [_gated(feed, site, outcome) for outcome in composed])


@dataclass(frozen=True)
class _Composed:
    history: History
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class _Refused:
    faults: tuple[str, ...]


def _composed(history: History, site: Site, render: Render) -> _Composed | SetAside:
    try:
        return _Composed(history, compose(history, site, render))
    except Exception as fault:  # noqa: BLE001 - whatever one article breaks, the others are published
        return _set_aside(history, str(fault) or repr(fault))


def _gated(feed: Feed, site: Site, outcome: _Composed | SetAside) -> _Composed | SetAside:
    if isinstance(outcome, SetAside):
        return outcome
    alone = _checked(feed, outcome.entries, site)
    return _set_aside(outcome.history, "; ".join(alone.faults)) if isinstance(alone, _Refused) else outcome


def _built(feed: Feed, site: Site, outcomes: Sequence[_Composed | SetAside]) -> Built:
    set_aside = tuple(outcome for outcome in outcomes if isinstance(outcome, SetAside))
    whole = [outcome.entries for outcome in outcomes if isinstance(outcome, _Composed)]
    entries = newest_first(entry for of_one in whole for entry in of_one)
    made = _checked(feed, entries, site)
    if isinstance(made, _Refused):
        return Built(entries=entries, set_aside=set_aside, faults=made.faults)
    return Built(documents=made, entries=entries, set_aside=set_aside)


def _checked(feed: Feed, entries: Sequence[Entry], site: Site) -> dict[str, bytes] | _Refused:
    try:
        made = documents(feed, entries, site)
        found = tuple(str(fault) for suffix, data in made.items() for fault in faults(suffix, data, entries))
    except Exception as fault:  # noqa: BLE001 - what cannot be written or read back is not published
        return _Refused((shown(str(fault) or repr(fault)),))
    return _Refused(tuple(shown(fault) for fault in found)) if found else made


def _set_aside(history: History, why: str) -> SetAside:
    return SetAside(article_id=history.article.id, title=shown(history.article.title), why=shown(why))
