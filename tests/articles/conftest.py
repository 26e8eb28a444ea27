"""What the tests of intake share: a reader of inputs, and two pages in the forms that newsrooms really have."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from articles.article import Publisher, PublisherId, SourceName, Topic, TopicId
from articles.sources.adapters.rules import shipped
from articles.sources.read_input import read as take_in
from articles.sources.reading import Input, Parsed, Refused, Source, Vocabulary

PAGES = Path(__file__).parent / "pages"
TODAY = date(2026, 7, 15)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
RULE_SETS = shipped()

Read = Callable[..., Parsed | Refused]
ReadOk = Callable[..., Parsed]
ReadBad = Callable[..., Refused]


def _vocabulary() -> Vocabulary:
    names = ("lingonmark", "tranhult")
    publishers = {
        PublisherId(name): Publisher(
            id=PublisherId(name),
            name=f"Region {name.title()}",
            url="https://www.example.org/",
            language="sv",
            tag_authority="example.org,2026",
        )
        for name in names
    }
    topics = (
        Topic(id=TopicId("vard"), label="Hälso- och sjukvård", words=("vård", "sjukhus")),
        Topic(id=TopicId("kollektivtrafik"), label="Kollektivtrafik", words=("buss", "färja")),
    )
    return Vocabulary(publishers=publishers, topics=topics)


VOCABULARY = _vocabulary()


@pytest.fixture(scope="session")
def read() -> Read:
    """Read a text as the file `address` of the source of Region Lingonmark, on 15 July 2026."""

    def reading(
        text: str, *, address: str = "sida.txt", url: str | None = None, rules: str | None = None
    ) -> Parsed | Refused:
        given = Input(file=f"newsroom/{address}", address=address, text=text, url=url)
        source = Source(name=SourceName("pages"), publisher=PublisherId("lingonmark"), rules=rules)
        return take_in(given, source, VOCABULARY, RULE_SETS, today=TODAY, zone=STOCKHOLM)

    return reading


@pytest.fixture(scope="session")
def accepted(read: Read) -> ReadOk:
    """Read a text that is an article."""

    def reading(text: str, **more: str) -> Parsed:
        outcome = read(text, **more)
        assert isinstance(outcome, Parsed), outcome
        return outcome

    return reading


@pytest.fixture(scope="session")
def refused(read: Read) -> ReadBad:
    """Read a text that is no article."""

    def reading(text: str, **more: str) -> Refused:
        outcome = read(text, **more)
        assert isinstance(outcome, Refused), outcome
        return outcome

    return reading


@pytest.fixture(scope="session")
def joint_statement() -> str:
    """A page with a date line, quotes without marks, contact cards and related news."""
    return (PAGES / "joint-statement.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def decisions() -> str:
    """A page of several decisions without a date, with a picture's text above its headline."""
    return (PAGES / "decisions.txt").read_text(encoding="utf-8")
