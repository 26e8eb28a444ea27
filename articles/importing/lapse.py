"""Lapsing: appends `lapsed` versions once notices of withdrawal, and contacts, have stood for their time.

A document is a function of the store and asks no clock: so what time changes is a version like any other.
"""

from datetime import datetime, timedelta

import structlog

from articles.adapters.lapse import LapseBounds, LapseProgress, Lapses

log = structlog.get_logger()


class LapseArticles:
    """Lapsing, to be asked as often as one likes. `contacts` stand as long as their article where it is None."""

    def __init__(self, lapses: Lapses, notices: timedelta, contacts: timedelta | None) -> None:
        self._lapses = lapses
        self._notices = notices
        self._contacts = contacts
        self._settled: LapseProgress | None = None

    def round(self, now: datetime) -> int:
        """Append a lapse to every article whose time has come; says to how many.

        It looks only through what has come, or come of age, since the last look that found nothing.
        """
        until = LapseBounds(
            withdrawn=now - self._notices, published=None if self._contacts is None else now - self._contacts
        )
        if self._lapses.reached(until) == self._settled:
            return 0
        lapsed = self._lapses.append(until, now, self._settled)
        if lapsed:
            log.info("articles_lapsed", articles=lapsed)
        else:
            self._settled = self._lapses.reached(until)
        return lapsed
