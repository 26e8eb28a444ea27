"""The two things a test of feeds is given: templates filled as the roof fills them, and a feed reader."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import feedparser
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from feeds.entries.composition import Render

TEMPLATES = Path(__file__).parents[2] / "templates"
SWEDISH = {
    "Correction: %(title)s": "Rättelse: %(title)s",
    "Withdrawn: %(title)s": "Återkallat: %(title)s",
    "Corrected on %(day)s.": "Rättad den %(day)s.",
    "Withdrawn on %(day)s.": "Återkallad den %(day)s.",
    "Read the corrected text": "Läs den rättade texten",
    "These pages use no cookies and measure nothing.": "De här sidorna har inga kakor och mäter ingenting.",
    "To the content": "Till innehållet",
    "Accessibility statement": "Tillgänglighetsredogörelse",
    "This is a feed: a list of news that a feed reader can follow for you.": (
        "Det här är ett flöde: en lista med nyheter som en flödesläsare kan följa åt dig."
    ),
    "Copy one of these addresses and paste it into your feed reader, then every news item reaches you as soon as it is"
    " published. You need no account and leave no address.": (
        "Kopiera en av adresserna och klistra in den i din flödesläsare, så når varje nyhet dig så snart den"
        " publiceras. Du behöver inget konto och lämnar ingen adress."
    ),
    "Contact": "Kontakt",
    "The feed %(title)s ends": "Flödet %(title)s upphör",
    "This feed ends on %(day)s. After that it brings no more news.": "Det här flödet upphör den %(day)s.",
    "Choose another feed or a newsletter": "Välj ett annat flöde eller ett nyhetsbrev",
    "There is no news here yet.": "Här finns inga nyheter än.",
}


@pytest.fixture(scope="session", params=["old-style", "new-style"])
def render(request: pytest.FixtureRequest) -> Render:
    """The port as the roof fills it; whichever way Jinja2 is set up, the outcome is the same."""
    newstyle = request.param == "new-style"
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"] if newstyle else ["html", "txt"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=newstyle,
        lstrip_blocks=newstyle,
        keep_trailing_newline=newstyle,
    )
    environment.filters["day"] = _day
    environment.install_gettext_callables(SWEDISH.__getitem__, _plural, newstyle=newstyle)

    def rendered(name: str, values: Mapping[str, object], /) -> str:
        return environment.get_template(name).render(values)

    return rendered


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], feedparser.FeedParserDict]:
    """Reads a document with feedparser, which must find nothing to complain of."""

    def reading(document: bytes) -> feedparser.FeedParserDict:
        found = feedparser.parse(document)
        assert not found.bozo, found.get("bozo_exception")
        return found

    return reading


def _day(value: date, language: str) -> str:
    return {"sv": f"{value.day} i månad {value.month} {value.year}"}[language]


def _plural(one: str, many: str, count: int) -> str:
    return SWEDISH[one if count == 1 else many]
