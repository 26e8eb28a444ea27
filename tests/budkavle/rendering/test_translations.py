"""Every word that people read is translated, and no translation is left over."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from budkavle.rendering.translations import UnknownLanguageError, catalogue, languages, translations

ROOT = Path(__file__).parents[3]
JINJA = [("**.html", "jinja2"), ("**.txt", "jinja2")]
PLACES: list[tuple[str, list[tuple[str, str]]]] = [
    ("templates", JINJA),
    ("budkavle/sample/templates", JINJA),
    *((package, [("**.py", "python")]) for package in ("articles", "feeds", "digest", "budkavle")),
]
OPTIONS = {pattern: {"trimmed": "true"} for pattern, _ in JINJA}


@cache
def used() -> frozenset[tuple[str, str]]:
    """All that is said, in one number and in many; to read every source takes a second."""
    found = (extract_from_dir(ROOT / folder, methods, OPTIONS) for folder, methods in PLACES)
    messages = (message for folder in found for _, _, message, *_ in folder)
    return frozenset(message if isinstance(message, tuple) else (message, "") for message in messages)


def translated(language: str) -> dict[str, tuple[str, ...]]:
    with catalogue(language).open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    return {
        id_: tuple([message.string] if isinstance(message.string, str) else message.string)
        for message in messages
        for id_ in [message.id if isinstance(message.id, str) else message.id[0]]
    }


def entry(one: str, many: str) -> str:
    if not many:
        return f'msgid "{one}"\nmsgstr ""\n'
    return f'msgid "{one}"\nmsgid_plural "{many}"\nmsgstr[0] ""\nmsgstr[1] ""\n'


def test_everything_said_is_said_in_swedish() -> None:
    swedish = translated("sv")
    missing = sorted({entry(one, many) for one, many in used() if not all(swedish.get(one, ("",)))})
    assert not missing, f"add to {catalogue('sv')}:\n\n" + "\n".join(missing)


@pytest.mark.parametrize("language", languages())
def test_nothing_is_translated_that_is_not_said(language: str) -> None:
    assert set(translated(language)) <= {one for one, _ in used()}


@pytest.mark.parametrize("language", languages())
def test_a_translation_has_the_places_of_its_original(language: str) -> None:
    for original, strings in translated(language).items():
        for string in strings:
            assert set(re.findall(r"%\(\w+\)s", string)) == set(re.findall(r"%\(\w+\)s", original)), original


def test_plural_forms_follow_the_number() -> None:
    swedish = translations("sv")
    forms = [swedish.ungettext("%(num)s correction", "%(num)s corrections", count) for count in (0, 1, 2)]
    assert forms == ["%(num)s rättelser", "%(num)s rättelse", "%(num)s rättelser"]


def test_english_needs_no_entries() -> None:
    assert translations("en-GB").ugettext("Corrections") == "Corrections"


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownLanguageError, match=r"'xx'.*en, sv"):
        translations("xx")
