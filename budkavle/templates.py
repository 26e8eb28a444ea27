"""The one Jinja environment: every word that people read goes through it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.ext import InternationalizationExtension
from markupsafe import Markup

from budkavle.translations import translations
from digest.letter_wrapping import held, wrapped

# Control characters are forbidden in XML and HTML and forge lines in text; surrogates cannot be encoded; an unclosed
# embedding or override (UAX 9) of one headline would turn around all that follows it.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def built_in_templates() -> Path:
    """The folder of the templates: in the package when installed from a wheel, beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "templates"
    return packaged if packaged.is_dir() else here.parent / "templates"


def renderer(language: str, zone: ZoneInfo) -> Callable[[str, Mapping[str, object]], str]:
    """A function that fills a template, named from the templates' folder, in this language; days are those of the zone.

    What it returns holds no control character but line break and tab.
    """
    templates = environment(language, zone)

    def render(name: str, values: Mapping[str, object]) -> str:
        return _UNFIT.sub("", templates.get_template(name).render(values))

    return render


@cache
def environment(language: str, zone: ZoneInfo) -> Environment:
    """The environment of a language and zone, made once per process. `.html` is escaped, text is not."""
    templates = Environment(
        loader=FileSystemLoader(built_in_templates()),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        extensions=[InternationalizationExtension],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.policies["ext.i18n.trimmed"] = True
    catalogue = translations(language)
    templates.install_gettext_callables(catalogue.ugettext, catalogue.ungettext, newstyle=True)  # type: ignore[attr-defined]
    templates.globals["language"] = language
    templates.filters |= _filters(language, zone)
    return templates


def _filters(language: str, zone: ZoneInfo) -> dict[str, Callable[..., object]]:
    def day(value: date | datetime, tongue: str = language) -> str:
        local = value.astimezone(zone) if isinstance(value, datetime) else value
        return format_date(local, "long", locale=_locale(tongue) or _locale(language))

    def listed(names: Iterable[str]) -> str:
        return format_list([*names], locale=_locale(language))

    return {"day": day, "listed": listed, "wrapped": wrapped, "held": held, "inlined": inlined}


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
    """The page with its style sheet written into the elements, @media blocks kept: mail programs drop the rest."""
    return Markup(_inliner().inline(str(html)))  # noqa: S704 - the page was escaped by the template around this filter
