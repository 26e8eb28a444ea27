"""Composition of entries: from an article and its acts to what readers see (docs/articles.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Protocol

from articles.article import Article, History, Image, Publisher, PublisherId, Quote, Version, block_text
from articles.uri import uri
from feeds.entries.address import absolute
from feeds.entries.contacts import shown_contacts
from feeds.entries.entry import Author, Category, Entry, Site, Source, Tombstone, document_address
from feeds.entries.pictures import enclosures
from feeds.entries.sanitising import CONTACT_SCHEMES, sanitised
from feeds.entries.text import legal, one_line

LONGEST = 500_000
"""How many characters an entry may have: a novel. FeedBurner and others take no document of more than 1 MB."""


class Render(Protocol):
    """Fills the template of a name with values, in the language that the values name."""

    def __call__(self, name: str, values: Mapping[str, object], /) -> str:
        """The text of the filled template."""


@dataclass(frozen=True, kw_only=True)
class ActNotice:
    """What a template says about a correction or a withdrawal."""

    at: datetime
    note: str


def compose(history: History, site: Site, render: Render, *, contacts: bool = False) -> tuple[Entry | Tombstone, ...]:
    """The article's own entry and, when it was corrected, the entry that says so; or its tombstone alone.

    With `contacts`, the article ends with the people whom journalists may call, until these have lapsed.
    Raises ValueError or LookupError, saying what is wrong with the article, when there can be none.
    """
    if history.tombstone:
        return _tombstones(history, history.tombstone, site)
    article = _article_entry(history, site, render)
    if contacts and not history.withdrawn and not history.contacts_lapsed:
        article = replace(article, contacts_html=_contacts(history.article, render))
    if not history.corrected:
        return (article,)
    return (article, _correction_entry(history.corrected, article, history, site, render))


def _tombstones(history: History, when: datetime, site: Site) -> tuple[Tombstone, ...]:
    """What is left of the article's entry, and of the one that told of its correction."""
    gone = Tombstone(
        id=history.article.id,
        seq=history.published.seq,
        published=_instant(history.article, site),
        when=_moment(when, site),
    )
    if not history.corrected:
        return (gone,)
    return (gone, replace(gone, id=_correction_id(history.corrected), seq=history.corrected.seq))


def _correction_id(act: Version) -> str:
    return f"{act.article.id}/rattelse-{act.seq}"


def _article_entry(history: History, site: Site, render: Render) -> Entry:
    article = history.article
    publishers = tuple(_publisher(publisher, site) for publisher in article.publishers)
    entry = Entry(
        id=article.id,
        seq=history.published.seq,
        title=_title("published", article, render),
        url=uri(article.url or publishers[0].url),
        language=article.language,
        published=_instant(article, site),
        updated=_first_told(history.published, site),
        summary="",
        content_html="",
        authors=tuple(_author(publisher) for publisher in publishers),
        categories=_categories(article, publishers, site),
        source=_source(publishers, site),
    )
    if history.withdrawn:
        return _withdrawn(entry, history.withdrawn, site, render)
    return _live(entry, history, site, render)


def _live(entry: Entry, history: History, site: Site, render: Render) -> Entry:
    article = history.article
    _refuse_illegal(article)
    corrected = _notice(history.corrected, site) if history.corrected else None
    images = _images(article)
    values = {"article": article, "images": images, "corrected": corrected}
    return replace(
        entry,
        updated=_later(entry.updated, corrected.at) if corrected else entry.updated,
        summary=one_line("summary", _summary(article)),
        content_html=_content("feeds/article.html", article, values, render),
        enclosures=enclosures(images),
    )


def _correction_entry(act: Version, original: Entry, history: History, site: Site, render: Render) -> Entry:
    # It holds the note and no text of the article: an older correction's entry, which has left the feed but not its
    # readers, then has nothing that a withdrawal would have to take back.
    article, notice = history.article, _notice(act, site)
    values = {"corrected": notice, "url": uri(article.url) if article.url else None}
    entry = replace(
        original,
        id=_correction_id(act),
        seq=act.seq,
        published=notice.at,
        updated=notice.at,
        summary=one_line("note", act.note),
        related=original.url,
        enclosures=(),
        contacts_html="",
    )
    title = _title("corrected", article, render)
    if history.withdrawn:  # its title stays: two entries of one title would look like a fault
        return replace(_withdrawn(entry, history.withdrawn, site, render), title=title)
    return replace(entry, title=title, content_html=_content("feeds/correction.html", article, values, render))


def _withdrawn(entry: Entry, act: Version, site: Site, render: Render) -> Entry:
    notice = _notice(act, site)
    return replace(
        entry,
        title=_title("withdrawn", act.article, render),
        updated=_later(entry.updated, notice.at),
        summary=one_line("note", act.note),
        content_html=_content("feeds/withdrawn.html", act.article, {"withdrawn": notice}, render),
    )


def _refuse_illegal(article: Article) -> None:
    # Before a template is filled: what fills it may drop such characters, and nobody would hear of them.
    legal("text", article.body_text)
    legal("text of a picture", "".join(image.alt for image in article.images))
    blocks = (block for section in article.sections for block in section.blocks)
    speakers = (speaker for block in blocks if isinstance(block, Quote) for speaker in block.speakers)
    legal("name of a speaker", "".join(speaker.name + speaker.role + speaker.party for speaker in speakers))


def _title(act: str, article: Article, render: Render) -> str:
    values = {"act": act, "title": legal("title", article.title), "language": article.language}
    return one_line("title", render("feeds/title.txt", values))


def _content(template: str, article: Article, values: Mapping[str, object], render: Render) -> str:
    content = sanitised(render(template, {"language": article.language, **values}))
    if len(content) > LONGEST:
        msg = f"its content is {len(content)} characters long, and readers choke on more than {LONGEST}; shorten it"
        raise ValueError(msg)
    return content


def _first_told(first: Version, site: Site) -> datetime:
    """The entry's first `updated`: its arrival, or the article's date where it was no news (RFC 4287, 4.2.15).

    Never a date that lies ahead: readers who go by time would take all that comes before it for old. It is the first
    version's: a date that is mended as a typo leaves `updated` as it was.
    """
    return _instant(first.article, site) if first.by_date else _moment(first.at, site)


def _moment(at: datetime, site: Site) -> datetime:
    return at.astimezone(site.zone).replace(microsecond=0)


def _notice(act: Version, site: Site) -> ActNotice:
    return ActNotice(at=_moment(act.at, site), note=legal("note", act.note))


def _instant(article: Article, site: Site) -> datetime:
    value = article.published.value
    if isinstance(value, datetime):
        return _moment(value, site)
    return datetime.combine(value, time(), site.zone)


def _later(one: datetime, other: datetime) -> datetime:
    # Two times of one zone compare by the clock on the wall, which shows the same hour twice in autumn.
    return max(one, other, key=datetime.timestamp)


def _summary(article: Article) -> str:
    texts = (block_text(block) for section in article.sections for block in section.blocks)
    return article.lead or next(texts, "")


def _images(article: Article) -> tuple[Image, ...]:
    placed = ((image, absolute(image.src, article.url)) for image in article.images if image.src)
    return tuple(replace(image, src=address) for image, address in placed if address)


def _publisher(publisher: PublisherId, site: Site) -> Publisher:
    try:
        return site.publishers[publisher]
    except KeyError as cause:
        msg = f"its publisher {publisher!r} is not configured; add it to [[publishers]]"
        raise LookupError(msg) from cause


def _source(publishers: tuple[Publisher, ...], site: Site) -> Source | None:
    # RFC 4287, 4.2.11: an entry that stands in other feeds as well says which one it belongs to.
    first = publishers[0]
    own_feed = site.own_feeds.get(first.id)
    if len(publishers) == 1 and not own_feed:
        return None
    return Source(
        id=site.feed_id(own_feed) if own_feed else f"tag:{first.tag_authority}:{first.id}",
        title=own_feed.title if own_feed else one_line("publisher's name", first.name),
        home=uri(first.url),
        author=_author(first),
        address=document_address(own_feed, ".atom", site) if own_feed else "",
    )


def _contacts(article: Article, render: Render) -> str:
    contacts = shown_contacts(article.contacts)
    if not contacts:
        return ""
    values = {"language": article.language, "contacts": contacts}
    return sanitised(render("feeds/contacts.html", values), CONTACT_SCHEMES)


def _author(publisher: Publisher) -> Author:
    return Author(name=one_line("publisher's name", publisher.name), url=uri(publisher.url))


def _categories(article: Article, publishers: tuple[Publisher, ...], site: Site) -> tuple[Category, ...]:
    of_publishers = ((publisher.id, "utgivare", publisher.name) for publisher in publishers)
    topics = (site.topics[topic] for topic in article.topics if topic in site.topics)
    of_topics = ((topic.id, "amnen", topic.label) for topic in topics)
    return tuple(
        Category(term=term, scheme=site.address(scheme), label=one_line("category", label))
        for term, scheme, label in (*of_publishers, *of_topics)
    )
