"""End notice: how a feed takes leave, as its readers see no redirect and no status code, but they see an entry."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from feeds.entries.composition import Render
from feeds.entries.entry import Author, Entry, Feed, Site
from feeds.entries.sanitising import sanitised
from feeds.entries.text import one_line
from feeds.formats.parse_xml import ParsedEntry, UnreadableError, parse, read_atom


@dataclass(frozen=True, kw_only=True)
class EndNotice:
    """What readers were told of a feed's end: by which entry, which day, when first, and when that day changed last."""

    entry: str
    ends: date
    published: datetime
    updated: datetime


def end_id(feed: Feed, site: Site) -> str:
    """The id of the notice that a feed ends, if readers have none yet."""
    return f"{site.feed_id(feed)}/slut"


def notice_in(document: bytes, ends: date, site: Site) -> EndNotice | None:
    """What a feed's published Atom document says of its end: it may be older than the store's memory of it."""
    pattern = re.compile(rf"tag:{re.escape(site.tag_authority)}:feeds/[^/]+/slut")
    try:
        items = read_atom(parse(document))
    except UnreadableError:
        return None
    for item in items:
        if isinstance(item, ParsedEntry) and pattern.fullmatch(item.id):
            return EndNotice(entry=item.id, ends=ends, published=item.published, updated=item.updated)
    return None


def notice_now(before: EndNotice | None, feed: Feed, ends: date, site: Site, now: datetime) -> EndNotice:
    """What readers are told from now on: the same as before, unless the day is another one."""
    if before is None:
        return EndNotice(entry=end_id(feed, site), ends=ends, published=now, updated=now)
    return before if before.ends == ends else replace(before, ends=ends, updated=max(now, before.updated))


def end_notice(feed: Feed, notice: EndNotice, site: Site, render: Render) -> Entry:
    """The last entry of a feed that ends: it says when, and stands above all others whatever their dates."""
    values = {"language": site.language, "title": feed.title, "ends": notice.ends, "url": site.public_url}
    return Entry(
        id=notice.entry,
        seq=0,
        title=one_line("title", render("feeds/title.txt", {"act": "ended", **values})),
        url=site.public_url,
        language=site.language,
        published=notice.published.astimezone(site.zone).replace(microsecond=0),
        updated=notice.updated.astimezone(site.zone).replace(microsecond=0),
        summary="",
        content_html=sanitised(render("feeds/ended.html", values)),
        authors=(Author(name=one_line("name", site.title), url=site.public_url),),
    )
