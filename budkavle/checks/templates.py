"""Check of templates: each is filled with sample values before a reader meets its fault."""

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes

from budkavle.checks.samples import Sample, leave_url, samples
from budkavle.checks.samples_notices import CHOICES_URL, PAGE_URL, URL
from budkavle.config.faults import ConfigFault
from budkavle.config.field_types import nearest
from budkavle.config.load import Config
from budkavle.rendering.templates import (
    LETTERS,
    Render,
    built_in_templates,
    environment,
    kept_renderer,
    letter_templates,
    operators_files,
    renderer,
    template_file,
    template_names,
)
from budkavle.rendering.translations import languages
from feeds.formats.html_page import MARKER

_GUIDE = "docs/templates.md says what each template is given"
_MUST_SHOW = (
    *(
        (f"letters/{kind}.{form}", url, name, without)
        for kind, url, name, without in (
            ("edition", leave_url(), "leave_url", "nobody could leave"),
            ("edition", CHOICES_URL, "choices_url", "nobody could change what they get"),
            ("confirm", URL, "url", "nobody could follow it"),
            ("move", URL, "url", "nobody could follow it"),
            ("my_data", URL, "url", "nobody could follow it"),
            ("already", CHOICES_URL, "choices_url", "nobody could follow it"),
            ("moved", PAGE_URL, "page_url", "nobody could come back"),
        )
        for form in ("html", "txt")
    ),
    ("pages/leave.html", '<form method="post"', '<form method="post">', "nobody could leave"),
    ("pages/feed.html", MARKER, MARKER, "no entry could stand in it"),
    ("feeds/item.html", 'class="u-uid"', 'class="u-uid"', "no entry could be read back, and none is published unread"),
)
"""What must be there, whatever a template looks like: its name, the text, what writes that, and what is without it."""


def template_faults(config: Config) -> Iterator[ConfigFault]:
    """Faults of the templates, each with its file and line: unknown files, then syntax, then filling them."""
    operators_folder, zone = config.templates_folder, config.settings.timezone
    yield from _unknown_files(operators_folder)
    unreadable = list(_unreadable(operators_folder, zone))
    yield from unreadable
    if not unreadable:
        yield from dict.fromkeys(
            fault for language in languages() for fault in _filled(operators_folder, zone, language)
        )


def _unknown_files(operators_folder: Path) -> Iterator[ConfigFault]:
    for name in operators_files(operators_folder):
        if name not in template_names():
            close = nearest(name, [*template_names()])
            remedy = f"did you mean {close}?" if close else f"remove it; there are {', '.join(template_names())}"
            yield _fault(operators_folder / name, None, "there is no template of this name", remedy)


def _unreadable(operators_folder: Path, zone: ZoneInfo) -> Iterator[ConfigFault]:
    """Faults of single files of the operator's: encoding, syntax, and names that nothing is known by."""
    names_by_folder = _names_by_folder(zone)
    for name in operators_files(operators_folder):
        if name not in template_names():
            continue
        path = operators_folder / name
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            yield _fault(path, line, "is not UTF-8 here", "save the file as UTF-8")
            continue
        except OSError as error:
            yield _fault(path, None, f"cannot be read: {error.strerror}", "let Budkavle read it, or remove it")
            continue
        if not name.endswith(".css"):
            yield from _faults_of_text(
                path, text, environment("sv", zone, operators_folder), names_by_folder[_folder(name)]
            )


def _faults_of_text(path: Path, text: str, templates: Environment, names: frozenset[str]) -> Iterator[ConfigFault]:
    try:
        templates.compile(text, filename=str(path))
    except TemplateSyntaxError as error:
        yield _fault(path, error.lineno, str(error.message).rstrip("."), _compare(path))
        return
    tree = templates.parse(text)
    for name in sorted(meta.find_undeclared_variables(tree) - names - _defined(tree)):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), None)
        close = nearest(name, sorted(names))
        yield _fault(path, line, f"nothing is called {name} here", f"did you mean {close}?" if close else _GUIDE)


def _defined(tree: nodes.Template) -> set[str]:
    """The names that a template gives to what it makes or imports: a block sees them, which Jinja finds out late."""
    named = {macro.name for macro in tree.find_all(nodes.Macro)}
    named |= {name for statement in tree.find_all(nodes.FromImport) for name in _last(statement.names)}
    return named | {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}


def _last(names: Iterable[str | tuple[str, str]]) -> Iterator[str]:
    """What imported names are called here: `a` or, of `a as b`, b."""
    return (name if isinstance(name, str) else name[1] for name in names)


def _filled(operators_folder: Path, zone: ZoneInfo, language: str) -> Iterator[ConfigFault]:
    """Faults of filling the templates in one language. Letters are filled as editions are: from their own set alone."""
    rendered_today = renderer(language, zone, operators_folder)
    letters = kept_renderer(letter_templates(operators_folder), language, zone)
    for sample in samples(language, zone):
        render = letters if sample.name.startswith(LETTERS) else rendered_today
        yield from _faults_of_filling(sample, render, operators_folder)


def _faults_of_filling(sample: Sample, render: Render, operators_folder: Path) -> Iterator[ConfigFault]:
    path = template_file(sample.name, operators_folder)
    try:
        text = render(sample.name, sample.values)
    except Exception as error:  # noqa: BLE001 - a template can fail in any way that Python can
        where, line = _where(error, operators_folder) or (path, None)
        what = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        remedy = _GUIDE if isinstance(error, UndefinedError) else _compare(where)
        yield _fault(where, line, what, remedy)
        return
    for name, must, written, without in _MUST_SHOW:
        if name == sample.name and must not in text:
            yield _fault(path, None, f"does not show {written}: {without}", "put it back")


def _where(error: Exception, operators_folder: Path) -> tuple[Path, int | None] | None:
    """The innermost template, and its line, that an error came from."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        for name in template_names():
            path = template_file(name, operators_folder)
            if frame.filename in {name, str(path), str(built_in_templates() / name)}:
                return path, frame.lineno
    return None


def _names_by_folder(zone: ZoneInfo) -> dict[str, frozenset[str]]:
    """The names that the templates of each folder may be given."""
    names: dict[str, frozenset[str]] = {}
    for sample in samples("sv", zone):
        folder = _folder(sample.name)
        names[folder] = names.get(folder, frozenset()) | sample.values.keys()
    return names


def _compare(path: Path) -> str:
    return f"compare it with {built_in_templates() / path.parent.name / path.name}"


def _folder(name: str) -> str:
    return name.partition("/")[0]


def _fault(path: Path, line: int | None, what: str, remedy: str) -> ConfigFault:
    return ConfigFault(file=str(path), line=line, key="", what=" ".join(what.split()), remedy=remedy)
