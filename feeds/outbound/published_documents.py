"""What the configured feeds show their readers."""

from budkavle.installation.wiring import Service
from feeds.outbound.self_check_rules import Shown


def shown_now(service: Service) -> tuple[Shown, ...]:
    """The documents of the feeds that there are; what lies there of others is nobody's promise any more."""
    slugs = {feed.slug for feed in service.config.settings.feeds}
    return tuple(one for one in service.shown.all() if one.feed in slugs)
