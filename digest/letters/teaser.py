"""Teaser: the first whole sentences of a lead, or nothing; it never breaks off and never loses a speaker."""

import re
from collections.abc import Iterator

LIMIT = 300
LONGEST = 450
"""A first sentence over LIMIT is still shown up to here: better long than missing."""

_STOP = re.compile(r"[.!?][”\"’»)\]]*(?=\s|$)")
_WORD = re.compile(r"[^\s(\[\"”«»’/–—]*$")
_MID_SENTENCE = re.compile(
    r"ang|avd|bitr|bl|bl\.a|ca|d\.v\.s|dr|dvs|e\.g|enl|ev|exkl|f\.d|f\.n|f\.ö|forts|fr\.o\.m|följ|i\.e|inkl|jfr|kap|kl"
    r"|kungl|m\.a\.o|mr|mrs|nr|nuv|p\.g\.a|pga|prof|resp|s\.k|sid|st|s:t|s:ta|t\.ex|t\.h|t\.o\.m|t\.v|tel|tex|tf|u\.a"
    r"|uppl|vol|jan|feb|aug|sept?|okt|nov|dec",
)
_MAY_END = re.compile(r"a\.m|etc|ff?|fl|kr|m\.fl|m\.m|mdkr|mfl|mkr|mm|o\.d|o\.dyl|o\.s\.v|osv|p\.m")
_SPEAKS = re.compile(
    r"\b(?:säger|menar|förklarar|konstaterar|förtydligar|berättar|kommenterar|tillägger|understryker|betonar|says)\b",
)


def teaser(lead: str) -> str:
    """As many whole sentences of the lead as fit in LIMIT characters, the first one up to LONGEST, else nothing."""
    text = " ".join(lead.split())
    if text.endswith(("…", "...")):  # cut by its platform: what is missing may turn the meaning
        return ""
    said = max((verb.start() for verb in _SPEAKS.finditer(text)), default=-1)
    ends = [end for end in _sentence_ends(text) if end > said]
    fitting = [end for end in ends if end <= LIMIT] or [end for end in ends[:1] if end <= LONGEST]
    return text[: fitting[-1]] if fitting else ""


def _sentence_ends(text: str) -> Iterator[int]:
    start = 0
    for stop in _STOP.finditer(text):
        end = stop.end()
        if end > LONGEST:
            return
        if _ends_sentence(text, start, stop) and _closed(text[:end]):
            yield end
            start = end + 1


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    following = text[stop.end() + 1 : stop.end() + 2]
    if following.islower() or text[: stop.start()].endswith((".", "…")):
        return False
    return text[stop.start()] != "." or _word_may_end(text, start, stop.start(), at_end=not following)


def _word_may_end(text: str, start: int, stop: int, *, at_end: bool) -> bool:
    match = _WORD.search(text, start, stop)
    word = match.group().lower() if match else ""
    if _MID_SENTENCE.fullmatch(word):
        return False
    initial = len(word) == 1 and word.isalpha()
    counted = word.isdigit() and text[start:stop].strip() == word  # "1." opens a numbered point
    return at_end or not (_MAY_END.fullmatch(word) or initial or counted)


def _closed(text: str) -> bool:
    """Whether every bracket and quotation of the text is closed. Swedish opens and closes with the same mark."""
    brackets = text.count("(") == text.count(")") and text.count("[") == text.count("]")
    return brackets and text.count("”") % 2 == 0 and text.count('"') % 2 == 0 and text.count("«") == text.count("»")
