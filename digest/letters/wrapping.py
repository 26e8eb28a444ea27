"""Line wrapping of the text part: no number is parted from what it counts."""

import re
import textwrap

WIDTH = 72

_AFTER_NUMBER = re.compile(r"(?<=\d) (?=[^\W_])")
_BEFORE_NUMBER = re.compile(r"\b(kl\.?|nr\.?|ca|den|kap\.|s\.) (?=\d)|(§) (?=\d)", re.IGNORECASE)
_DATE = re.compile(r"(?<!\w)(\d{1,2})[ \xa0]([^\W\d_]{3,12})[ \xa0](?=\d{4}(?!\w))")
_HOLD = "\N{NO-BREAK SPACE}"


def held(text: str) -> str:
    """The text on one line, with a no-break space between a number and what it counts."""
    once = _BEFORE_NUMBER.sub(lambda match: match.group().rstrip() + _HOLD, " ".join(text.split()))
    return _DATE.sub(rf"\1{_HOLD}\2{_HOLD}", _AFTER_NUMBER.sub(_HOLD, once))


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """The text as one paragraph of lines of at most WIDTH characters; a longer word keeps a line of its own.

    Every line begins with `indent`, the first one with `first` where it is given.
    """
    lines = textwrap.wrap(
        held(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_HOLD, " ")
