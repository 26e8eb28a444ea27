"""Why somebody did, or did not, get something: answered by the rule that decided it, for past and coming editions."""

from collections.abc import Sequence
from dataclasses import dataclass

from articles.article import Seq
from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service
from digest.editions.adapters.explanations import Fate, fate_of, told_before
from digest.editions.edition import Edition
from digest.editions.explanation import Explained, Letter, explain, said_by, span
from digest.editions.letter_sizes import fit_of
from digest.editions.selection import content, newsroom
from digest.editions.slots import PeriodKey
from digest.subscribers.adapters.subscribers import Subscription
from digest.subscribers.subscription import filter_of


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An edition and one subscription. `edition` is None for the one to come, as it would be planned now.

    `fate` is None when there is no delivery: then the edition is still to come, or the subscription was not in its
    audience, or that was let go of after `[keep] deliveries` days.
    """

    digest: str
    edition: PeriodKey | None
    fate: Fate | None
    """What became of the letter; where none was made out, the articles tell what it would have held."""
    articles: Sequence[Explained]


def explain_edition(service: Service, digest: Digest, known: Subscription, key: PeriodKey | None) -> Explanation:
    """Every article of an edition's span with its place in this subscription's letter. Raises UnknownEditionError."""
    edition = service.editions.get(digest.name, key) if key else None
    with service.database.read.begin() as connection:
        fate = fate_of(connection, edition.id, known.id) if edition else None
        told = told_before(connection, known.id, edition.id if edition else None)
    cut = edition.cut if edition else service.articles.last_seq()
    selection = filter_of(digest.topics, digest.publishers)
    room = newsroom(service.articles.standings(cut), selection, cut, service.editions.reach(digest.name))
    wanted, from_seq = (fate.wanted, fate.from_seq) if fate else (known.wanted, known.from_seq)
    decided = content(room.items(wanted, from_seq), said_by(told), room, digest.items)
    shown = fate.shown if fate and fate.shown else fit_of(service, digest, edition)(decided)
    letter = Letter(room=room, wanted=wanted, from_seq=from_seq, told=told, content=decided, shown=shown)
    articles = explain(letter, span(letter, _cut_before(service, edition, digest)))
    return Explanation(digest=digest.name, edition=key, fate=fate, articles=articles)


def _cut_before(service: Service, edition: Edition | None, digest: Digest) -> Seq:
    """Up to where the digest's edition before this one reached."""
    if edition is None:
        newest = service.editions.newest(digest.name)
        return newest.cut if newest else Seq(0)
    return service.editions.get(digest.name, edition.since).cut if edition.since else Seq(0)
