"""The passing of time in the store, by what `[keep]` in the configuration says of notices and contacts."""

from datetime import datetime, timedelta

import structlog

from articles.adapters.lapse import Lapses, Reached, Until
from budkavle.installation.wiring import Service

log = structlog.get_logger()


class Lapsing:
    """Writes down whose time has come; to be asked as often as one likes."""

    def __init__(self, service: Service) -> None:
        self._times = service.config.settings.keep
        self._lapses = Lapses(service.database.read, service.database.write)
        self._settled: Reached | None = None

    def round(self, now: datetime) -> int:
        """Append a lapse to every article whose time has come; says to how many.

        It looks only through what has come, or come of age, since the last look that found nothing.
        """
        until = self._until(now)
        if self._lapses.reached(until) == self._settled:
            return 0
        lapsed = self._lapses.append(until, now, self._settled)
        if lapsed:
            log.info("articles_lapsed", articles=lapsed)
        else:
            self._settled = self._lapses.reached(until)
        return lapsed

    def _until(self, now: datetime) -> Until:
        contacts = self._times.contact_days
        return Until(
            withdrawn=now - timedelta(days=self._times.notices),
            published=None if contacts is None else now - timedelta(days=contacts),
        )
