"""What readers know a feed by: an id that stays when the feed moves, and a last notice that keeps its date."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from budkavle.config.faults import ConfigError
from budkavle.config.load import load
from budkavle.installation.slices.feeds import feeds, site
from budkavle.installation.wiring import Service, open_service
from tests.given import NOW
from tests.installed import ARTICLE, page

ATOM = "{http://www.w3.org/2005/Atom}"
SLUG = 'slug = "alla-nyheter"\n'
TITLE = 'title = "Alla nyheter"\n'
MOVED = '[[moved]]\nfrom = "{}"\nto = "{}"\n\n# Newsletters.'


def configure(home: Path, changes: dict[str, str]) -> None:
    path = home / "config.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def moved(old: str, new: str) -> str:
    return MOVED.format(old, new)


def id_of(home: Path) -> str:
    config = load(home / "config.toml")
    return site(config).feed_id(feeds(config)[0])


def test_a_feed_that_moves_keeps_the_id_it_had_first(home: Path) -> None:
    assert id_of(home) == "tag:example.org,2026:feeds/alla-nyheter"
    configure(home, {SLUG: 'slug = "nyheter"\n', "# Newsletters.": moved("alla-nyheter", "nyheter")})
    assert id_of(home) == "tag:example.org,2026:feeds/alla-nyheter"
    configure(home, {'slug = "nyheter"\n': 'slug = "nytt"\n', 'to = "nyheter"': 'to = "nytt"'})
    configure(home, {"# Newsletters.": moved("nyheter", "nytt")})
    assert id_of(home) == "tag:example.org,2026:feeds/alla-nyheter"


def test_an_id_of_ones_own_goes_before_all_slugs(home: Path) -> None:
    configure(home, {SLUG: f'{SLUG}id = "allt"\n', "# Newsletters.": moved("gamla", "alla-nyheter")})
    assert id_of(home) == "tag:example.org,2026:feeds/allt"


@pytest.mark.parametrize(
    "changes",
    [
        {SLUG: f'{SLUG}id = "region-lingonmark"\n'},
        {'slug = "region-lingonmark"\n': 'slug = "region-lingonmark"\nid = "alla-nyheter"\n'},
        {SLUG: f'{SLUG}id = "x"\n', 'slug = "region-lingonmark"\n': 'slug = "region-lingonmark"\nid = "x"\n'},
        {SLUG: f'{SLUG}id = "gamla"\n', "# Newsletters.": moved("gamla", "region-lingonmark")},
    ],
)
def test_two_feeds_of_one_id_are_refused_with_the_line_and_the_remedy(home: Path, changes: dict[str, str]) -> None:
    configure(home, changes)
    with pytest.raises(ConfigError, match="is already the id of the feed"):
        load(home / "config.toml")


def test_an_id_that_is_no_slug_is_refused(home: Path) -> None:
    configure(home, {SLUG: f'{SLUG}id = "Alla nyheter"\n'})
    with pytest.raises(ConfigError, match="alla-nyheter"):
        load(home / "config.toml")


@contextmanager
def quick(home: Path) -> Iterator[Service]:
    """An installation that waits for no clock."""
    with open_service(load(home / "config.toml")) as service:
        yield replace(service, wait=lambda _: None)


def build(service: Service, now: datetime) -> dict[str, str]:
    """Build the first feed at a moment: what its notice says of itself."""
    feed = service.syndication.feeds[0]
    syndication = service.syndication
    made_with = syndication.publish.refresh.outdated().made_with
    outcome = replace(syndication.build_feed, now=lambda: now).build(feed, None, (), made_with)
    assert not outcome.faults
    service.syndication.folder.publish_all(outcome.documents)
    root = etree.fromstring(outcome.documents[f"{feed.slug}.atom"])
    found = [each for each in root.findall(f"{ATOM}entry") if (each.findtext(f"{ATOM}id") or "").endswith("/slut")]
    assert found == root.findall(f"{ATOM}entry")[:1]
    return {tag: found[0].findtext(ATOM + tag) or "" for tag in ("id", "published", "updated")}


def test_the_last_notice_keeps_the_date_of_its_first_publishing(home: Path) -> None:
    configure(home, {TITLE: f"{TITLE}ends = 2099-12-31\n"})
    page(home, "gemensamt/a.md", ARTICLE)
    first, later = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 4, 1, 8, tzinfo=UTC)
    told = {
        "id": "tag:example.org,2026:feeds/alla-nyheter/slut",
        "published": "2026-03-01T09:00:00+01:00",
        "updated": "2026-03-01T09:00:00+01:00",
    }
    with quick(home) as service:
        assert build(service, first) == told
        assert build(service, later) == told
        service.syndication.entries.clear()
        assert build(service, later) == told
    configure(home, {"ends = 2099-12-31": "ends = 2098-12-31"})
    with quick(home) as service:
        assert build(service, later) == told | {"updated": "2026-04-01T10:00:00+02:00"}


def test_a_store_made_anew_finds_its_last_notice_where_it_was_published(home: Path) -> None:
    configure(home, {TITLE: f"{TITLE}ends = 2099-12-31\n"})
    with quick(home) as service:
        told = build(service, NOW)
    for each in (home / "var").glob("budkavle.db*"):
        each.unlink()
    (home / "var" / "secret").unlink()
    configure(home, {SLUG: 'slug = "alla-nyheter"\nid = "annat"\n'})
    with quick(home) as service:
        assert build(service, datetime(2026, 5, 1, tzinfo=UTC)) == told
        assert not service.syndication.publish.build().faults
        assert list(service.syndication.verify.faults(lambda _: None)) == []
