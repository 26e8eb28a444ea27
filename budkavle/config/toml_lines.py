"""Line numbers of settings in a TOML file: tomllib gives values without them."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

Place = tuple[str | int, ...]
"""The way to a value: keys, and positions in arrays from 0. The empty one is the file itself."""

TOKEN = re.compile(
    r"""
    (?P<string> \"{3} (?: \\[\s\S] | [^\\] )*? \"{3} \"{0,2}    # up to two quotes more may end the text itself
              | '{3} [\s\S]*? '{3} '{0,2}
              | " (?: \\. | [^"\\\n] )* "
              | ' [^'\n]* ' )
  | (?P<bare> [\w+:-]+ )
  | (?P<mark> [\[\]{}=,.] )
  | (?P<newline> \n )
  | (?P<skip> \#[^\n]* | [^\S\n]+ )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token of TOML and the line it begins on."""

    kind: str
    text: str
    line: int


END = Token(kind="end", text="", line=0)


def tokens(text: str) -> list[Token]:
    """The tokens of a TOML text, without blanks and comments."""
    pieces, line = [], 1
    for match in TOKEN.finditer(text):
        if match.lastgroup not in (None, "skip"):
            pieces.append(Token(kind=str(match.lastgroup), text=match[0], line=line))
        line += match[0].count("\n")
    return pieces


def lines(text: str) -> Mapping[Place, int]:
    """The line of every table, key and array item of a TOML text that tomllib can read.

    A table's line is its header's; without a header, the line where it is first named.
    """
    return _Scan(rest=tokens(text)[::-1]).run()


def line_of(lines_by_place: Mapping[Place, int], place: Place) -> int:
    """The line of a setting; of the nearest table around it, where it is missing."""
    while place not in lines_by_place:
        place = place[:-1]
    return lines_by_place[place]


@dataclass(kw_only=True)
class _Scan:
    """A parse of tokens, the next one last in `rest`."""

    rest: list[Token]
    lines: dict[Place, int] = field(default_factory=lambda: {(): 1})
    counts: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    table: Place = ()

    def run(self) -> Mapping[Place, int]:
        while self.rest:
            match self.peek():
                case "\n":
                    self.take()
                case "[":
                    self.header()
                case _:
                    self.setting(self.table)
        return self.lines

    def peek(self) -> str:
        return self.rest[-1].text if self.rest else END.text

    def take(self) -> Token:
        return self.rest.pop() if self.rest else END

    def skip(self, *marks: str) -> None:
        while self.rest and self.peek() in marks:
            self.take()

    def header(self) -> None:
        line = self.take().line
        many = self.peek() == "["
        self.skip("[")
        keys = self.keys()
        self.skip("]")
        self.table = self.walk((), keys[:-1], line)
        self.table = (*self.table, keys[-1])
        if many:
            self.lines.setdefault(self.table, line)
            self.table = (*self.table, self.counts[self.table])
            self.counts[self.table[:-1]] += 1
        self.lines[self.table] = line

    def walk(self, place: Place, keys: list[str], line: int) -> Place:
        """The place that keys lead to, entering the newest table of every array of tables."""
        for key in keys:
            place = (*place, key)
            self.lines.setdefault(place, line)
            place = (*place, self.counts[place] - 1) if place in self.counts else place
        return place

    def keys(self) -> list[str]:
        names = [self.key()]
        while self.peek() == ".":
            self.take()
            names.append(self.key())
        return names

    def key(self) -> str:
        token = self.take()
        return str(tomllib.loads(f"key = {token.text}")["key"]) if token.kind == "string" else token.text

    def setting(self, table: Place) -> None:
        line = self.rest[-1].line
        keys = self.keys()
        place = (*self.walk(table, keys[:-1], line), keys[-1])
        self.lines.setdefault(place, line)
        self.skip("=")
        self.value(place)

    def value(self, place: Place) -> None:
        match self.peek():
            case "[":
                self.array(place)
            case "{":
                self.inline_table(place)
            case _:
                while self.rest and (self.rest[-1].kind in {"string", "bare"} or self.peek() == "."):
                    self.take()

    def array(self, place: Place) -> None:
        self.take()
        self.skip("\n", ",")
        position = 0
        while self.rest and self.peek() != "]":
            self.lines[(*place, position)] = self.rest[-1].line
            self.value((*place, position))
            self.skip("\n", ",")
            position += 1
        self.take()

    def inline_table(self, place: Place) -> None:
        self.take()
        self.skip("\n", ",")
        while self.rest and self.peek() != "}":
            self.setting(place)
            self.skip("\n", ",")
        self.take()
