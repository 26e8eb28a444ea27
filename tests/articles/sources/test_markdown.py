from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.article import BulletList, Contact, DateSource, Image, Kind, Paragraph, Quote, Related, Speaker
from articles.sources.reading import Parsed, Refused

Accepted = Callable[..., Parsed]
RefusedRead = Callable[..., Refused]
Read = Callable[..., Parsed | Refused]

WHOLE = """---
title: Fler turer till Yttre Tranö
published: 2026-03-27 09:30
url: https://www.example.org/nyheter/fler-turer
publishers: [lingonmark, tranhult]
topics: [kollektivtrafik]
language: sv
images:
  - src: https://www.example.org/farja.jpg
    alt: En färja vid kajen
contacts:
  - name: Siv Almroth
    role: regionråd
    party: C
    phones: ["070-174 06 11"]
    email: siv.almroth@example.org
related:
  - {title: Ny färja, date: 2026-02-01, teaser: Den är stor...}
---
Färjan går **tolv** gånger om dagen. [Läs tidtabellen](https://www.example.org/tider).

## Så blir turerna

Nya tider gäller för vården och alla andra:

- morgon
- kväll

> Det här har vi väntat på.
>
> — Siv Almroth, regionråd (C)

![En kaj](https://www.example.org/kaj.jpg)

Bra, säger Bo Askvik (S).
"""


def file(front: str, body: str = "Text.") -> str:
    return f"---\n{front}\n---\n{body}\n"


def test_front_matter_gives_what_it_declares(accepted: Accepted) -> None:
    outcome = accepted(WHOLE, address="a.md")
    draft = outcome.draft
    assert draft.title == "Fler turer till Yttre Tranö"
    assert draft.publishers == ("lingonmark", "tranhult")
    assert draft.url == "https://www.example.org/nyheter/fler-turer"
    assert draft.published is not None
    assert draft.published.value == datetime.fromisoformat("2026-03-27T09:30:00+01:00")
    assert (draft.published.source, draft.published.raw) == (DateSource.META, "2026-03-27 09:30")
    assert draft.contacts == (
        Contact(
            name="Siv Almroth", role="regionråd", party="C", phones=("070-174 06 11",), email="siv.almroth@example.org"
        ),
    )
    assert draft.related == (Related(title="Ny färja", day=date(2026, 2, 1), teaser="Den är stor...", truncated=True),)
    assert (outcome.hold_reason, outcome.warnings, outcome.act, outcome.note) == (None, (), None, "")


def test_the_text_becomes_sections_lists_quotes_and_pictures(accepted: Accepted) -> None:
    draft = accepted(WHOLE, address="a.md").draft
    assert draft.lead == "Färjan går tolv gånger om dagen. Läs tidtabellen."
    assert [(section.heading, section.anchor) for section in draft.sections] == [
        ("", ""),
        ("Så blir turerna", "sa-blir-turerna"),
    ]
    assert draft.sections[1].blocks == (
        Paragraph(text="Nya tider gäller för vården och alla andra:"),
        BulletList(items=("morgon", "kväll")),
        Quote(
            text="Det här har vi väntat på. — Siv Almroth, regionråd (C)",
            speakers=(Speaker(name="Siv Almroth", role="regionråd", party="C"),),
        ),
        Quote(text="Bra, säger Bo Askvik (S).", speakers=(Speaker(name="Bo Askvik", party="S"),)),
    )
    assert draft.images == (
        Image(src="https://www.example.org/farja.jpg", alt="En färja vid kajen"),
        Image(src="https://www.example.org/kaj.jpg", alt="En kaj"),
    )


def test_declared_topics_are_the_articles_whatever_its_words_say(accepted: Accepted) -> None:
    draft = accepted(WHOLE, address="a.md").draft
    assert draft.topics == ("kollektivtrafik",)
    assert [section.topics for section in draft.sections] == [(), ()]


def test_a_file_without_front_matter_has_its_first_heading_as_title(accepted: Accepted) -> None:
    draft = accepted("# Fler turer\n\nFärjan går oftare.", address="2026.markdown").draft
    assert (draft.title, draft.lead, draft.published) == ("Fler turer", "Färjan går oftare.", None)


def test_a_heading_that_repeats_the_title_is_not_shown_twice(accepted: Accepted) -> None:
    assert accepted(file("title: Fler turer", "# Fler turer\n\nText."), address="a.md").draft.sections == ()


def test_raw_html_stays_text(accepted: Accepted) -> None:
    draft = accepted(file("title: Fler turer", "<script>x</script>\n\nText."), address="a.md").draft
    assert draft.lead == "<script>x</script>"


def test_a_picture_without_an_address_on_the_web_keeps_its_text_only(accepted: Accepted) -> None:
    outcome = accepted(file("title: Fler turer", "Text.\n\n![En kaj](bilder/kaj.jpg)"), address="a.md")
    assert outcome.draft.images == (Image(src=None, alt="En kaj"),)


@pytest.mark.parametrize("change", ["edited", "corrected", "withdrawn"])
def test_a_declared_change_comes_with_its_note(accepted: Accepted, change: str) -> None:
    outcome = accepted(file(f"title: Fler turer\nchange: {change}\nnote: Fel dag."), address="a.md")
    assert (outcome.act, outcome.note) == (Kind(change), "Fel dag.")


def test_a_withdrawn_text_may_be_empty(accepted: Accepted) -> None:
    outcome = accepted(file("title: Fler turer\nchange: withdrawn\nnote: Beslutet är upphävt.", ""), address="a.md")
    assert outcome.draft.body_text == ""


@pytest.mark.parametrize(
    ("front", "line", "why"),
    [
        ("title: A\ntitel: B", 3, "titel is no key of an article; did you mean title?"),
        ("title: A\ntopics: [vrad]", 3, "topics: vrad is unknown; did you mean vard?"),
        ("title: A\n\npublisher: lingonmarkk", 4, "publisher: lingonmarkk is unknown; did you mean lingonmark?"),
        ("title: A\npublishers: [a]\npublisher: b", 3, "publishers: publisher stands there too"),
        ("title: 2026", 2, 'title: 2026 is no text; put it in quotes: "2026"'),
        ("title: |\n  A\n", 2, "title: a title is one line"),
        ('title: "A\\r\\nBcc: inj@x.test"', 2, "title: a title is one line"),
        ('title: "A\\0B"', 2, "title: U+0000 is a control character"),
        ("title: ''", 2, "title: the title is empty"),
        (f"title: {'å' * 301}", 2, "the title has 301 characters"),
        ("title: A\ntitle: B", 3, "title stands twice, first on line 2"),
        ("title: A\npublished: i fredags", 3, "published: 'i fredags' is no date"),
        ("title: A\npublished: 2026-02-31", 3, "the front matter is no YAML: day is out of range"),
        ("title: A\npublished: 2027-01-01", 3, "the date '2027-01-01' lies after 2026-07-15"),
        ("title: A\nurl: javascript:alert(1)", 3, "url: 'javascript:alert(1)' is no address on the web"),
        ("title: A\nlanguage: på svenska", 3, "language: 'på svenska' is no language"),
        ("title: A\nimages: [x]", 3, "images: write a list of items"),
        ("title: A\nimages: [{scr: x}]", 3, "images: scr is no key of an item; did you mean src?"),
        ("title: A\nimages: [{src: 'data:x'}]", 3, "images: src: 'data:x' is no address"),
        ("title: A\ncontacts: [{role: x}]", 3, "contacts: a contact has no name"),
        ("title: A\ncontacts: [{name: B, phones: [31]}]", 3, "contacts: phones: write them in quotes"),
        ("title: A\ncontacts: [{name: B, email: x}]", 3, "contacts: email: 'x' is no mail address"),
        ("title: A\nrelated: [{title: B, date: x}]", 3, "related: date: 'x' is no date"),
        ("title: A\nchange: erased", 3, "change: erased is no change"),
        ("title: A\nchange: corrected", 3, "change: corrected needs to say to the readers what was wrong"),
        ("title: A\nnote: x", 3, "note: a note belongs to a change"),
        ("title: [A", 3, "the front matter is no YAML"),
        ("title: A\n\tx: y", 3, "the front matter is no YAML"),
        ("- a", 2, "the front matter is no list of keys"),
        ("title: " + "[" * 3000, 2, "the front matter is no YAML"),
    ],
)
def test_a_wrong_key_is_refused_with_its_line_and_the_remedy(
    refused: RefusedRead, front: str, line: int, why: str
) -> None:
    outcome = refused(file(front), address="a.md")
    assert outcome.reason.startswith(why)
    assert outcome.line == line or front.startswith("title: [")


def test_front_matter_that_is_not_closed_is_refused(refused: RefusedRead) -> None:
    assert refused("---\ntitle: A\n", address="a.md").reason.startswith("the front matter is not closed")


@pytest.mark.parametrize(("text", "why"), [("Text.", "no headline"), ("# A", "only a title and no text")])
def test_what_is_no_article_is_refused(refused: RefusedRead, text: str, why: str) -> None:
    assert refused(text, address="a.md").reason.startswith(why)


def test_two_addresses_are_said_and_the_one_given_counts(accepted: Accepted) -> None:
    outcome = accepted(file("title: A\nurl: https://example.org/a"), address="a.md", url="https://example.org/b")
    assert outcome.draft.url == "https://example.org/b"
    assert outcome.warnings == (
        "the file says its address is https://example.org/a; https://example.org/b, given with it, counts",
    )


@given(text=st.text(max_size=200) | st.text(alphabet="#>-*![]()\n `_1.:a<&;", max_size=200))
def test_no_text_breaks_the_reading_of_markdown(read: Read, text: str) -> None:
    for whole in (text, f"---\ntitle: A\n---\n{text}", f"---\n{text}\n---\n{text}"):
        assert read(whole, address="a.md") == read(whole, address="a.md")


@given(key=st.sampled_from(["title", "published", "images", "contacts", "change"]), value=st.text(max_size=60))
def test_reading_front_matter_never_raises_and_a_refusal_says_why(read: Read, key: str, value: str) -> None:
    match read(f"---\n{key}: {value}\n---\n# A\n\nText.", address="a.md"):
        case Refused(reason=reason):
            assert reason.strip()
        case Parsed(draft=draft):
            assert draft.title.strip()
