"""Explanation of a letter: what somebody got or did not, by the rule that decided it, for past and coming editions."""

from collections.abc import Sequence
from dataclasses import dataclass

from articles.adapters.store import ArticleStore
from articles.article import Seq
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.explanations import DeliveryRecord, delivery_record, receipts_before
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.editions.explanation import ArticleExplanation, ExplainedLetter, explain, receipts_by_article, span
from digest.editions.letter_sizes import fit_of
from digest.editions.plan import Planning
from digest.editions.selection import content
from digest.editions.slots import PeriodKey
from digest.subscribers.adapters.subscribers import Subscription
from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An edition and one subscription. `edition` is None for the one to come, as it would be planned now.

    `delivery` is None when there is no delivery: then the edition is still to come, or the subscription was not in its
    audience, or that was let go of after `[keep] deliveries` days.
    """

    digest: str
    edition: PeriodKey | None
    delivery: DeliveryRecord | None
    """What became of the letter; where none was made out, the articles tell what it would have held."""
    articles: Sequence[ArticleExplanation]


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """Explains an edition to one subscription, by the parts that planned it."""

    database: Database
    articles: ArticleStore
    editions: Editions
    planning: Planning
    composer: Composer

    def explain_edition(self, digest: Digest, subscription: Subscription, key: PeriodKey | None) -> Explanation:
        """Every article of an edition's span with its place in this subscription's letter; no key is the one to come.

        Raises UnknownEditionError.
        """
        edition = self.editions.get(digest.name, key) if key else None
        with self.database.read.begin() as connection:
            delivery = delivery_record(connection, edition.id, subscription.id) if edition else None
            receipts = receipts_before(connection, subscription.id, edition.id if edition else None)
        room = self.planning.newsroom_at(digest, edition.cut if edition else self.articles.last_seq())
        wanted, from_seq = (
            (delivery.wanted, delivery.from_seq) if delivery else (subscription.wanted, subscription.from_seq)
        )
        decided = content(room.items(wanted, from_seq), receipts_by_article(receipts), room, digest.items)
        shown = delivery.shown if delivery and delivery.shown else fit_of(self.composer, digest, edition)(decided)
        letter = ExplainedLetter(
            room=room, wanted=wanted, from_seq=from_seq, receipts=receipts, content=decided, shown=shown
        )
        articles = explain(letter, span(letter, self._cut_before(edition, digest)))
        return Explanation(digest=digest.name, edition=key, delivery=delivery, articles=articles)

    def _cut_before(self, edition: Edition | None, digest: Digest) -> Seq:
        """Up to where the digest's edition before this one reached."""
        if edition is None:
            newest = self.editions.newest(digest.name)
            return newest.cut if newest else Seq(0)
        return self.editions.get(digest.name, edition.since).cut if edition.since else Seq(0)
