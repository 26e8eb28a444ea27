"""Past editions, read for their pages: what the letters said, and what has become of it since."""

from collections.abc import Callable, Iterable

from articles.article import Article, Kind, Seq
from budkavle.archived import ArchivedEdition, ArchivedItem, ListedEdition, Since
from budkavle.config_settings import Digest
from budkavle.letters import dateline, shown
from budkavle.wiring import Service
from digest.adapters.archive import begun, shown_in
from digest.content import Content, Showing
from digest.letter_items import Item, brief, full, unlinked
from digest.letter_values import ShownArticle


def listed_editions(service: Service, digest: Digest) -> tuple[ListedEdition, ...]:
    """The digest's editions of which a letter went out, newest first."""
    found = begun(service.database.read, digest.name)
    return tuple(
        ListedEdition(key=each.key, label=dateline(service, digest, each).label, year=int(each.key[:4]))
        for each in found
    )


def archived_edition(service: Service, digest: Digest, key: str) -> ArchivedEdition | None:
    """One edition with what has become of its articles since; None while no letter of it has gone out."""
    edition = next((each for each in begun(service.database.read, digest.name) if each.key == key), None)
    if edition is None:
        return None
    rows = shown_in(service.database.read, edition.id)
    erased = {row.article for row in rows}.intersection(service.articles.erased())
    content = Content(rows=frozenset(row for row in rows if row.article not in erased))
    seqs = {(row.showing, row.article): row.seq for row in content.rows}
    page, line = shown(service, digest, content), dateline(service, digest, edition)

    def archived(
        showing: Showing, articles: Iterable[ShownArticle], setting: Callable[[ShownArticle], Item]
    ) -> tuple[ArchivedItem, ...]:
        return tuple(_archived(service, each, seqs[showing, each.article.id], setting) for each in articles)

    return ArchivedEdition(
        label=line.label,
        day=line.date.date(),
        items=archived(Showing.ITEM, page.items, full),
        corrected=archived(Showing.CORRECTED, page.corrected, brief),
        withdrawn=archived(Showing.WITHDRAWN, page.withdrawn, unlinked),
        erased=len(erased),
    )


def _archived(
    service: Service, shown_: ShownArticle, seq: Seq, setting: Callable[[ShownArticle], Item]
) -> ArchivedItem:
    since = _since(service, shown_.article, seq)
    if since and since.kind is Kind.WITHDRAWN:
        headline = ShownArticle(article=shown_.article, publishers=shown_.publishers)
        return ArchivedItem(item=unlinked(headline), since=since)
    return ArchivedItem(item=setting(shown_), since=since)


def _since(service: Service, article: Article, seq: Seq) -> Since | None:
    """The withdrawal of an article, else its newest correction, when that came after the version of this seq."""
    later = {act.kind: act for act in service.articles.versions(article.id) if act.seq > seq}
    act = later.get(Kind.WITHDRAWN) or later.get(Kind.CORRECTED)
    zone = service.config.settings.timezone
    return Since(kind=act.kind, day=act.at.astimezone(zone).date(), note=act.note) if act else None
