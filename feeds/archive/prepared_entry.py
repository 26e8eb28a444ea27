"""Prepared entries of an article, written and gated for all feeds at once, or why it can be in none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from articles.article import ArticleId, History, Seq
from feeds.archive.placement import Placement, facets, placement_of
from feeds.archive.selection import last_act
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Site
from feeds.entries.text import shown
from feeds.formats.written_entry import UnfitEntry, WrittenEntry, keep


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """An article that feeds are published without, and why; every character of it can be printed."""

    article_id: ArticleId
    title: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PreparedArticle:
    """An article as of version `seq`, with what feeds choose it by; `kept` holds its entries without and with contacts.

    One that is set aside has neither facets nor entries: no feed finds it.
    """

    place: Placement
    seq: Seq
    facets: frozenset[str] = frozenset()
    kept: Mapping[bool, tuple[WrittenEntry, ...]] = field(default_factory=dict)
    set_aside: SetAside | None = None


def prepare(history: History, seq: Seq, site: Site, render: Render, forms: Iterable[bool]) -> PreparedArticle:
    """Make an article ready in these forms (with contacts or without); whatever is wrong with it, nothing is raised.

    `seq` is the version up to which the store was read: the history may know a newer one already.
    """
    article, place, updated = history.article, placement_of(history), last_act(history).at.timestamp()
    kept: dict[bool, tuple[WrittenEntry, ...]] = {}
    try:
        for with_contacts in forms:
            entries = compose(history, site, render, contacts=with_contacts)
            written = (_kept(keep(entry, site, render)) for entry in entries)
            kept[with_contacts] = tuple(replace(entry, updated=updated) for entry in written)
    except Exception as fault:  # noqa: BLE001 - whatever one article breaks, the others are published
        why = shown(str(fault) or repr(fault))
        return PreparedArticle(
            place=place,
            seq=seq,
            set_aside=SetAside(article_id=article.id, title=shown(article.title), why=why),
        )
    return PreparedArticle(place=place, seq=seq, facets=facets(article.publishers, article.topics), kept=kept)


def unreadable(article: ArticleId, seq: Seq, fault: ValueError) -> PreparedArticle:
    """An article in whose place the store has something that cannot be read."""
    why = shown(" ".join(f"it cannot be read any more: {fault}".split()))
    return PreparedArticle(
        place=Placement(article=article, act=seq, born=seq),
        seq=seq,
        set_aside=SetAside(article_id=article, title="", why=why),
    )


class _UnfitError(ValueError):
    """An entry that its gate refused."""


def _kept(outcome: WrittenEntry | UnfitEntry) -> WrittenEntry:
    if isinstance(outcome, UnfitEntry):
        raise _UnfitError("; ".join(outcome.faults))
    return outcome
