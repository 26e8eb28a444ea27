"""How a feed takes leave: its readers see no redirect and no status code, but they see an entry."""

from datetime import date, datetime, timedelta

from feeds.composition import Render
from feeds.entry import Author, Entry, Feed, Site
from feeds.sanitising import sanitised
from feeds.text import one_line


def end_notice(feed: Feed, ends: date, newest: datetime, site: Site, render: Render) -> Entry:
    """The last entry of a feed that ends: it stands above the entry of `newest`, and says when the feed ends."""
    values = {"language": site.language, "title": feed.title, "ends": ends, "url": site.public_url}
    published = (newest + timedelta(seconds=1)).astimezone(site.zone).replace(microsecond=0)
    return Entry(
        id=f"{site.feed_id(feed)}/slut",
        seq=0,
        title=one_line("title", render("feeds/title.txt", {"act": "ended", **values})),
        url=site.public_url,
        language=site.language,
        published=published,
        updated=published,
        summary="",
        content_html=sanitised(render("feeds/ended.html", values)),
        authors=(Author(name=one_line("name", site.title), url=site.public_url),),
    )
