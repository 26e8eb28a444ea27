"""What tests start from: a moment, a publisher and small articles."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from articles.article import DateSource, Draft, Published, Publisher, PublisherId, SourceName, TopicId
from budkavle.installation.wiring import Service
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.editions.slots import PeriodKey

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
LINGONMARK = Publisher(
    id=PublisherId("lingonmark"),
    name="Region Lingonmark",
    url="https://www.example.org/lingonmark/",
    language="sv",
    tag_authority="example.org,2026",
)
PAGES = SourceName("lingonmark-pages")


def draft(title: str = "Ny buss till Barrvik", *topics: str, **changes: object) -> Draft:
    """A small article of Region Lingonmark's, with what a test wants changed."""
    values: dict[str, object] = {
        "publishers": (LINGONMARK.id,),
        "title": title,
        "lead": "Bussen går varje timme.",
        "topics": tuple(TopicId(topic) for topic in topics),
        "published": Published(value=date(2026, 1, 7), source=DateSource.TEXT, raw="7 januari 2026"),
    }
    return Draft(**(values | changes))  # type: ignore[arg-type]


def going_on_from(moment: datetime) -> Callable[[], datetime]:
    """A clock that shows this moment now, and goes on: who is asked to send slower waits by it."""
    start = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - start)


def plan_period(service: Service, digest: Digest, key: PeriodKey, now: datetime) -> Edition:
    """The edition of a period, fixed and planned as `digest send --edition` does it."""
    return service.planning.plan(digest, service.planning.open_period(digest, key, now))
