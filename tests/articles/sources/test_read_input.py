import json
import unicodedata
from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.sources.read_input import record
from articles.sources.reading import Input, Parsed, Refused
from tests.drawn import examples

Read = Callable[..., Parsed | Refused]
Accepted = Callable[..., Parsed]
RefusedRead = Callable[..., Refused]
LEAD = "Bussarna går oftare från måndag. Det har regionstyrelsen beslutat."
BODY = "Turerna blir fler på kvällar och helger i hela länet, och priset är oförändrat."
KEYS = [
    *("file", "url", "accepted", "reason", "id", "kind", "title", "published", "published_source"),
    *("published_precision", "lead", "sections", "contacts", "related", "images", "language", "body_text", "held"),
    "warnings",
]


def page(*blocks: str) -> str:
    return "\n\n".join(blocks)


def item(number: int) -> str:
    return page(f"Nyhet nummer {number}", f"{number} maj 2026", f"Här står det kort om nyhet nummer {number}.")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", None, "empty"),
        (" \n\u00a0\u200b\n", None, "empty"),
        ("Nyheter och pressmeddelande\n\nHittade du informationen du sökte?", 1, "nothing but the furniture"),
        ("Hittade du informationen du sökte?", None, "nothing but the furniture"),
        ("x" * 200_001, None, "200001 characters are more than 200000: is it an article?"),
        ("Rad\n" * 10_001, None, "10001 lines are more than 10000: is it an article?"),
        ("Bussarna går oftare", None, "only a title and no text"),
        ("21 januari 2026\n\nBussarna går oftare", None, "only a title and no text"),
        (page(f"{LEAD} {BODY}", BODY), 1, "no headline"),
        ("  • ett\n  • två", 1, "no headline"),
        (page("A" * 500, LEAD), 1, "the title has 500 characters, more than 300: is it a paragraph?"),
        ("Hej\n\nen \x1b[31m rad", 3, "U+001B is a control character"),
        ("Hej\n\x7f", 2, "U+007F is a control character"),
        ("Hej\n\ufdd0", 2, "U+FDD0 is a control character"),
        ("Hej\n\U0001ffff", 2, "U+1FFFF is a control character"),
        ("Hej\n\ud800", 2, "U+D800 is a control character"),
        (page("Nyheter", item(1), item(2), item(3)), 5, "a list of articles, not one: 3 dates"),
        (
            "Nyheter\n\n • Ett\n\n  Text om ett.\n\n • Två\n\n  Text om två.\n\n • Tre\n\n  Text om tre.",
            3,
            "a list of articles, not one: 3 headlines with teasers under bullets",
        ),
        (page("Nyheter", *["Rubrik", "En ingress som är kap..."] * 3), 5, "a list of articles, not one: 3 teasers"),
        ("\n".join(f"2026-05-0{day} Nyhet nummer {day}" for day in (1, 2, 3)), 1, "a list of articles"),
    ],
)
def test_what_is_no_article_is_refused_with_its_line(
    refused: RefusedRead, text: str, line: int | None, why: str
) -> None:
    outcome = refused(text)
    assert outcome.reason.startswith(why)
    assert outcome.line == line


@pytest.mark.parametrize("url", ["https://example.org/nyheter?start=2", "https://example.org/api/News/Get?pageNo=2"])
def test_the_address_of_a_list_is_no_article(refused: RefusedRead, url: str) -> None:
    assert "is the address of a list" in refused(page("21 januari 2026", "Nytt", LEAD, BODY), url=url).reason


def test_an_address_that_is_none_is_refused(refused: RefusedRead) -> None:
    assert "is no address on the web" in refused(page("Nytt", LEAD), url="javascript:alert(1)").reason


def test_a_rule_set_that_nobody_knows_is_refused_with_the_nearest(refused: RefusedRead) -> None:
    assert refused(page("Nytt", LEAD), rules="sitevison").reason.endswith("did you mean sitevision?")


@pytest.mark.parametrize(
    "part",
    [" ", "a ", "Ett beslut\n\n", "Närbild på Siv\n", "– Bra, säger ", ", ", "(", "Länk ", "Siv ", "0980-"],
)
def test_a_long_text_is_read_within_seconds(read: Read, part: str) -> None:
    text = part * (3_000 if "\n" in part else 190_000 // len(part))
    for whole in (text, page("21 januari 2026", "Nytt", f"{LEAD}{text}{BODY}", BODY), f"# Nytt\n\n{text}"):
        before = process_time()
        read(whole)
        read(whole, address="a.md")
        assert process_time() - before < 5


def test_related_news_do_not_make_a_page_a_list(accepted: Accepted) -> None:
    related = page("Relaterade nyheter", item(1), item(2), item(3), item(4))
    assert len(accepted(page("21 januari 2026", "Nytt", LEAD, BODY, related)).draft.related) == 4


def test_a_title_like_an_encoded_header_is_accepted_with_a_warning(accepted: Accepted) -> None:
    title = "=?utf-8?q?Hej=0d=0aBcc=3a_inj=40x.test?="
    outcome = accepted(page("21 januari 2026", title, LEAD, BODY))
    assert outcome.draft.title == title
    assert "RFC 2047" in outcome.warnings[0]


def test_a_title_loses_what_turns_the_writing_direction(accepted: Accepted) -> None:
    outcome = accepted(page("21 januari 2026", "Bussar\u202e oftare\u2069", LEAD, BODY))
    assert outcome.draft.title == "Bussar oftare"
    assert len(outcome.warnings) == 1


def test_equal_looking_texts_are_equal(accepted: Accepted) -> None:
    plain = page("21 januari 2026", "Färjan går till Åland", LEAD, BODY)
    odd = (
        unicodedata.normalize("NFD", plain).replace("Bussarna", "Bus\u00adsar\u200bna").replace("går ti", "går\u00a0ti")
    )
    assert accepted(odd.replace("\n", "\r\n")).draft == accepted(plain).draft


def test_a_record_has_the_same_keys_whatever_came_of_the_input(read: Read, joint_statement: str) -> None:
    given = Input(file="a.txt", address="a.txt", text="")
    for text in (joint_statement, "", "Bara en rubrik", page("Nytt", LEAD)):
        found = record(given, read(text))
        assert list(found) == KEYS
        json.dumps(found)


def test_a_record_says_what_was_read(accepted: Accepted, joint_statement: str) -> None:
    given = Input(file="a.txt", address="a.txt", text=joint_statement)
    found = record(given, accepted(joint_statement), id="tag:example.org,2026:lingonmark/x", kind="published")
    assert (found["accepted"], found["reason"], found["held"]) == (True, None, None)
    assert (found["published"], found["published_source"], found["published_precision"]) == (
        "2026-03-12",
        "text",
        "day",
    )
    related = found["related"]
    assert isinstance(related, list)
    assert related[1]["date"] == "2026-06-30"


def test_a_record_of_a_refusal_names_file_and_line(refused: RefusedRead) -> None:
    text = "Hej\n\x7f"
    found = record(Input(file="in/a.txt", address="a.txt", text=text), refused(text))
    assert found["accepted"] is False
    assert found["reason"] == "in/a.txt:2: U+007F is a control character and no text; remove it"


LINES = st.sampled_from(
    [
        *("", "", "", "Nyheter", "21 januari 2026", "Publicerad 2026-01-21", "Kontakt", "Relaterade nyheter"),
        *("Bussarna går oftare", LEAD, BODY, "Vi vill:", "  • en sak", "- en annan", "– Bra, säger Siv Almroth (C)."),
        *("Siv Almroth (C)", "  • Telefon: 0980-319 20", "Hittade du informationen du sökte?", "Foto: Bo Askvik"),
        *("Läs här Länk till annan webbplats.", "UPPDATERAT KLOCKAN 12:23", "Närbild på en dörr.", "E-post:", "Lyssna"),
    ]
)


@given(text=st.text(max_size=300) | st.lists(LINES | st.text(max_size=30), max_size=25).map("\n".join))
@settings(max_examples=examples(400))
def test_no_text_breaks_intake_and_the_same_text_is_read_the_same(read: Read, text: str) -> None:
    outcome = read(text)
    assert outcome == read(text)
    record(Input(file="a.txt", address="a.txt", text=text), outcome)


SENTENCES = [f"Mening nummer {number} handlar om turerna i länet och om allt som hör till dem." for number in range(20)]
HEADINGS = [f"Beslut nummer {number}" for number in range(20)]
FURNITURE = ["Lyssna", "Skriv ut", "Länk till annan webbplats.", "Dela på Facebook"]


@given(
    body=st.lists(st.sampled_from([*SENTENCES, *HEADINGS, "  • en punkt i listan", "– ett streck"]), max_size=20),
    furniture=st.lists(st.tuples(st.integers(0, 19), st.sampled_from(FURNITURE)), max_size=6),
)
def test_every_line_of_the_text_is_kept_and_no_furniture(
    read: Read, body: list[str], furniture: list[tuple[int, str]]
) -> None:
    lines = [LEAD, *body]
    for place, line in furniture:
        lines.insert(place, line)
    outcome = read(page("Fler nyheter", "21 januari 2026", "Bussarna går oftare", *lines, BODY, "Hjälpte sidan dig?"))
    assert isinstance(outcome, Parsed)
    text = outcome.draft.body_text
    assert [word for word in FURNITURE if word in text] == []
    for line in {LEAD, BODY, *body}:
        assert text.count(line.removeprefix("  • ").removeprefix("– ")) >= 1
