"""Selection of one subscription in an edition: the cursor says what is new, the receipts what was said.

Time plays no part in it: late, back-dated and re-tagged articles are news like any other (docs/selection.md).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from articles.article import ArticleId, Seq
from articles.standing import Standing
from digest.letters.content import Content, ContentRow, Showing
from digest.subscribers.subscription import Filter

NOTHING_DROPPED = Seq(0)
"""The reach of a digest whose receipts are all kept."""


@dataclass(frozen=True, kw_only=True)
class ArticleReceipts:
    """Receipts of one article and one subscription, summed up.

    `oldest` is the oldest version it may have been sent; `certain` the newest it has certainly been sent, or None.
    """

    oldest: Seq
    certain: Seq | None


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """The articles as they stood at an edition's cut, with the digest's own selection.

    `reach` is the newest cut up to which the receipts may be dropped: what was first stored by then counts as said to
    everybody. What became news last comes last in `standings`, so that an archive of many years costs an edition
    nothing.
    """

    cut: Seq
    standings: dict[ArticleId, Standing]
    selection: Filter
    reach: Seq = NOTHING_DROPPED

    def items(self, wanted: Filter, from_seq: Seq) -> Sequence[Standing]:
        """The live, matching articles that were published or gained a wanted topic after the cursor."""
        return [
            standing
            for standing in self.news_after(from_seq)
            if standing.is_live
            and standing.published > self.reach
            and self.selection.admits(standing)
            and wanted.admits(standing)
            and _is_new(standing, (self.selection, wanted), from_seq)
        ]

    def news_after(self, seq: Seq) -> Iterator[Standing]:
        """The articles that were published or gained a topic after `seq`: all others are news to no filter."""
        return takewhile(lambda standing: _became_news(standing) > seq, reversed(self.standings.values()))

    def acts_after(self, seq: Seq) -> Iterator[Standing]:
        """The articles whose withdrawal or newest correction came after `seq`; of an erased one nobody is told."""
        standings = (standing for standing in self.standings.values() if standing.erased is None)
        return (standing for standing in standings if (standing.withdrawn or standing.corrected or 0) > seq)


def _became_news(standing: Standing) -> Seq:
    return max([standing.published, *standing.held_since.values()])


def _is_new(standing: Standing, filters: Iterable[Filter], from_seq: Seq) -> bool:
    return standing.published > from_seq or any(wanted.gained_after(standing, from_seq) for wanted in filters)


def newsroom(standings: Iterable[Standing], selection: Filter, cut: Seq, reach: Seq = NOTHING_DROPPED) -> Newsroom:
    """The articles as they stood at `cut`."""
    ordered = sorted(standings, key=_became_news)
    by_id = {standing.id: standing for standing in ordered}
    return Newsroom(cut=cut, standings=by_id, selection=selection, reach=reach)


def content(
    items: Sequence[Standing], said: Mapping[ArticleId, ArticleReceipts], room: Newsroom, limit: int
) -> Content:
    """Everything one subscription is shown: every notice, and at most `limit` items, the newest in the store first.

    All other items are named on the edition's page. How much of it finds room is decided after (`digest.letters.room`).

    `items` is `room.items(filter, cursor)`, the same for all subscriptions with that filter and cursor. Notices ask the
    receipts only: neither the cursor nor today's filter decides who is owed a correction.
    """
    new = [standing for standing in items if not _certainly_given(said.get(standing.id))]
    new.sort(key=lambda standing: standing.newest, reverse=True)
    rows = {_row(Showing.ITEM, standing) for standing in new[:limit]}
    shown = {row.article for row in rows}
    for article, receipts in said.items():
        notice = _notice(room.standings.get(article), receipts)
        if notice and not (notice.showing is Showing.CORRECTED and article in shown):
            rows.add(notice)
    noticed = {row.article for row in rows}
    rows |= {_row(Showing.NAMED, standing) for standing in new[limit:] if standing.id not in noticed}
    return Content(rows=frozenset(rows), corrected=_also_owed(shown, said, room))


def _row(showing: Showing, standing: Standing) -> ContentRow:
    return ContentRow(showing=showing, article=standing.id, seq=standing.newest)


def _also_owed(
    shown: Collection[ArticleId], said: Mapping[ArticleId, ArticleReceipts], room: Newsroom
) -> frozenset[ArticleId]:
    """The items that are a correction to who was perhaps sent the mistake."""
    return frozenset(
        article for article in shown if article in said and _notice(room.standings.get(article), said[article])
    )


def _certainly_given(said: ArticleReceipts | None) -> bool:
    return said is not None and said.certain is not None


def _notice(standing: Standing | None, said: ArticleReceipts) -> ContentRow | None:
    if standing is None or standing.erased is not None:
        return None  # nothing of an erased text is told, not even that it is gone
    if standing.withdrawn is not None:
        owed = _is_owed(standing.withdrawn, said)
        return _row(Showing.WITHDRAWN, standing) if owed else None
    if standing.corrected is not None and _is_owed(standing.corrected, said):
        return _row(Showing.CORRECTED, standing)
    return None


def _is_owed(act: Seq, said: ArticleReceipts) -> bool:
    """Something older was sent, and nothing as new as the act certainly was."""
    return said.oldest < act and (said.certain is None or said.certain < act)
