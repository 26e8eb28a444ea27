"""Manual page: roff (man(7)) of every command with its options, made of the same words as `--help`."""

import re
from collections.abc import Iterator

from cyclopts import App
from cyclopts.argument import Argument

_CODES = (
    (0, "done, also when there was nothing to do"),
    (1, "something needs a person"),
    (2, "wrong use or wrong configuration"),
    (75, "try again later"),
    (130, "broken off by Ctrl-C"),
)
_FILES = (("config.toml", "the configuration, in the folder where a command is typed, or where --config says"),)


def manual(app: App, version: str) -> str:
    """The page budkavle(1)."""
    lines = [
        f'.TH BUDKAVLE 1 "" "budkavle {_text(version)}" "Budkavle"',
        ".SH NAME",
        r"budkavle \- feeds and mail digests from a newsroom's articles",
        ".SH SYNOPSIS",
        ".B budkavle",
        r".I COMMAND",
        r"[\fIOPTION\fR ...] [\fIARGUMENT\fR ...]",
        ".SH DESCRIPTION",
        *_prose(app.help),
        ".SH COMMANDS",
        *(line for path, command in commands(app) for line in _command(path, command)),
        ".SH EXIT STATUS",
        *(line for code, meaning in _CODES for line in _entry(str(code), meaning)),
        ".SH FILES",
        *(line for file, meaning in _FILES for line in _entry(file, meaning)),
    ]
    return "\n".join(lines) + "\n"


def commands(app: App, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command that does something, with the words that call it, in the order of the words."""
    for name in sorted(name for name in app if not name.startswith("-")):
        command, path = app[name], (*before, name)
        inner = list(commands(command, path))
        yield from inner or [(path, command)]


def _command(path: tuple[str, ...], command: App) -> Iterator[str]:
    arguments = [
        argument for argument in command.assemble_argument_collection() if argument.parameter.parse is not False
    ]
    words = " ".join(_synopsis(argument) for argument in arguments)
    yield f".SS budkavle {_text(' '.join(path))}"
    yield rf"\fBbudkavle {_text(' '.join(path))}\fR {words}".rstrip()
    yield ".PP"
    yield from _prose(command.help)
    for argument in arguments:
        yield from _entry(_name(argument), argument.parameter.help or "")


def _synopsis(argument: Argument) -> str:
    shown = _text(_name(argument))
    return shown if argument.required else f"[{shown}]"


def _name(argument: Argument) -> str:
    """An argument as one types it: `NUMBER`, `--json`, `--config PATH`."""
    name = argument.name
    if not name.startswith("--"):
        return name
    is_flag = argument.hint is bool
    return name if is_flag else f"{name} {name.removeprefix('--').upper()}"


def _entry(term: str, meaning: str) -> Iterator[str]:
    yield ".TP"
    yield rf"\fB{_text(term)}\fR"
    yield from _prose(meaning)


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; a line that begins like a request is none."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        line = _text(" ".join(paragraph.split()))
        yield rf"\&{line}" if line.startswith((".", "'")) else line


def _text(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-")
