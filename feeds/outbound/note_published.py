"""Noting what was published: for the hubs that must hear of it, and for whoever asks how fresh the feeds are."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from budkavle.installation.wiring import Service
from feeds.formats.head import MEDIA_TYPES
from feeds.outbound.websub_rules import topics

log = structlog.get_logger()


def note(service: Service, names: Sequence[str], now: datetime) -> None:
    """Note what these documents have become, and queue the announcements it calls for; a second time nothing."""
    slugs = {feed.slug for feed in service.feeds}
    hubs = [hub.address for hub in service.hubs]
    public_url = service.config.settings.public_url
    changed = service.shown.note(
        names, lambda changed: topics(changed, slugs, public_url), hubs, service.articles.newest_at(), now
    )
    if changed and hubs:
        log.info("announcements_queued", documents=len(changed), hubs=len(hubs))


class Noting:
    """One daemon's noting: at first all that lies there, since a kill may have kept it unsaid; then what changed.

    What could not be noted is noted the next time.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._owed: set[str] | None = None

    def published(self, names: Sequence[str], now: datetime) -> None:
        """Hear which documents changed, and note them."""
        owed = {*names, *(self._service.shown.names(MEDIA_TYPES) if self._owed is None else self._owed)}
        if self._owed is not None:
            self._owed = owed
        note(self._service, sorted(owed), now)
        self._owed = set()
