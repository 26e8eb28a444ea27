"""The two real pages that the intake was made for. They are not part of the project: SEEDS names their folder."""

import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from articles.article import BulletList, DateSource, PublisherId, Quote, SourceName
from articles.sources.adapters.folder import read_file, walk
from articles.sources.adapters.rules import shipped
from articles.sources.read_input import read, record
from articles.sources.reading import Input, Parsed, Source, Vocabulary

FURNITURE = (
    "Länk till annan webbplats",
    "Hittade du informationen",
    "Nyheter och pressmeddelande",
    "Fler nyheter",
    "Relaterade nyheter",
    "Det här är en e-postadress",
    "E-post",
    "Telefon",
)


def seed(word: str) -> Input:
    """The one page of the folder whose text holds the word."""
    place = os.environ.get("SEEDS", "")
    if not place or not Path(place).is_dir():
        pytest.fail(f"SEEDS={place!r} is no folder; run: make seeds DIR=folder-of-the-two-pages", pytrace=False)
    found = [given for path in walk(Path(place)) if isinstance(given := read_file(Path(place), path), Input)]
    fitting = [given for given in found if word in given.text]
    if len(fitting) != 1:
        pytest.fail(f"SEEDS={place!r}: {len(fitting)} of {len(found)} pages hold {word!r}, not one", pytrace=False)
    return fitting[0]


def parsed(given: Input, url: str | None = None) -> Parsed:
    """What intake makes of the page, with all rule sets and no topics."""
    given = Input(file=given.file, address=given.address, text=given.text, url=url)
    source = Source(name=SourceName("seeds"), publisher=PublisherId("seeds"))
    vocabulary = Vocabulary(publishers={}, topics=())
    zone = ZoneInfo("Europe/Stockholm")
    outcome = read(given, source, vocabulary, shipped(), today=date(2026, 1, 1), zone=zone)
    assert isinstance(outcome, Parsed), outcome
    assert record(given, outcome)["accepted"] is True
    assert not any(words in outcome.draft.body_text for words in FURNITURE)
    return outcome


def test_the_kronoberg_page_gives_its_title_date_and_lead() -> None:
    given = seed("thoraxkirurgisk")
    outcome = parsed(given)
    lines = [line for line in given.text.split("\n") if line]
    assert outcome.hold_reason is None
    assert outcome.draft.title == lines[2]
    assert outcome.draft.lead == lines[3]
    assert outcome.draft.published is not None
    assert outcome.draft.published.value == date(2022, 1, 21)
    assert outcome.draft.published.source is DateSource.TEXT


def test_the_kronoberg_page_has_three_quotes_each_with_its_speakers() -> None:
    blocks = [block for section in parsed(seed("thoraxkirurgisk")).draft.sections for block in section.blocks]
    quotes = [block for block in blocks if isinstance(block, Quote)]
    first, second, third = [quote.speakers for quote in quotes]
    assert [speaker.party for speaker in first] == ["M", "M"]
    assert all(speaker.role for speaker in first)
    assert second == first[:1]
    assert [first[1].name, third[1].name] == [
        contact.name for contact in parsed(seed("thoraxkirurgisk")).draft.contacts
    ]
    assert len(third) == 2
    assert f"{third[0].name} och {third[1].name}" in seed("thoraxkirurgisk").text


def test_the_kronoberg_page_has_two_contacts_with_three_phones_and_no_address() -> None:
    contacts = parsed(seed("thoraxkirurgisk")).draft.contacts
    assert [(one.party, len(one.phones)) for one in contacts] == [("M", 1), ("", 2)]
    assert all(one.role and one.email is None for one in contacts)


def test_the_kronoberg_page_has_four_related_items_the_last_of_them_cut_short() -> None:
    related = parsed(seed("thoraxkirurgisk")).draft.related
    assert [one.day for one in related] == [date(2022, 5, day) for day in (25, 24, 23, 18)]
    assert [one.truncated for one in related] == [False, False, False, True]
    assert all(one.title and one.teaser for one in related)


def test_the_blekinge_page_has_its_title_three_headed_sections_and_a_list_of_four() -> None:
    given = seed("målbild")
    draft = parsed(given).draft
    lines = [line for line in given.text.split("\n") if line]
    assert (draft.title, draft.lead) == (lines[2], lines[3])
    assert len([section for section in draft.sections if section.heading]) == 3
    lists = [block for section in draft.sections for block in section.blocks if isinstance(block, BulletList)]
    assert [len(one.items) for one in lists] == [4]


def test_the_blekinge_page_has_its_pictures_text_as_that_and_not_as_lead() -> None:
    given = seed("målbild")
    draft = parsed(given).draft
    alt = [line for line in given.text.split("\n") if line][1]
    assert [(image.src, image.alt) for image in draft.images] == [(None, alt)]
    assert alt not in draft.body_text


def test_the_blekinge_page_is_held_without_a_date_and_dated_by_its_address() -> None:
    given = seed("målbild")
    undated = parsed(given)
    assert undated.draft.published is None
    assert undated.hold_reason is not None
    assert undated.hold_reason.startswith("no date")
    dated = parsed(given, "https://www.example.org/nyheter/2023-06-14-gemensam-malbild.html")
    assert dated.hold_reason is None
    assert dated.draft.published is not None
    assert (dated.draft.published.value, dated.draft.published.source) == (date(2023, 6, 14), DateSource.URL)
