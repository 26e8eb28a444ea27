"""Retry by hand: letters of the newest edition that were refused are planned again, once their cause is mended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, update

from digest.adapters.tables import deliveries, editions
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import EditionState
from digest.ids import EditionId
from digest.sending.adapters.taking_back import TakenBack, refused_letters, take_back

_HOW = "retry"


class CannotRetryError(RuntimeError):
    """Nothing of this edition may be tried again: the reason, and what happens instead."""


@dataclass(frozen=True, kw_only=True)
class Retried:
    """What is planned again of an edition, and what stays as it is."""

    taken_back: TakenBack
    expired: int
    suppressed: int


def retry_failed(write: Engine, edition: EditionId, now: datetime, *, dry: bool) -> Retried:
    """Plan an edition's refused letters again and take back the evidence that came of them; a finished one goes on.

    Letters that expired or are suppressed stay. With `dry` it is only counted. Raises CannotRetryError.
    """
    with write.begin() as connection:
        _refuse_what_is_over(connection, edition)
        letters = refused_letters(connection, edition)
        waiting = sum(letter.is_wanted for letter in letters)
        expired = _number(connection, edition, DeliveryState.FAILED) - len(letters)
        stays = {"expired": expired, "suppressed": _number(connection, edition, DeliveryState.SUPPRESSED)}
        if dry or not waiting:
            return Retried(taken_back=TakenBack(letters=waiting, lifted=0), **stays)
        back = take_back(connection, edition, lambda _: True, _HOW, now)
        is_finished = editions.c.id == edition, editions.c.state == EditionState.FINISHED
        connection.execute(update(editions).where(*is_finished).values(state=EditionState.SENDING, pauses=0))
        return Retried(taken_back=back, **stays)


def _refuse_what_is_over(connection: Connection, edition: EditionId) -> None:
    """Outcomes of a closed edition change only until the next one is planned: that one makes up for them."""
    row = connection.execute(select(editions).where(editions.c.id == edition)).one()
    newest = select(func.max(editions.c.period_key)).where(editions.c.digest == row.digest)
    if (later := connection.execute(newest).scalar_one()) != row.period_key:
        raise CannotRetryError(
            f"the next edition, {later}, is planned already: it makes up for what {row.period_key} lost"
        )
    match row.state:
        case EditionState.PLANNING:
            raise CannotRetryError(f"{row.period_key} is still being planned: nothing of it was tried yet")
        case EditionState.CANCELLED:
            raise CannotRetryError(f"{row.period_key} was cancelled: the next edition makes up for it")
    if row.folded is not None:
        raise CannotRetryError(f"{row.period_key} is over so long that only its counts are kept")


def _number(connection: Connection, edition: EditionId, state: DeliveryState) -> int:
    in_state = deliveries.c.edition_id == edition, deliveries.c.state == state
    counted = select(func.count()).select_from(deliveries).where(*in_state)
    if state is DeliveryState.FAILED:
        counted = counted.where(deliveries.c.reason.in_([Reason.REFUSED, Reason.EXPIRED]))
    return connection.execute(counted).scalar_one()
