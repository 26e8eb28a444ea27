"""Catalogues of all words that people read: English in the code, translations in `budkavle/locale`."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALES = Path(__file__).parents[1] / "locale"
DOMAIN = "budkavle"


class UnknownLanguageError(LookupError):
    """A language without a catalogue."""


def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted(folder.name for folder in LOCALES.iterdir() if catalogue(folder.name).is_file()))


def catalogue(language: str) -> Path:
    """Where the catalogue of a language is, or would be."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: str) -> Translations:
    """The catalogue of a language such as `sv` or `sv-SE`, compiled in memory: the project keeps no binaries."""
    name = language.replace("_", "-").partition("-")[0].lower()
    if name not in languages():
        msg = f"there are no translations for the language {language!r}; choose one of {', '.join(languages())}"
        raise UnknownLanguageError(msg)
    with catalogue(name).open("rb") as file:
        messages = read_po(file, locale=name, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
