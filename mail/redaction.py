"""Redaction: mail addresses taken out of whatever is logged, shown or kept."""

import re

_NO_PRINT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ANY_ADDRESS = re.compile(r"(?<![^\s<>])[^\s<>]+@[^\s<>]+")
"""It begins where a word begins: else a long text without blanks would be read once for each of its characters."""


def without_addresses(text: str) -> str:
    """A redacted text: `…` stands in the place of each word that holds what may be a mail address."""
    return _ANY_ADDRESS.sub("…", text) if "@" in text else text


def line_without_addresses(text: str) -> str:
    """A redacted line of print, of what another machine said: no control character and no line break is left in it."""
    return without_addresses(text if text.isprintable() else _NO_PRINT.sub(" ", text))
