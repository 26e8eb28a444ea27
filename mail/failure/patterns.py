"""Regular expressions that are compiled at first use: commands that send nothing do not wait for them."""

import re
from collections.abc import Callable
from functools import cached_property


class Pattern:
    """A regular expression of alternatives, made when it is first asked; then as fast as any other."""

    def __init__(self, alternatives: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._alternatives = alternatives
        self._flags = flags

    @cached_property
    def search(self) -> "Callable[[str], re.Match[str] | None]":
        """Its first match in a text, as `re.Pattern.search` has it."""
        return re.compile(self._alternatives, self._flags).search


def any_of(*phrases: str) -> Pattern:
    """What matches where one of these does."""
    return Pattern("|".join(phrases))
