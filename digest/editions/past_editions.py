"""Past editions, read for their pages: what the letters said, and what has become of it since."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo

from articles.adapters.store import ArticleStore
from articles.article import Kind, Version
from digest.editions.adapters.past_editions import begun, shown_in
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.past_edition import ArchivedEdition, ArchivedItem, LaterAct, ListedEdition
from digest.letters.content import Content, Showing
from digest.letters.items import Item, brief, full, unlinked
from digest.letters.values import ShownArticle
from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class PastEditions:
    """Reads past editions for their pages."""

    database: Database
    articles: ArticleStore
    composer: Composer

    def listed(self, digest: Digest) -> tuple[ListedEdition, ...]:
        """The digest's editions of which a letter went out, newest first."""
        return tuple(
            ListedEdition(
                key=edition.key, label=self.composer.dateline(digest, edition).label, year=int(edition.key[:4])
            )
            for edition in begun(self.database.read, digest.name)
        )

    def archived(self, digest: Digest, key: str) -> ArchivedEdition | None:
        """One edition with what has become of its articles since; None while no letter of it has gone out."""
        editions = begun(self.database.read, digest.name)
        edition = next((edition for edition in editions if edition.key == key), None)
        if edition is None:
            return None
        rows = shown_in(self.database.read, edition.id)
        erased = {row.article for row in rows}.intersection(self.articles.erased())
        content = Content(rows=frozenset(row for row in rows if row.article not in erased))
        seqs = {(row.showing, row.article): row.seq for row in content.rows}
        notices = self.articles.notices({row.article for row in content.rows})
        page, line = self.composer.shown(content), self.composer.dateline(digest, edition)
        zone = self.composer.publication.zone

        def archived(
            showing: Showing, articles: Iterable[ShownArticle], setting: Callable[[ShownArticle], Item]
        ) -> tuple[ArchivedItem, ...]:
            return tuple(archived_item(showing, article, setting) for article in articles)

        def archived_item(
            showing: Showing, article: ShownArticle, setting: Callable[[ShownArticle], Item]
        ) -> ArchivedItem:
            later = [act for act in notices.get(article.article.id, ()) if act.seq > seqs[showing, article.article.id]]
            return _archived(article, _since(later, zone), setting)

        return ArchivedEdition(
            label=line.label,
            day=line.date.date(),
            items=archived(Showing.ITEM, page.items, full),
            named=archived(Showing.NAMED, self.composer.named(content), brief),
            corrected=archived(Showing.CORRECTED, page.corrected, brief),
            withdrawn=archived(Showing.WITHDRAWN, page.withdrawn, unlinked),
            erased=len(erased),
        )


def _archived(shown_: ShownArticle, since: LaterAct | None, setting: Callable[[ShownArticle], Item]) -> ArchivedItem:
    if since and since.kind is Kind.WITHDRAWN:
        headline = ShownArticle(article=shown_.article, publishers=shown_.publishers)
        return ArchivedItem(item=unlinked(headline), since=since)
    return ArchivedItem(item=setting(shown_), since=since)


def _since(later: Iterable[Version], zone: tzinfo) -> LaterAct | None:
    """The withdrawal of an article, else its newest correction, among what came after the version that was shown."""
    newest = {act.kind: act for act in later}
    act = newest.get(Kind.WITHDRAWN) or newest.get(Kind.CORRECTED)
    return LaterAct(kind=act.kind, day=act.at.astimezone(zone).date(), note=act.note) if act else None
