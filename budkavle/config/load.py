"""The configuration: config.toml read once, at the roof, and handed on as plain values."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from articles.article import Publisher, PublisherId, Topic, TopicId
from budkavle.config.cross_checks import check
from budkavle.config.faults import ConfigError, ConfigFault, Finding, findings, key_of
from budkavle.config.settings import Settings
from budkavle.config.toml_lines import Place, line_of, lines

BOUNCES = Path("bounces", "unknown")
"""Where returned mail is kept that nobody understood, beside the store."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """A configuration without fault: the settings as in the file, and what the packages take from them."""

    file: Path
    settings: Settings

    @property
    def folder(self) -> Path:
        """The file's folder, absolute: all paths of the file start there."""
        return self.file.absolute().parent

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        return self.folder / self.settings.store.url.removeprefix("sqlite:///")

    @property
    def store_url(self) -> str:
        """The address of the store, its path absolute."""
        return f"sqlite:///{self.store_path}"

    @property
    def publish_folder(self) -> Path:
        """Where what is public is written; documents lie in feeds/ under it."""
        return self.folder / self.settings.publish.target

    @property
    def outbox(self) -> Path:
        """The Maildir that letters go to when the transport is "maildir"."""
        return self.folder / self.settings.mail.path

    @property
    def returned_folder(self) -> Path:
        """Returned mail that nobody understood."""
        return self.store_path.parent / BOUNCES

    @property
    def templates_folder(self) -> Path:
        """The operator's own templates, if there is such a folder."""
        return self.folder / self.settings.templates

    @property
    def ca_file(self) -> Path | None:
        """The certificates of those who vouch for the relay, where the system's do not."""
        smtp = self.settings.mail.smtp
        return self.folder / smtp.ca_file if smtp and smtp.ca_file else None

    @property
    def password_file(self) -> Path | None:
        """The file that holds the relay's password, if the relay wants one."""
        mail = self.settings.mail
        file: str | None = getattr(mail.relay or mail.smtp, "password_file", None)
        return self.folder / file if file else None

    def publishers(self) -> Mapping[PublisherId, Publisher]:
        """The publishers by id, in the order of the file."""
        return {
            PublisherId(table.id): Publisher(
                id=PublisherId(table.id),
                name=table.name,
                url=table.url,
                language=table.language or self.settings.language,
                tag_authority=table.tag_authority,
            )
            for table in self.settings.publishers
        }

    def topics(self) -> tuple[Topic, ...]:
        """The topics in the order of the file."""
        return tuple(
            Topic(id=TopicId(table.id), label=table.label, words=table.words) for table in self.settings.topics
        )


def shipped_rule_sets() -> frozenset[str]:
    """The names that a source's `rules` may have."""
    rules = files("articles.sources").joinpath("rules").iterdir()
    return frozenset(rule.name.removesuffix(".toml") for rule in rules if rule.name.endswith(".toml"))


_MOST_SIGNS, _MOST_DOTS = 1_000_000, 1_000
"""The shipped file has some 10 000 characters, and the longest line of a thousand words no dot."""


def load(path: Path) -> Config:
    """The configuration in a file; raises ConfigError with all its faults at once."""
    text = _text(path)
    raw = _toml(path, text)
    problems: list[Finding] = []
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as errors:
        problems += findings(errors.errors(include_url=False))
    problems += check(raw, path.absolute().parent, shipped_rule_sets())
    if problems:
        raise ConfigError(tuple(_faults(path, lines(text), problems)))
    return Config(file=path, settings=settings)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        remedy = "name another with --config, or write one with: budkavle init"
        raise _fault(path, None, "there is no such file", remedy) from None
    except OSError as error:
        remedy = "let Budkavle read it, or name another with --config"
        raise _fault(path, None, f"cannot be read: {error.strerror}", remedy) from error
    try:
        return raw.decode("utf-8-sig")  # some editors put a byte order mark before what they save
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _fault(path, line, "is not UTF-8 here", "save the file as UTF-8") from None


def _toml(path: Path, text: str) -> Mapping[str, object]:
    """What the file says. The steps are bounded: tomllib takes the square of a dotted key's parts, and nests calls."""
    remedy = "begin with the file that `budkavle init` writes, and change its values"
    if len(text) > _MOST_SIGNS:
        raise _fault(path, None, f"has {len(text)} characters, more than {_MOST_SIGNS}", remedy)
    for number, row in enumerate(text.split("\n"), 1):
        if row.count(".") > _MOST_DOTS:
            raise _fault(path, number, f"has more than {_MOST_DOTS} dots in this line", remedy)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _fault(path, None, "has arrays or tables in each other without end", remedy) from None
    except tomllib.TOMLDecodeError as error:
        what, line = _message_and_line(str(error), text)
        key = re.match(r"\s*([\w.-]+)\s*=", text.splitlines()[line - 1])
        remedy = "texts stand in double quotes, tables in brackets, each name once"
        raise _fault(path, line, f"is no TOML: {what}", remedy, key=key[1] if key else "") from None


def _message_and_line(message: str, text: str) -> tuple[str, int]:
    """What tomllib says, apart from the line it says it of."""
    match = re.search(r" \(at line ([0-9]+), column [0-9]+\)$", message)
    if match:
        return message[: match.start()], int(match[1])
    return f"{message.removesuffix(' (at end of document)')}, at the end of the file", len(text.splitlines())


def _fault(path: Path, line: int | None, what: str, remedy: str, key: str = "") -> ConfigError:
    return ConfigError((ConfigFault(file=str(path), line=line, key=key, what=what, remedy=remedy),))


def _faults(path: Path, lines_by_place: Mapping[Place, int], problems: list[Finding]) -> list[ConfigFault]:
    """The faults in the order of their lines. A setting has one at a time: its own before how it fits the others."""
    first = {problem.place: problem for problem in reversed(problems)}
    placed = sorted(
        ((line_of(lines_by_place, place), problem) for place, problem in reversed(first.items())),
        key=lambda pair: pair[0],
    )
    return [
        ConfigFault(file=str(path), line=line, key=key_of(problem.place), what=problem.what, remedy=problem.remedy)
        for line, problem in placed
    ]
