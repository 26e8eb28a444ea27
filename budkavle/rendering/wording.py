"""Wording for people at a terminal: text without control characters, numbers with their noun, local times."""

import re
from datetime import datetime, tzinfo

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1 controls, line separators, bidirectional overrides and isolates, and what no encoding can write.

A terminal obeys the first (ECMA-48), shows the overrides as another text than there is (CVE-2021-42574), and a lone
surrogate is how Python hands on a byte of a file name that is no UTF-8 (PEP 383).
"""
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_FIRST_BYTE = 0xDC00
_BYTES = range(_FIRST_BYTE + 0x80, _FIRST_BYTE + 0x100)


def printable(text: str, keep: str = "") -> str:
    """Escaped text: one line that a terminal shows and does not obey; `keep` names signs that may stay all the same."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def printable_json(text: str) -> str:
    r"""Escaped JSON: the same value, with the signs that a terminal obeys as `\uXXXX`."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, in the singular for one: `1 input`, `2 inputs`, `0 inputs`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def local_time(moment: datetime, zone: tzinfo) -> str:
    """A moment by the clock of a zone, to the minute: `2026-01-09 15:00`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _escaped(sign: str) -> str:
    code = ord(sign)
    if code in _BYTES:
        return f"\\x{code - _FIRST_BYTE:02x}"
    return _NAMED.get(sign) or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")  # noqa: PLR2004 - one byte
