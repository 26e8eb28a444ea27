"""Safe text for a document: legal in XML, on one line, without tricks of direction."""

import re

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 has no way to write: most control characters, lone surrogates, U+FFFE and U+FFFF."""
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LINE_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]+")
# XML holds them, but nobody sees the same: feedparser and browsers take some for the signs of Windows-1252.
_CONTROLS = re.compile("[\x7f-\x84\x86-\x9f]")
# An override turns "gnp.exe" into "exe.png" (Unicode TR 36, section 2.5).
_OVERRIDES = re.compile("[\u202d\u202e]")
# What one title opens and does not close would turn its neighbours in a list as well (Unicode TR 9, 2.1 to 2.4).
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


class IllegalCharacterError(ValueError):
    """A text has a character that no XML document can hold."""


def legal(where: str, text: str) -> str:
    """The same text; IllegalCharacterError, naming place and character, when XML cannot hold it."""
    match = FORBIDDEN.search(text)
    if match:
        msg = f"the {where} has U+{ord(match[0]):04X} at character {match.start() + 1}, which XML forbids; remove it"
        raise IllegalCharacterError(msg)
    return text


def one_line(where: str, text: str) -> str:
    """Plain text on one line, without line breaks, tabs and controls; soft hyphens and fixed blanks stay."""
    return _DIRECTIONS.sub("", _LINE_BREAKS.sub(" ", _CONTROLS.sub("", legal(where, text)))).strip(" ")


def undirected(text: str) -> str:
    """Text with plain line ends, without overrides and controls; right-to-left text keeps its marks and isolates."""
    # A carriage return would be written as "&#13;" (XML 1.0, 2.11), and some readers show it.
    return _OVERRIDES.sub("", _CONTROLS.sub("", re.sub("\r\n|[\r\x85]", "\n", text)))


def shown(text: str) -> str:
    """A text that any terminal and log can show: what is invisible or no character is written as its number."""
    return _UNSHOWN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)
