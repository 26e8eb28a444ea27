"""Rule sets: those that come with Budkavle, and how one is read."""

import re
import tomllib
from dataclasses import fields
from importlib.resources import files

from articles.sources.furniture import RuleSet


def shipped() -> tuple[RuleSet, ...]:
    """All rule sets of `articles/sources/rules`, by name."""
    entries = (entry for entry in files("articles.sources").joinpath("rules").iterdir() if entry.name.endswith(".toml"))
    return tuple(
        parse(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8"))
        for entry in sorted(entries, key=lambda entry: entry.name)
    )


def parse(name: str, text: str) -> RuleSet:
    """The rule set of a TOML text; ValueError names the key that is at fault and the remedy."""
    table = tomllib.loads(text)
    keys = [field.name for field in fields(RuleSet) if field.name != "name"]
    for key, value in table.items():
        if key not in keys:
            msg = f"{name}.toml: {key} is no list of a rule set; use one of {', '.join(keys)}"
            raise ValueError(msg)
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            msg = f"{name}.toml: {key} must be a list of texts that are not empty"
            raise ValueError(msg)
    _check_patterns(name, table.get("label_patterns", []))
    return RuleSet(name=name, **{key: tuple(value) for key, value in table.items()})


def _check_patterns(name: str, patterns: list[str]) -> None:
    for pattern in patterns:
        try:
            match = re.fullmatch(pattern, "")
        except re.error as error:
            msg = f"{name}.toml: label_patterns: {pattern!r} is no regular expression ({error}); mend it"
            raise ValueError(msg) from error
        if match:
            msg = f"{name}.toml: label_patterns: {pattern!r} matches nothing at all, everywhere; make it say something"
            raise ValueError(msg)
