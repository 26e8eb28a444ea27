"""Templates: the one Jinja environment, through which every word goes that people read.

A file in the operator's own folder replaces the built-in template of the same name; all others stay.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from css_inline import CSSInliner
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket
from jinja2.ext import InternationalizationExtension
from markupsafe import Markup

from budkavle.rendering.translations import translations
from digest.letters.wrapping import held, wrapped

Render = Callable[[str, Mapping[str, object]], str]
"""Fills the template of this name with these values. What it returns holds no control character but line break and tab.
"""

LETTERS, FEEDS = "letters/", "feeds/"

_CHARSET = re.compile(r"<meta charset=[^>]*>\n?", re.IGNORECASE)
# Control characters are forbidden in XML and HTML and forge lines in text; surrogates cannot be encoded; an unclosed
# embedding or override (UAX 9) of one headline would turn around all that follows it.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def built_in_templates() -> Path:
    """The folder of the templates: in the package when installed from a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"


def template_names() -> tuple[str, ...]:
    """The names that there are, such as `letters/edition.html`: no other file can be a template."""
    return _names_in(built_in_templates())


def operators_files(operators_folder: Path | None) -> tuple[str, ...]:
    """The files in the operator's folder by name, those left out that an editor hides or keeps as a copy."""
    same = operators_folder is None or (operators_folder.is_dir() and operators_folder.samefile(built_in_templates()))
    return () if operators_folder is None or same else _names_in(operators_folder)


def template_file(name: str, operators_folder: Path | None) -> Path:
    """The file that a template is read from."""
    replaced = operators_folder / name if operators_folder else None
    return replaced if replaced and replaced.is_file() else built_in_templates() / name


def letter_templates(operators_folder: Path | None) -> Mapping[str, str]:
    """All that letters are made from today, name to text: an edition keeps it, and is rendered from it to its end."""
    return _texts(LETTERS, operators_folder)


def feed_templates(operators_folder: Path | None) -> Mapping[str, str]:
    """All that feeds are made from today, name to text: when one changes, everything is made anew."""
    return _texts((FEEDS, "pages/feed.", "pages/layout."), operators_folder)


def _texts(beginnings: str | tuple[str, ...], operators_folder: Path | None) -> dict[str, str]:
    names = (name for name in template_names() if name.startswith(beginnings))
    return {name: template_file(name, operators_folder).read_text(encoding="utf-8") for name in names}


def renderer(language: str, zone: ZoneInfo, operators_folder: Path | None = None) -> Render:
    """A renderer of today's templates in this language; days are those of the zone."""
    return _filling(environment(language, zone, operators_folder))


def kept_renderer(files: Mapping[str, str], language: str, zone: ZoneInfo) -> Render:
    """A renderer of kept templates, and no others."""
    return _filling(_kept_environment(tuple(sorted(files.items())), language, zone))


def _filling(templates: Environment) -> Render:
    def render(name: str, values: Mapping[str, object]) -> str:
        return _UNFIT.sub("", templates.get_template(name).render(values))

    return render


@cache
def environment(language: str, zone: ZoneInfo, operators_folder: Path | None = None) -> Environment:
    """The environment of today's templates, made once per process. `.html` is escaped, text is not."""
    return _environment(
        FileSystemLoader([operators_folder, built_in_templates()] if operators_folder else built_in_templates()),
        language,
        zone,
    )


@lru_cache(maxsize=8)
def _kept_environment(files: tuple[tuple[str, str], ...], language: str, zone: ZoneInfo) -> Environment:
    texts = dict(files)

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        # The name stands for the file, so that a traceback tells which template and which line.
        return (texts[name], name, lambda: True) if name in texts else None

    return _environment(FunctionLoader(load), language, zone)


class _Compiled(BytecodeCache):
    """What this process has compiled: a text is compiled once, not for each language and each set of templates."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def _environment(loader: BaseLoader, language: str, zone: ZoneInfo) -> Environment:
    templates = Environment(
        loader=loader,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        extensions=[InternationalizationExtension],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_COMPILED,
        auto_reload=False,  # a daemon in the middle of an upgrade must not mix old code with new templates
    )
    templates.policies["ext.i18n.trimmed"] = True
    catalogue = translations(language)
    templates.install_gettext_callables(catalogue.ugettext, catalogue.ungettext, newstyle=True)  # type: ignore[attr-defined]
    templates.globals["language"] = language
    templates.filters |= _filters(language, zone)
    return templates


def _names_in(folder: Path) -> tuple[str, ...]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return tuple(sorted(name for name in names if not re.search(r"(^|/)\.|~$", name)))


def _filters(language: str, zone: ZoneInfo) -> dict[str, Callable[..., object]]:
    def day(value: date | datetime, tongue: str = language) -> str:
        local = value.astimezone(zone) if isinstance(value, datetime) else value
        return format_date(local, "long", locale=_locale(tongue) or _locale(language))

    def listed(names: Iterable[str]) -> str:
        return format_list([*names], locale=_locale(language))

    def one_line_day(value: date | datetime) -> str:
        """As letters have it: in one style, and no line breaks inside."""
        local = value.astimezone(zone) if isinstance(value, datetime) else value
        words = format_date(local, "d MMMM y" if language == "en" else "long", locale=_locale(language))
        return words.replace(" ", "\N{NO-BREAK SPACE}")

    return {
        "day": day,
        "date": one_line_day,
        "dialled": dialled,
        "listed": listed,
        "wrapped": wrapped,
        "held": held,
        "inlined": inlined,
    }


def dialled(phone: str) -> str:
    """A telephone number as a link dials it (RFC 3966): digits, and a plus sign before them."""
    return re.sub(r"\(0\)|[^+0-9]", "", phone)


@cache
def _locale(tongue: str) -> Locale | None:
    """How a language such as `sv` or `en-GB` writes days and lists; None when Babel does not know it."""
    try:
        return Locale.parse(tongue, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inlined(html: str) -> Markup:
    """The page with its style sheet written into the elements, @media blocks kept: mail programs drop the rest.

    The inliner puts these blocks first in the head; the charset must stand there, within 1024 bytes (HTML, 4.2.5.4).
    """
    page = _inliner().inline(str(html))
    charset = _CHARSET.search(page)
    if charset:
        page = page.replace(charset.group(), "", 1).replace("<head>", "<head>\n" + charset.group().strip() + "\n", 1)
    return Markup(page)  # noqa: S704 - the page was escaped by the template around this filter
