"""User-perceived characters (grapheme clusters): where text may be cut, after UAX 29, as far as headlines need it.

The rules for Hangul parts and prepended marks are left out: such text is cut between signs that can stand alone.
"""

import re
import unicodedata

_JOINERS = "\u200c\u200d"
_TAGS = range(0xE0020, 0xE0080)
_ALL_TAGS = "".join(map(chr, _TAGS))
_FLAG = "\N{WAVING BLACK FLAG}"
_TONES = range(0x1F3FB, 0x1F400)
_LETTERS = range(0x1F1E6, 0x1F200)
_LONGEST = 64
"""Signs of the longest cluster that is kept whole: what is longer was not written for people."""


def whole_up_to(text: str, limit: int) -> int:
    """Where to cut so that at most `limit` signs stay and none is cut in two; `limit` itself where none ends before."""
    for end in range(limit, max(limit - _LONGEST, 0), -1):
        if is_boundary(text, end):
            return end
    return limit


def is_boundary(text: str, at: int) -> bool:
    """Whether a user-perceived character ends before this place."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if _extends(after) or (before == "\u200d" and _is_symbol(after)):
        return False
    if ord(before) in _LETTERS and ord(after) in _LETTERS:  # two letters make a flag
        letters = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:at])
        return letters is None or len(letters.group()) % 2 == 0
    return True


def joins(text: str, at: int) -> bool:
    """Whether an invisible sign holds together what people see: an emoji, a flag, or letters of a script that joins."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if ord(sign) in _TAGS:
        return text[max(at - 8, 0) : at].rstrip(_ALL_TAGS).endswith(_FLAG)
    return sign in _JOINERS and _may_join(before) and _may_join(after)


def _may_join(sign: str) -> bool:
    """Whether a joiner means something beside it: not among Latin letters, where it would only hide."""
    if not sign or sign.isascii():
        return False
    return _is_symbol(sign) or unicodedata.category(sign) in {"Lo", "Mn", "Mc", "Me"}


def _extends(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return kind in {"Mn", "Me", "Mc"} or sign in _JOINERS or ord(sign) in _TONES or ord(sign) in _TAGS


def _is_symbol(sign: str) -> bool:
    return unicodedata.category(sign) in {"So", "Sm", "Sk", "Po"} and not sign.isascii()
