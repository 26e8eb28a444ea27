"""What an edition holds for one subscription: the cursor says what is new, the receipts what was said.

Time plays no part in it: late, back-dated and re-tagged articles are news like any other (docs/design.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from articles.article import ArticleId, Seq
from articles.standing import Standing
from digest.content import Content, Row, Showing
from digest.subscription import Filter


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the receipts know of one article and one subscription.

    `oldest` is the oldest version it may have been sent; `certain` the newest it has certainly been sent, or None.
    """

    oldest: Seq
    certain: Seq | None


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """The articles as they stood at an edition's cut, with the digest's own selection."""

    cut: Seq
    standings: Mapping[ArticleId, Standing]
    selection: Filter

    def items(self, wanted: Filter, from_seq: Seq) -> Sequence[Standing]:
        """The live, matching articles that were published or gained a wanted topic after the cursor."""
        return [
            standing
            for standing in self.standings.values()
            if standing.withdrawn is None
            and self.selection.admits(standing)
            and wanted.admits(standing)
            and _is_new(standing, (self.selection, wanted), from_seq)
        ]


def _is_new(standing: Standing, filters: Iterable[Filter], from_seq: Seq) -> bool:
    return standing.published > from_seq or any(each.gained_after(standing, from_seq) for each in filters)


def newsroom(standings: Iterable[Standing], selection: Filter, cut: Seq) -> Newsroom:
    """The articles as they stood at `cut`, by id."""
    return Newsroom(cut=cut, standings={standing.id: standing for standing in standings}, selection=selection)


def content(items: Sequence[Standing], said: Mapping[ArticleId, Said], room: Newsroom) -> Content:
    """Everything one subscription is shown.

    `items` is `room.items(filter, cursor)`, the same for all subscriptions with that filter and cursor. Notices ask the
    receipts only: neither the cursor nor today's filter decides who is owed a correction.
    """
    new = [standing for standing in items if not _certainly_given(said.get(standing.id))]
    rows = {Row(showing=Showing.ITEM, article=each.id, seq=each.newest) for each in new}
    shown = {standing.id for standing in new}
    for article, heard in said.items():
        notice = _notice(room.standings.get(article), heard)
        if notice and not (notice.showing is Showing.CORRECTED and article in shown):
            rows.add(notice)
    return Content(rows=frozenset(rows))


def _certainly_given(said: Said | None) -> bool:
    return said is not None and said.certain is not None


def _notice(standing: Standing | None, said: Said) -> Row | None:
    if standing is None:
        return None
    if standing.withdrawn is not None:
        owed = _is_owed(standing.withdrawn, said)
        return Row(showing=Showing.WITHDRAWN, article=standing.id, seq=standing.newest) if owed else None
    if standing.corrected is not None and _is_owed(standing.corrected, said):
        return Row(showing=Showing.CORRECTED, article=standing.id, seq=standing.newest)
    return None


def _is_owed(act: Seq, said: Said) -> bool:
    """Something older was sent, and nothing as new as the act certainly was."""
    return said.oldest < act and (said.certain is None or said.certain < act)
