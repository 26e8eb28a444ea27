"""Fields of a form, and what may be wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Fields = Mapping[str, Sequence[str]]
_LONGEST = 1000


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A validation error of a field, in words for the person who filled it in; without a field, with the whole form."""

    field: str
    text: str


def value(fields: Fields, name: str) -> str:
    """The one value of a field, cut at a length that no answer has; the last one, should there be more."""
    return fields.get(name, [""])[-1][:_LONGEST]
