"""Wiring of requests to the outside: apart from other slices, for the daemon alone needs the client that makes them."""

from budkavle.installation.slices.feeds import Syndication
from feeds.outbound.announce import Announce
from feeds.outbound.self_check import SelfCheck


def announce(feeds: Syndication) -> Announce:
    """What tells hubs."""
    return Announce(queue=feeds.queue, hubs=feeds.hubs, public_url=feeds.site.public_url)


def self_check(feeds: Syndication) -> SelfCheck:
    """What looks at feeds from outside."""
    return SelfCheck(notes=feeds.notes, is_wanted=feeds.config.settings.publish.check)
