"""Cells of a list, as spreadsheets and mail programs write them: addresses made bare, network addresses taken out."""

import re

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Soft hyphens, zero widths and marks of direction: pasted from pages, and seen by nobody."""
_NAMED = re.compile(r"([^<>]*)<((?:mailto:)?[^<>@\s]+@[^<>@\s]+)>[\s;,.]*")
_COMMENTED = re.compile(r"([^\s()<>@]+@[^\s()<>@]+)\s*\([^()@]*\)")
_SCHEME = re.compile(r"(?:mailto|smtp)\s*:\s*", re.IGNORECASE)
_LONGEST = 1_000
"""Characters of a cell that may hold an address and a name: each layer around it is looked at anew."""
_PAIRS = {'"': '"', "'": "'", "“": "”", "”": "”", "„": "“", "‘": "’", "’": "’", "«": "»", "»": "«", "`": "`", "´": "´"}
_PAIRS_AROUND = {**_PAIRS, "<": ">", "(": ")", "[": "]"}
_NETWORK = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}))"
    r"(?:%\w+)?(?:/\d{1,3})?(?![\w:]|\.\d)"
)
_TIME = re.compile(r"\d{1,2}:\d{2}:\d{2}")


def visible(cell: str) -> str:
    """A cell without signs that nobody sees."""
    return _INVISIBLE.sub("", cell)


def bare_address(cell: str) -> str:
    """The address in a cell, without what is written around one: a name, quotes, `mailto:`, a full stop, blanks.

    Nothing inside it changes, and a cell with two addresses stays as it is, as does one that is too long for any.
    """
    text = visible(cell).strip()
    if len(text) > _LONGEST:
        return text
    while (inner := _inner(text)) != text:
        text = inner
    return text


def _inner(text: str) -> str:
    """The text with its outermost wrapping taken off."""
    if named := _NAMED.fullmatch(text):
        # A name that is another address says that one of them is wrong, and not which.
        doubtful = "@" in named[1] and named[2].casefold() not in named[1].casefold()
        return text if doubtful else named[2]
    if commented := _COMMENTED.fullmatch(text):
        return commented[1]
    if scheme := _SCHEME.match(text):
        return text[scheme.end() :].partition("?")[0].strip()
    if len(text) > 1 and _PAIRS_AROUND.get(text[0]) == text[-1]:
        return text[1:-1].strip()
    return text.rstrip(";,. \t\xa0") if text.endswith((";", ",", ".")) else text


def without_networks(text: str) -> str:
    """A text with network addresses (IPv4, IPv6) taken out: they are no part of what somebody agreed to."""
    if "." not in text and ":" not in text:
        return text
    return _NETWORK.sub(lambda network: network[0] if _TIME.fullmatch(network[0]) else "…", text)
