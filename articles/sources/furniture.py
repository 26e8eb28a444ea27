"""Page furniture: as data, and how it is taken away from the lines of a page."""

import re
from dataclasses import dataclass, fields, replace
from functools import cache

from articles.sources.plain import Line, one_line

# A prompt that the end of the file cuts short is known by so many letters; fewer could be the text's own.
_CUT_PROMPT = 12
_PROSE = 60
_LONGEST_LABEL = 300


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The furniture of one platform's pages; `articles/sources/rules/sitevision.toml` says what each list means."""

    name: str
    header: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    label_patterns: tuple[str, ...] = ()
    contact_headings: tuple[str, ...] = ()
    related_headings: tuple[str, ...] = ()
    hidden_addresses: tuple[str, ...] = ()
    placeholder_alts: tuple[str, ...] = ()
    alt_openings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BarePage:
    """A page without its furniture. `closed`: its foot was seen, so it is not cut off before that."""

    lines: tuple[Line, ...]
    closed: bool
    warnings: tuple[str, ...] = ()


def join(sets: tuple[RuleSet, ...]) -> RuleSet:
    """One rule set that knows what all of these know."""
    lists = [field.name for field in fields(RuleSet) if field.name != "name"]
    joined = {key: tuple(dict.fromkeys(text for one in sets for text in getattr(one, key))) for key in lists}
    return RuleSet(name="+".join(one.name for one in sets), **joined)


def key(text: str) -> str:
    """What two lines that say the same have in common: no case, no blanks at the ends, no closing stop or colon."""
    return one_line(text).casefold().rstrip(".: ")


def says(text: str, words: tuple[str, ...]) -> bool:
    """Whether the line is one of these, whole."""
    return key(text) in _keys(words)


def opens(text: str, words: tuple[str, ...]) -> bool:
    """Whether the line begins with one of these."""
    return key(text).startswith(tuple(_keys(words))) if words else False


@cache
def _keys(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(key(word) for word in words)


def without_labels(text: str, rules: RuleSet) -> str:
    """The text without the labels glued into it; every stop and blank that is not a label's own stays."""
    pattern, start = _label_pattern(rules), 0
    while pattern and (label := pattern.search(text, start)):
        before, after = text[: label.start()], text[label.end() :]
        if not before.strip():
            after = after.lstrip()
        # A label of one character could otherwise be replaced by a blank for ever.
        glue = " " if before.strip() and after[:1].isalnum() and len(label.group()) > 1 else ""
        text = before + glue + after
        start = max(len(before) - _LONGEST_LABEL, 0)  # what is left may make a label with what stood before it
    return text


@cache
def _label_pattern(rules: RuleSet) -> re.Pattern[str] | None:
    labels = "|".join([*rules.label_patterns, *_any_blanks(rules.labels)])
    hidden = "|".join(_any_blanks(rules.hidden_addresses))
    # A label's own full stop goes with it, twice or after a blank too where the sentence plainly goes on.
    stop = r"(?:(?:[^\S\n]*\.){1,2}(?=\s*[a-zåäö])|\.|(?!\w))"
    kinds = [f"(?:{labels}){stop}"] * bool(labels) + [f"(?:{hidden})(?!\\w)"] * bool(hidden)
    # So do some blanks before it (any number would take for ever), and one that only led to a closing mark.
    return re.compile(rf"[^\S\n]{{0,20}}(?:{'|'.join(kinds)})(?:[^\S\n]+(?=[.,;:!?)]))?") if kinds else None


def _any_blanks(words: tuple[str, ...]) -> list[str]:
    return [r"\s+".join(map(re.escape, word.split())) for word in sorted(words, key=len, reverse=True)]


def strip(lines: tuple[Line, ...], rules: RuleSet) -> BarePage:
    """The page's lines without labels, standing furniture and foot; blank lines stay, they part the blocks."""
    kept = tuple(line for line in (_unlabelled(line, rules) for line in lines) if line is not None)
    kept = tuple(line for line in kept if not says(line.text, rules.lines) or not line.text)
    return _without_foot(kept, rules)


def _unlabelled(line: Line, rules: RuleSet) -> Line | None:
    text = without_labels(line.text, rules).rstrip()
    if text == line.text:
        return line
    pattern = _label_pattern(rules)
    labelled = pattern is not None and any(label.end() == len(line.text) for label in pattern.finditer(line.text))
    return replace(line, text=text, labelled=labelled) if text.strip(" \t\xa0.•*·-–") else None


def _without_foot(lines: tuple[Line, ...], rules: RuleSet) -> BarePage:
    last = max((index for index, line in enumerate(lines) if line.text), default=-1)
    kept: list[Line] = []
    dropped: list[Line] = []
    closed = below = False
    remnants = _remnants(lines, rules)
    for index, line in enumerate(lines):
        text = _before_prompt(line.text, rules, cut=index == last)
        below = below and not _starts_block(line.text, rules)
        if text is not None:
            closed, below = True, remnants[index]
            kept.append(replace(line, text=text))
        elif below and line.text:
            dropped.append(line)
        else:
            kept.append(line)
    return BarePage(lines=tuple(kept), closed=closed, warnings=_left_out(dropped))


def _before_prompt(text: str, rules: RuleSet, *, cut: bool) -> str | None:
    """What stands before a closing prompt in this line, or None when the line has no prompt at its end."""
    for prompt in rules.foot:
        if text.endswith(prompt):
            return text.removesuffix(prompt).rstrip()
        if key(text) == key(prompt):
            return ""
        for size in range(len(prompt) - 1, _CUT_PROMPT - 1, -1) if cut else ():
            if text.endswith(prompt[:size]):
                return text[: len(text) - size].rstrip()
    return None


def _remnants(lines: tuple[Line, ...], rules: RuleSet) -> list[bool]:
    """Of each line whether only short ones (buttons, page data) follow it, up to the next block that the rules know."""
    remnants: list[bool] = []
    only_short = True
    for line in reversed(lines):
        remnants.append(only_short)
        prose = len(line.text) >= _PROSE and line.text[-1] in ".!?:"
        only_short = _starts_block(line.text, rules) or (only_short and not prose)
    return remnants[::-1]


def _starts_block(text: str, rules: RuleSet) -> bool:
    return says(text, rules.related_headings) or says(text, rules.contact_headings)


def _left_out(dropped: list[Line]) -> tuple[str, ...]:
    if not dropped:
        return ()
    return (f"lines {dropped[0].number} to {dropped[-1].number}, below the page's foot, are left out",)
