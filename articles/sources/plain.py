"""Plain text without its invisible traps: what is refused, what is dropped, what is kept."""

import re
import unicodedata
from dataclasses import dataclass

from articles.sources.reading import Refused

_MAX_TITLE = 300
# Soft hyphen, zero-width space, word joiner, byte order mark: they show nothing and break search and comparison.
# The joiners U+200C and U+200D stay: scripts and emoji need them.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
# A line ends at \n only, so that our line numbers are those of an editor.
_BREAKS = str.maketrans(dict.fromkeys("\f\u0085\u2028\u2029", " "))
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_PLANES = "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000))
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")
# Canonical ordering takes time that grows with the square of a run of combining marks; no script needs so many, and
# Unicode's own limit is this one (UAX 15, Stream-Safe Text Format).
_MOST_MARKS = 30
_MAY_BE_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{_MOST_MARKS + 1},}}")
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?[^?]*\?=", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an input, counted from 1. `labelled`: page furniture stood at its end."""

    number: int
    text: str
    labelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Title:
    """A title that is fit to be shown, and what was remarkable about it."""

    text: str
    warnings: tuple[str, ...] = ()


def faulty_character(text: str) -> Refused | None:
    """The first control character, noncharacter or lone surrogate as a refusal, or None."""
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    return Refused(reason=f"U+{ord(match.group()):04X} is a control character and no text; remove it", line=line)


def piled_marks(text: str) -> Refused | None:
    """A refusal when more combining marks stand above each other than a script needs, else None."""
    shown = text.translate(_INVISIBLE)
    for run in _MAY_BE_MARKS.finditer(shown):
        marks = 0
        for sign in run.group():
            marks = marks + 1 if unicodedata.combining(sign) else 0
            if marks > _MOST_MARKS:
                line = shown.count("\n", 0, run.start()) + 1
                why = f"more than {_MOST_MARKS} combining marks (accents) on one letter are no text; remove them"
                return Refused(reason=why, line=line)
    return None


def clean(text: str) -> str:
    """The text in NFC, with a line feed for every line end and without characters that show nothing."""
    even = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS).translate(_INVISIBLE)
    return unicodedata.normalize("NFC", even)


def lines(text: str) -> tuple[Line, ...]:
    """The lines of a clean text, blanks at their right ends dropped."""
    return tuple(Line(number=number, text=line.rstrip()) for number, line in enumerate(text.split("\n"), 1))


def one_line(text: str) -> str:
    """The text with every run of blanks, no-break spaces and line ends as one space."""
    return " ".join(text.split())


def title(text: str, line: int | None) -> Title | Refused:
    """A title as it may be shown: one line, of one to 300 characters, no control of the writing direction."""
    shown = one_line(text.translate(_BIDI))
    if not shown:
        return Refused(reason="the title is empty; write one", line=line)
    if len(shown) > _MAX_TITLE:
        why = f"the title has {len(shown)} characters, more than {_MAX_TITLE}: is it a paragraph?"
        return Refused(reason=f"{why} Put a headline before it", line=line)
    warnings = []
    if text.translate(_BIDI) != text:
        warnings.append("removed characters from the title that turn the writing direction")
    if _ENCODED_WORD.search(shown):
        warnings.append("the title looks like an encoded mail header (RFC 2047); it is shown as it is written")
    return Title(text=shown, warnings=tuple(warnings))
