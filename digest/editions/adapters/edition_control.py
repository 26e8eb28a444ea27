"""Control of editions: paused, resumed and cancelled, by a person or by what sends."""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, case, or_, select, update

from digest.adapters.tables import editions
from digest.editions.adapters.closing import Closing, close, finish_if_done
from digest.editions.adapters.edition_rows import by_key
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import CLOSED, Edition, EditionState
from digest.ids import EditionId
from mail.reply import LONGEST_WAIT


class EditionControl:
    """Control of editions: stops them and lets them go on."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write
        self._closing = Closing(read, write)

    def resume(self, edition: Edition) -> bool:
        """Let a paused edition go on; False when it was not paused."""
        return self._resume(editions.c.id == edition.id) > 0

    def resume_due(self, now: datetime) -> int:
        """Let the editions go on whose pause ends by itself; says how many.

        One that would end later than any does was made by a clock that was wrong.
        """
        over = or_(editions.c.resume_at <= now, editions.c.resume_at > now + LONGEST_WAIT)
        with self._read.begin() as connection:
            if connection.execute(select(editions.c.id).where(over)).first() is None:
                return 0
        return self._resume(over)

    def _resume(self, which: ColumnElement[bool]) -> int:
        paused = select(editions.c.id).where(which, editions.c.state == EditionState.PAUSED)
        how = case((editions.c.audience.is_(None), EditionState.PLANNING), else_=EditionState.SENDING)
        going_on = {"state": how, "paused_because": None, "resume_at": None}
        with self._write.begin() as connection:
            ids = connection.execute(paused).scalars().all()
            connection.execute(update(editions).where(editions.c.id.in_(ids)).values(going_on))
            for edition in ids:
                finish_if_done(connection, EditionId(edition))
        return len(ids)

    def pause(self, edition: Edition, why: str) -> bool:
        """Let an edition wait for a person, even one whose pause would end by itself; False when it was closed.

        One that is being planned goes on with that when it is resumed.
        """
        this = and_(editions.c.id == edition.id, editions.c.state.not_in(CLOSED))
        waits = {"state": EditionState.PAUSED, "paused_because": why, "resume_at": None}
        with self._write.begin() as connection:
            return bool(connection.execute(update(editions).where(this).values(waits)).rowcount)

    def cancel(self, edition: Edition, now: datetime) -> bool:
        """Send no more letters of an edition; False when it was closed already: see `give_up_date` for one far ahead.

        Who has none yet is skipped and keeps the cursor: the next edition makes up for it. A letter whose dot may be
        under way keeps its own outcome.
        """
        stopped = {"state": DeliveryState.SKIPPED, "reason": Reason.CANCELLED}
        if edition.id in self._closing.under_way(edition.digest):
            self._closing.stop_most(edition.id, now, **stopped)
        with self._write.begin() as connection:
            current = by_key(connection, edition.digest, edition.key)
            if current is None or current.state in CLOSED:
                return False
            close(connection, [edition.id], now, EditionState.CANCELLED, **stopped)
            return True

    def give_up_date(self, edition: Edition) -> bool:
        """Make a finished edition a cancelled one, so that slots before its date count again; False where it is none.

        What was sent stays sent, and known: nobody gets it again.
        """
        this = and_(editions.c.id == edition.id, editions.c.state == EditionState.FINISHED)
        with self._write.begin() as connection:
            done = connection.execute(update(editions).where(this).values(state=EditionState.CANCELLED))
            return done.rowcount > 0
