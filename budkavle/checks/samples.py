"""Sample values for every template, made by the code that fills it in earnest, where there is some."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from articles.article import (
    Article,
    ArticleId,
    BulletList,
    Contact,
    DateSource,
    History,
    Image,
    Kind,
    Paragraph,
    Published,
    Publisher,
    PublisherId,
    Quote,
    Section,
    Seq,
    Speaker,
    Version,
)
from budkavle.checks.samples_life import layout, life_pages
from budkavle.checks.samples_notices import IMPRINT, notice_letters
from digest.editions.past_edition import ArchivedEdition, ArchivedItem, LaterAct, ListedEdition
from digest.letters.items import brief, full, unlinked
from digest.letters.letter import rendered
from digest.letters.values import Dateline, Imprint, LetterArticles, Mailbox, Masthead, ShownArticle
from feeds.entries.composition import compose
from feeds.entries.entry import Entry, Feed, Site
from feeds.formats.forms import alternates
from feeds.formats.head import FeedHead
from feeds.formats.html_page import html_item, page_values
from feeds.publishing.end_notice import end_notice, notice_now

LEAVE_TOKEN = "0" * 32
_PUBLIC_URL = "https://nyheter.example.org/"
_DAY = date(2026, 1, 7)
_AT = datetime(2026, 1, 9, 7, 0, tzinfo=UTC)
_NOTE = "Bussen går från den 1 februari, inte från den 1 januari."


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample: a template's name, and one set of the values that it is given."""

    name: str
    values: Mapping[str, object]


def samples(language: str, zone: ZoneInfo) -> tuple[Sample, ...]:
    """Samples for every template that is filled by name: with all there can be, and with little."""
    recorded: list[Sample] = []

    def record(name: str, values: Mapping[str, object]) -> str:
        recorded.append(Sample(name=name, values=values))
        return "…"

    publisher = _publisher(language)
    _letters(publisher, zone, record)
    notice_letters(publisher.name, _AT, record)
    record("pages/consent.txt", {"publishers": [publisher.name, "Barrviks kommun"]})
    _feeds(publisher, zone, record)
    for name, values in _pages(publisher):
        record(f"pages/{name}.html", {"site": publisher.name, "root": "/", **layout(), **values})
    return tuple(recorded)


def leave_url() -> str:
    """The address that the samples of letters give for leaving."""
    return f"{_PUBLIC_URL}avsluta/{LEAVE_TOKEN}"


def _publisher(language: str) -> Publisher:
    return Publisher(
        id=PublisherId("lingonmark"),
        name="Region Lingonmark",
        url="https://www.example.org/lingonmark/",
        language=language,
        tag_authority="example.org,2026",
    )


def sample_dateline(zone: ZoneInfo) -> Dateline:
    """The edition that the sample letters are of."""
    return Dateline(key="2026-01-09", label="2–9 januari 2026", date=_AT.astimezone(zone))


def sample_content(publisher: Publisher) -> LetterArticles:
    """A letter's content with all there can be in one."""
    rich, bare, noticed = _shown(_rich(publisher)), _shown(_bare(publisher)), _shown(_rich(publisher), _NOTE)
    return LetterArticles(
        items=(rich, bare), corrected=(noticed, bare), withdrawn=(noticed, bare), more=2, more_url=_PUBLIC_URL
    )


def _letters(publisher: Publisher, zone: ZoneInfo, record: Callable[[str, Mapping[str, object]], str]) -> None:
    sender = Mailbox(name=publisher.name, address="nyheter@example.org")
    masthead = Masthead(
        name="veckobrev",
        title="Veckans nyheter",
        sender=sender,
        language=publisher.language,
        public_url=_PUBLIC_URL,
        reply_to=sender,
        imprint=IMPRINT,
    )
    dateline = sample_dateline(zone)
    bare, noticed = _shown(_bare(publisher)), _shown(_rich(publisher), _NOTE)
    for shown in (
        sample_content(publisher),
        LetterArticles(items=(bare,)),
        LetterArticles(corrected=(noticed,)),
        LetterArticles(withdrawn=(noticed,)),
    ):
        rendered(masthead, dateline, shown, LEAVE_TOKEN, record)
    some = tuple(replace(item, short=True) for item in (bare, noticed))
    shortened = LetterArticles(items=some, corrected=some, withdrawn=some, more=2)
    rendered(replace(masthead, imprint=Imprint(postal=IMPRINT.postal)), dateline, shortened, LEAVE_TOKEN, record)
    masthead = replace(masthead, reply_to=None, imprint=Imprint())
    rendered(masthead, dateline, LetterArticles(items=(bare,), more=2), LEAVE_TOKEN, record)
    record("letters/test_subject.txt", {"subject": "Veckans nyheter: Ny buss"})
    for name in ("letters/test.txt", "letters/test.html"):
        record(name, {"masthead": masthead, "dateline": dateline})


def _feeds(publisher: Publisher, zone: ZoneInfo, record: Callable[[str, Mapping[str, object]], str]) -> None:
    site = Site(
        public_url=_PUBLIC_URL,
        title=publisher.name,
        language=publisher.language,
        zone=zone,
        publishers={publisher.id: publisher},
        topics={},
        tag_authority=publisher.tag_authority,
    )
    for article in (_rich(publisher), _bare(publisher)):
        published = Version(seq=Seq(1), kind=Kind.PUBLISHED, at=_AT, note="", article=article)
        corrected = Version(seq=Seq(2), kind=Kind.CORRECTED, at=_AT, note=_NOTE, article=article)
        withdrawn = Version(seq=Seq(3), kind=Kind.WITHDRAWN, at=_AT, note=_NOTE, article=article)
        for history in (
            History(newest=published, published=published),
            History(newest=corrected, published=published, corrected=corrected),
            History(newest=withdrawn, published=published, withdrawn=withdrawn),
        ):
            for entry in compose(history, site, record, contacts=True):
                if isinstance(entry, Entry):
                    html_item(entry, site, record)
    _twin(site, record)


def _twin(site: Site, record: Callable[[str, Mapping[str, object]], str]) -> None:
    feed = Feed(slug="alla-nyheter", title="Alla nyheter")
    end_notice(feed, notice_now(None, feed, _DAY, site, _AT), site, record)
    head = FeedHead(feed=feed, site=site, updated=_AT, alternates=alternates(feed, site))
    for empty in (False, True):
        record("pages/feed.html", page_values(head, empty=empty))


def _pages(publisher: Publisher) -> Iterator[tuple[str, Mapping[str, object]]]:
    feed = {"title": "Alla nyheter"} | {
        name: f"{_PUBLIC_URL}feeds/alla.{suffix}"
        for name, suffix in (("atom", "atom"), ("rss", "rss"), ("page", "html"))
    }
    digest = {"name": "veckobrev", "title": "Veckans nyheter"}
    yield "start", {"feeds": [feed], "digests": [digest]}
    yield "start", {"feeds": [], "digests": []}
    for name in ("leave", "left", "back"):
        yield name, {"digest": "Veckans nyheter", "token": LEAVE_TOKEN, "undoable": name == "left"}
    yield "left", {"digest": "Veckans nyheter", "token": LEAVE_TOKEN, "undoable": False}
    yield "left", {"digest": None}
    yield "unknown", {}
    yield from life_pages()
    yield "ended", {"feed": {"title": "Alla nyheter", "ends": _DAY}}
    for status in (404, 405, 500):
        yield "error", {"status": status}
    listed = ListedEdition(key="2026-01-09", label="2–9 januari 2026", year=2026)
    for editions in ([listed], []):
        yield "editions", {"digest": digest, "editions": editions}
    for edition in _archived(publisher):
        yield "edition", {"digest": digest, "edition": edition}


def _archived(publisher: Publisher) -> Iterator[ArchivedEdition]:
    rich, bare, noticed = _shown(_rich(publisher)), _shown(_bare(publisher)), _shown(_rich(publisher), _NOTE)
    corrected, withdrawn = (LaterAct(kind=kind, day=_DAY, note=_NOTE) for kind in (Kind.CORRECTED, Kind.WITHDRAWN))
    yield ArchivedEdition(
        label="2–9 januari 2026",
        day=_DAY,
        items=(
            ArchivedItem(item=full(rich)),
            ArchivedItem(item=full(rich), since=corrected),
            ArchivedItem(item=unlinked(bare), since=withdrawn),
        ),
        corrected=(ArchivedItem(item=brief(noticed)), ArchivedItem(item=unlinked(bare), since=withdrawn)),
        withdrawn=(ArchivedItem(item=unlinked(noticed)),),
    )
    yield ArchivedEdition(label="2–9 januari 2026", day=_DAY, items=(ArchivedItem(item=full(bare)),))
    named = (ArchivedItem(item=brief(rich)), ArchivedItem(item=unlinked(bare), since=withdrawn))
    yield ArchivedEdition(label="2–9 januari 2026", day=_DAY, items=(ArchivedItem(item=full(rich)),), named=named)
    for erased in (1, 2):
        yield ArchivedEdition(label="2–9 januari 2026", day=_DAY, erased=erased)


def _shown(article: Article, note: str = "") -> ShownArticle:
    publishers = ("Region Lingonmark", "Barrviks kommun")
    return ShownArticle(article=article, publishers=publishers, note=note, noted_on=_DAY if note else None)


def _bare(publisher: Publisher) -> Article:
    """An article of which no more is known than there must be, in another language than the page."""
    return Article(
        id=ArticleId("tag:example.org,2026:lingonmark/b"),
        publishers=(publisher.id,),
        title="Uusi bussi",
        language="fi",
        published=Published(value=_AT, source=DateSource.FILE, raw="2026-01-09 08:00"),
    )


def _rich(publisher: Publisher) -> Article:
    """An article with everything that an article may have."""
    speaker = Speaker(name="Gunnel Barrlund", role="trafiknämndens ordförande", party="M")
    blocks = (
        Paragraph(text="Linje 40 får fler turer.\nDe börjar i februari."),
        BulletList(items=("Vardagar", "Helger")),
        Quote(text="Vi har väntat länge.", speakers=(speaker,)),
    )
    return Article(
        id=ArticleId("tag:example.org,2026:lingonmark/a"),
        publishers=(publisher.id,),
        title="Ny buss till <Åsträsk> & Barrvik",
        url="https://www.example.org/lingonmark/nyheter/ny-buss.html",
        lead="Bussen går varje timme.",
        sections=(
            Section(blocks=blocks),
            Section(heading="Nya biljetter", blocks=blocks),
            Section(heading="Nya hållplatser", blocks=blocks),
        ),
        contacts=(
            Contact(name="Gunnel Barrlund", role="ordförande", phones=("010-000 00 00",), email="gunnel@example.org"),
        ),
        images=(Image(src="https://www.example.org/buss.jpg", alt="En buss."),),
        language=publisher.language,
        published=Published(value=_DAY, source=DateSource.TEXT, raw="7 januari 2026"),
    )
