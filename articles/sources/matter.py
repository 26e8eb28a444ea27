"""Front matter: the keys of a Markdown file with the lines they stand on.

It is walked once, no deeper and no wider than people write one: an alias (`*name`) repeats what an anchor holds, and
aliases of aliases make years of work of four hundred bytes.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

import yaml
from frontmatter.default_handlers import YAMLHandler

from articles.sources.plain import faulty_character
from articles.sources.reading import Refused

_MOST_SIGNS = 50_000
_MOST_NODES = 5_000
"""Each value, key, list and item is one: two hundred related texts with three keys each are some 1 500."""
_MOST_DEPTH = 10
"""The keys of an article need four: the file, its contacts, a contact, their phones."""


class MatterLimitError(ValueError):
    """A front matter is larger than any person's: `line` counts from 1 in the YAML, where it is known."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason)
        self.line = line


class MatterError(ValueError):
    """A key of the front matter is wrong: `refused` says why, where and how to mend it."""

    def __init__(self, reason: str, line: int | None) -> None:
        """Keep the reason as the refusal that the reader of the file gets."""
        super().__init__(reason)
        self.refused = Refused(reason=reason, line=line)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One key: its value as YAML gives it, as it is written, and its line in the file."""

    key: str
    value: object
    raw: str
    line: int

    def refuse(self, why: str) -> NoReturn:
        """Raise that this key's value is wrong."""
        refuse(f"{self.key}: {why}", self.line)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """A Markdown file parted: its keys, its text, and how many lines stand above the text."""

    entries: dict[str, Entry]
    text: str
    above: int


def split(text: str) -> Matter:
    """The front matter and the text below it; MatterError when it is no YAML mapping or is not closed."""
    handler = YAMLHandler()
    fence = handler.FM_BOUNDARY.match(text) if handler.FM_BOUNDARY else None
    if fence is None:
        return Matter(entries={}, text=text, above=0)
    try:
        declared, body = handler.split(text)
    except ValueError:
        refuse("the front matter is not closed; put a line --- below its last key", 1)
    entries = _entries(declared, text.count("\n", 0, fence.end()))
    return Matter(entries=entries, text=body, above=text.count("\n", 0, len(text) - len(body)))


def refuse(reason: str, line: int | None) -> NoReturn:
    """Raise that the front matter is wrong."""
    raise MatterError(reason, line)


def nearest(word: str, words: list[str]) -> str:
    """The remedy for an unknown word: the nearest known one, or all of them."""
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(sorted(words)) or 'none: there are none'}"


def _entries(declared: str, above: int) -> dict[str, Entry]:
    try:
        root, values = _load(declared)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = above + mark.line + 1 if mark else None
        refuse(f"the front matter is no YAML: {error.problem or error.context}; mend it", line)
    except MatterLimitError as error:
        refuse(f"the front matter is no YAML of an article: {error}", above + error.line if error.line else None)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        line = _impossible_date(declared, above)
        refuse(f"the front matter is no YAML: {str(error)[:200]}; mend it", line)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode) or not isinstance(values, dict):
        refuse("the front matter is no list of keys; write key: value on each line", above + root.start_mark.line + 1)
    return _by_key(root, values, above)


def _by_key(root: yaml.MappingNode, values: dict[object, object], above: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name, node in root.value:
        key, line = str(name.value), above + name.start_mark.line + 1
        if key in entries:
            refuse(f"{key} stands twice, first on line {entries[key].line}; keep one", line)
        if faulty := _faulty(values.get(name.value)):
            refuse(f"{key}: {faulty.reason}", line)
        raw = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        entries[key] = Entry(key=key, value=values.get(name.value), raw=raw, line=line)
    return entries


def _faulty(value: object) -> Refused | None:
    """A control character in any text of a value: YAML can write one that the file itself does not hold."""
    match value:
        case str():
            return faulty_character(value)
        case list():
            faults = (_faulty(item) for item in value)
        case dict():
            faults = (_faulty(item) for pair in value.items() for item in pair)
        case _:
            return None
    return next((fault for fault in faults if fault), None)


def _impossible_date(declared: str, above: int) -> int | None:
    """The line of the first value that looks like a date, for YAML does not say which one no calendar has."""
    match = re.search(r":\s*\d{4}-\d", declared)
    return above + declared.count("\n", 0, match.start()) + 1 if match else None


def _load(declared: str) -> tuple[yaml.Node | None, object]:
    """The tree of a YAML document, and its value. Raises yaml.YAMLError, ValueError, and MatterLimitError among them.

    The steps are no more than some for each character and each node.
    """
    if len(declared) > _MOST_SIGNS:
        why = f"{len(declared)} characters are more than {_MOST_SIGNS}: the text belongs below the closing ---"
        raise MatterLimitError(why, None)
    loader = _Loader(declared)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, counting."""

    def __init__(self, declared: str) -> None:
        super().__init__(declared)
        self._nodes = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node. Raises MatterLimitError."""
        if self.check_event(yaml.AliasEvent):
            self._refuse("a value that begins with * stands for another one in YAML; write it out, or put it in quotes")
        self._nodes += 1
        self._depth += 1
        if self._nodes > _MOST_NODES:
            self._refuse(f"more than {_MOST_NODES} values; take away what is not about this article")
        if self._depth > _MOST_DEPTH:
            self._refuse(f"lists and keys lie more than {_MOST_DEPTH} deep; write them one below the other")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - PyYAML's
        """The value of a node. Raises yaml.YAMLError, also where PyYAML stumbles over a value that its tag cannot have.

        So it does over `!!int ""`, `!!bool maybe`, `!!timestamp soon`, and a number of base 60 that no float holds.
        """
        try:
            value: object = super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError) as error:
            why = f"this value is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark) from error
        return value

    def _refuse(self, why: str) -> None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        raise MatterLimitError(why, mark.line + 1 if mark else None)
