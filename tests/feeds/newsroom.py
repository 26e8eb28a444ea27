"""A small newsroom: its histories as the store folds them. An act's time follows its seq."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
    Topic,
    TopicId,
    Version,
)
from feeds.entries.entry import Feed, Site
from tests.feeds.building import Built

LINGONMARK, BLAVIK = PublisherId("lingonmark"), PublisherId("blavik")
CARE, TRAFFIC = TopicId("vard"), TopicId("kollektivtrafik")
EVERYTHING = Feed(slug="alla-nyheter", title="Alla nyheter")
ANNA = Speaker(name="Anna Exempel", role="regionråd", party="X")
BO = Speaker(name="Bo Exempel")


def publisher(name: PublisherId, title: str, url: str) -> Publisher:
    return Publisher(id=name, name=title, url=url, language="sv", tag_authority="example.org,2026")


SITE = Site(
    public_url="https://nyheter.example.org/",
    title="Nyheter från Lingonmark",
    language="sv",
    zone=ZoneInfo("Europe/Stockholm"),
    publishers={
        LINGONMARK: publisher(LINGONMARK, "Region Lingonmark", "https://www.example.org/"),
        BLAVIK: publisher(BLAVIK, "Blåviks kommun", "https://blavik.test/"),
    },
    topics={
        CARE: Topic(id=CARE, label="Hälso- och sjukvård"),
        TRAFFIC: Topic(id=TRAFFIC, label="Kollektivtrafik"),
    },
    tag_authority="example.org,2026",
)


def on(value: date | datetime) -> Published:
    return Published(value=value, source=DateSource.TEXT, raw=value.isoformat())


def article(number: int, **changes: object) -> Article:
    made = Article(
        id=ArticleId(f"tag:example.org,2026:lingonmark/{number:016d}"),
        publishers=(LINGONMARK,),
        title=f"Kortare köer till vården {number}",
        url=f"https://www.example.org/nyheter/{number}",
        lead="Regionen har kortat köerna till vården.",
        topics=(CARE,),
        published=on(date(2022, 1, 21)),
    )
    return replace(made, **changes)


def at(seq: int) -> datetime:
    return datetime(2022, 1, 21, 12, tzinfo=UTC) + timedelta(hours=seq)


def version(seq: int, kind: Kind, text: Article, note: str = "") -> Version:
    return Version(seq=Seq(seq), kind=kind, at=at(seq), note=note, article=text)


def published(seq: int = 1, **changes: object) -> History:
    first = version(seq, Kind.PUBLISHED, article(seq, **changes))
    return History(newest=first, published=first)


def edited(history: History, seq: int, **changes: object) -> History:
    return replace(history, newest=version(seq, Kind.EDITED, replace(history.article, **changes)))


def corrected(history: History, seq: int, note: str = "Siffran var fel.", **changes: object) -> History:
    act = version(seq, Kind.CORRECTED, replace(history.article, **changes), note)
    return replace(history, newest=act, corrected=act)


def withdrawn(history: History, seq: int, note: str = "Uppgifterna stämmer inte.") -> History:
    act = version(seq, Kind.WITHDRAWN, history.article, note)
    return replace(history, newest=act, withdrawn=act)


def rich(seq: int = 1) -> History:
    """An article with everything that an article can have."""
    return published(
        seq,
        publishers=(LINGONMARK, BLAVIK),
        topics=(CARE, TRAFFIC),
        sections=(
            Section(blocks=(Paragraph(text="Köerna är 13\xa0% kortare.\nDet är bra."),)),
            Section(
                heading="Så gick det till",
                anchor="sa",
                blocks=(
                    BulletList(items=("fler läkare", "öppet på kvällar & helger")),
                    Quote(text="– Det känns bra, säger hon.", speakers=(ANNA,)),
                    Quote(text="– Det gör det, säger Bo Exempel.", speakers=(BO,)),
                ),
            ),
        ),
        contacts=(Contact(name="Cilla Exempel", phones=("010-000 00 00",)),),
        images=(
            Image(src="/bilder/vard.jpg", alt='Väntrum med "tomma" stolar'),
            Image(src=None, alt="Bilden utan adress"),
        ),
    )


def in_xml(made: Built) -> dict[str, bytes]:
    """The documents that feedparser can read."""
    return {suffix: made.documents[suffix] for suffix in (".atom", ".rss")}
