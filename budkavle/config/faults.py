"""Validation errors of a configuration, said so that the person before the file can mend them."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from budkavle.config.field_types import Wrong, nearest
from budkavle.config.settings import Settings
from budkavle.config.table import Table
from budkavle.config.toml_lines import Place

SHOWN = 60
"""Signs of a wrong value that a message repeats."""


@dataclass(frozen=True, kw_only=True)
class ConfigFault:
    """A fault of a configuration: where it stands, what is wrong, and the remedy. `key` is empty when no key is known.

    `passes`: it mends itself, and is to be tried again later.
    """

    file: str
    line: int | None
    key: str
    what: str
    remedy: str
    passes: bool = False

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        return f"{where}: {key}{self.what}; {self.remedy}"


class ConfigError(Exception):
    """A configuration that cannot be used: all of its faults, in the order of their lines."""

    def __init__(self, faults: tuple[ConfigFault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault at a place, before its line is looked up."""

    place: Place
    what: str
    remedy: str
    passes: bool = False


def key_of(place: Place) -> str:
    """The dotted key of a place: without positions in lists, for the line says which."""
    return ".".join(part for part in place if isinstance(part, str))


def shown(value: object) -> str:
    """A wrong value as a message repeats it: as in the file, short, and without a password."""
    simple = isinstance(value, str | int | float | list | dict)
    text = json.dumps(value, ensure_ascii=False, default=str) if simple else str(value)
    text = re.sub(r"//[^/@\s]*@", "//…@", text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def findings(errors: Sequence[ErrorDetails]) -> Iterator[Finding]:
    """Validation errors of pydantic in plain words. A setting missing because it is misspelt is one fault, not two."""
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    meant = {(*place[:-1], nearest(str(place[-1]), _names(place[:-1]))) for place in unknown}
    for error in errors:
        if error["type"] != "missing" or error["loc"] not in meant:
            what, remedy = _fault_and_remedy(error)
            yield Finding(place=error["loc"], what=what, remedy=remedy)


def _fault_and_remedy(error: ErrorDetails) -> tuple[str, str]:
    place, value, context = error["loc"], error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            fault_and_remedy = "is missing", _addition(place)
        case "extra_forbidden":
            # The value is not repeated: it may be a password that found no place.
            fault_and_remedy = "there is no such setting", _alternative(place)
        case "value_error" if isinstance(wrong := context["error"], Wrong):
            fault_and_remedy = f"{shown(value)} {wrong.what}", wrong.remedy
        case "literal_error":
            fault_and_remedy = f"{shown(value)} is not allowed", _choice(place, value)
        case kind:
            fault_and_remedy = f"{shown(value)} {_PLAIN.get(kind, error['msg'])}", _right(place, context)
    return fault_and_remedy


_PLAIN = {
    "int_type": "is no whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "tuple_type": "is no list",
    "model_type": "is no table",
}


def _right(place: Place, context: dict[str, object]) -> str:
    match context:
        case {"ge": least}:
            return f"write {least} or more"
        case {"le": most}:
            return f"write {most} or less"
    return f"write {_shape(place)}"


def _addition(place: Place) -> str:
    field = _field(place)
    if field is None or not field.examples:
        return f"add {_shape(place)}"
    return f"add {place[-1]} = {json.dumps(field.examples[0], ensure_ascii=False)}, with a value of yours"


def _alternative(place: Place) -> str:
    name, names = str(place[-1]), _names(place[:-1])
    homes = [*_homes(name)]
    top = {home[:1] for home in homes}
    if 0 < len(top) <= _FEW:  # most often: added at the end of the file, and so to its last table
        return f"move it {' or '.join(map(_under, homes))}"
    close = nearest(name, names)
    return f"did you mean {close}?" if close else f"remove it; known here: {', '.join(names)}"


_FEW = 2
"""More tables at the top than this, and naming them all would help nobody; relays in [mail] have much in common."""


def _homes(name: str, table: type[Table] = Settings, place: Place = ()) -> Iterator[Place]:
    """The tables that have a setting of this name."""
    for attribute, field in table.model_fields.items():
        setting_place = (*place, field.alias or attribute)
        inner = _table(field)
        if setting_place[-1] == name:
            yield place
        if inner:
            yield from _homes(name, inner, setting_place)


def _under(table: Place) -> str:
    return f"under {_shape(table)}" if table else "to the top of the file, before the first table"


def _names(place: Place) -> list[str]:
    """What the settings of a table are called in the file."""
    field = _field(place)
    table = _table(field) if field else Settings
    return [setting.alias or name for name, setting in table.model_fields.items()] if table else []


def _choice(place: Place, value: object) -> str:
    field = _field(place)
    choices = [choice for choice in _leaves(field.annotation) if isinstance(choice, str)] if field else []
    close = nearest(value, choices) if isinstance(value, str) else None
    return f'write "{close}"' if close else "write one of " + ", ".join(f'"{choice}"' for choice in choices)


def _shape(place: Place) -> str:
    """What a setting that is no text looks like."""
    field = _field(place)
    many = field is not None and get_args(field.annotation)[1:] == (...,)
    if field is not None and _table(field):
        return f"[[{key_of(place)}]]" if many else f"[{key_of(place)}]"
    return 'a list, such as ["a", "b"]' if many else "digits without quotes, such as 30"


def _field(place: Place) -> FieldInfo | None:
    """The setting at a place, if there is one of that name."""
    table: type[Table] | None = Settings
    field = None
    for name in (part for part in place if isinstance(part, str)):
        fields = {field.alias or attribute: field for attribute, field in table.model_fields.items()} if table else {}
        field = fields.get(name)
        table = _table(field) if field else None
    return field


def _table(field: FieldInfo) -> type[Table] | None:
    """The table that a setting holds, or many of."""
    leaves = _leaves(field.annotation)
    return next((leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, Table)), None)


def _leaves(annotation: object) -> Iterator[object]:
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for part in inner:
        yield from _leaves(part)
