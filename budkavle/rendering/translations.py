"""Message catalogues of all words that people read: English in the code, translations in `budkavle/locale`."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALES = Path(__file__).parents[1] / "locale"
DOMAIN = "budkavle"


class UnknownLanguageError(LookupError):
    """A language without a catalogue."""


@cache
def languages() -> tuple[str, ...]:
    """The languages that people can be written to in: a folder of the catalogue for each, and no other list of them."""
    return tuple(sorted(folder.name for folder in LOCALES.iterdir() if catalogue(folder.name).is_file()))


@cache
def name_of(language: str) -> str:
    """A language's name in that language, as a heading has it; one that nobody knows is called by its code."""
    try:
        name = str(Locale.parse(language).get_display_name())
    except (UnknownLocaleError, ValueError):
        return language
    return name[:1].upper() + name[1:]


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
