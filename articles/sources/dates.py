"""Publication dates: from a line that is nothing but a date, or from an address; never from prose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from articles.article import NO_DATE, DateSource, Published
from articles.sources.plain import Line, one_line
from articles.sources.reading import Refused

_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni"),
    *("juli", "augusti", "september", "oktober", "november", "december"),
)
_SHORT = {month[:3]: number for number, month in enumerate(_MONTHS, 1)} | {"sept": 9, "okt": 10}
_MONTH = "(?P<{}>" + "|".join([*_MONTHS, "sept", *(month[:3] for month in _MONTHS)]) + r")\.?"
_WEEKDAY = r"(?:(?:mån|tis|ons|tors|fre|lör|sön)(?:dag(?:en)?)?\.?,?\s+)?(?:den\s+)?"
_DAY = (
    rf"(?:(?P<day>\d{{1,2}})[.:]?\s+{_MONTH.format('month')},?\s+(?P<year>\d{{4}})"
    rf"|{_MONTH.format('month2')}\s+(?P<day2>\d{{1,2}}),?\s+(?P<year2>\d{{4}})"
    r"|(?P<year3>\d{4})-(?P<month3>\d{2})-(?P<day3>\d{2}))"
)
_TIME = (
    r"(?:(?:,?\s+|T)(?:kl\.?\s*|klockan\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<zone>CEST|CET|UTC|GMT|Z|[+-]\d{2}:?\d{2})?)?"
)
_KIND = r"(?:(?:pressmeddelanden?|nyhet(?:er)?|pressinbjudan|artikel)\s*[|•·:,–-]?\s*)?"
_LABEL = r"(?P<label>(?:publicerad|publicerat|publiceringsdatum|publiceringsdag|publicerades|skapad)\s*:?\s*)?"
_TAIL = r"(?:\s*[|•·]\s*[^\W\d][\w ,-]{0,40})?"
_LINE = re.compile(rf"{_KIND}{_LABEL}{_WEEKDAY}{_DAY}{_TIME}\.?{_TAIL}", re.IGNORECASE)
_UPDATED = re.compile(
    r"[\s|,•·–(/-]*\b(?:senast\s+)?(?:uppdaterad|uppdaterat|uppdaterades|ändrad|granskad|modifierad)\b", re.IGNORECASE
)
_NOTE = re.compile(r"(?:uppdaterad|uppdaterat|uppdatering)\b.{0,60}", re.IGNORECASE)
_MAX_LINE = 160
_OFFSETS = {"CEST": 2, "CET": 1, "UTC": 0, "GMT": 0, "Z": 0}

EARLIEST = date(1970, 1, 2)
"""No newsroom's text is older on the web; what is are the zeros of programs that have no date.

Year 1 of .NET and Go, 1601 of Windows, 1753 of SQL Server, 1858 of OpenVMS, 1899-12-30 of Excel and OLE, 1900 of SQL,
1904 of the Macintosh, 1970-01-01 of Unix, on 1969-12-31 to the west of Greenwich.
"""
_ZEROS = frozenset({date(1980, 1, 1)})
"""The zero of FAT and ZIP, which is later."""

_IN_ADDRESS = re.compile(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?=/|$)|(?<=/)(\d{4})-(\d{2})-(\d{2})(?=[-_./]|$)")


@dataclass(frozen=True, kw_only=True)
class DateLine:
    """A line that is a date: `value` is None when no calendar has it, `labelled` when it says "Publicerad"."""

    line: int
    raw: str
    value: date | datetime | None
    labelled: bool


@dataclass(frozen=True, kw_only=True)
class PublicationDate:
    """Publication date of a text, or why it is not known."""

    published: Published | None
    hold_reason: str | None = None
    warnings: tuple[str, ...] = ()


def date_line(line: Line, zone: ZoneInfo) -> DateLine | None:
    """The line as a date when it is one and says nothing else; a line about an update is none."""
    if len(line.text) > _MAX_LINE:
        return None
    text = one_line(line.text)
    match = _LINE.fullmatch(_UPDATED.split(text, maxsplit=1)[0].strip())
    if match is None:
        return None
    return DateLine(
        line=line.number, raw=text, value=_value(match.groupdict(), zone), labelled=match["label"] is not None
    )


def is_update_line(line: Line) -> bool:
    """Whether the line says when the page was changed, which is not when it was published."""
    text = one_line(line.text)
    if len(text) > _MAX_LINE:
        return False
    begins = _UPDATED.match(text)
    return bool(begins and _LINE.fullmatch(text[begins.end() :].strip(" :")))


def is_update_note(text: str) -> bool:
    """Whether a short line is a mark such as "UPPDATERAT KLOCKAN 12:23"."""
    return _NOTE.fullmatch(one_line(text)) is not None


def in_text(text: str, zone: ZoneInfo) -> date | datetime | None:
    """The date that the whole text is, in any form of a date line, or None."""
    line = date_line(Line(number=0, text=text), zone)
    return line.value if line else None


def in_address(url: str | None) -> Published | None:
    """The last date in the path of an address (`/2023-06-14-slug`, `/2023/06/14/`), or None."""
    path = urlsplit(url).path if url else ""
    for match in reversed(list(_IN_ADDRESS.finditer(path))):
        year, month, day = (int(part) for part in match.groups() if part)
        if (value := _day(year, month, day)) and not _is_zero(value):  # older ones are numbers of cases and the like
            return Published(value=value, source=DateSource.URL, raw=match.group().strip("/"))
    return None


def settle(date_lines: Iterable[DateLine], url: str | None, today: date) -> PublicationDate | Refused:
    """The publication date: of the page's own date line, else of its address, else none, and the text must wait."""
    lines = sorted(date_lines, key=lambda line: not line.labelled)
    if not lines:
        published = in_address(url)
        return impossible(published, today, None) or PublicationDate(
            published=published, hold_reason=None if published else NO_DATE
        )
    first = lines[0]
    if first.value is None:
        return PublicationDate(
            published=None,
            hold_reason=f"line {first.line}: {first.raw!r} is no day of the calendar; release it with one",
        )
    rivals = [line for line in lines if line.labelled == first.labelled and line.value != first.value]
    if rivals:
        why = f"lines {first.line} and {rivals[0].line} give two dates, {first.raw!r} and {rivals[0].raw!r}"
        return PublicationDate(published=None, hold_reason=f"{why}; release it with the right one")
    published = Published(value=first.value, source=DateSource.TEXT, raw=first.raw)
    return impossible(published, today, first.line) or PublicationDate(
        published=published, warnings=_differing(published, url)
    )


def impossible(published: Published | None, today: date, line: int | None) -> Refused | None:
    """A refusal when no newsroom can mean the date: it lies ahead, or is the zero of a program; else None."""
    if published is None or not (why := unmeant(published.value, today)):
        return None
    remedy = "correct the date, or import it then" if day(published.value) > today else "write when it was published"
    return Refused(reason=f"the date {published.raw!r} {why}; {remedy}", line=line)


def unmeant(value: date | datetime, today: date) -> str:
    """Why no newsroom can mean a date of publication; empty when one can."""
    if day(value) > today + timedelta(days=1):
        return f"lies after {today.isoformat()}: no text is published ahead of its day"
    if _is_zero(day(value)):
        return "is one that programs write when they have none"
    return ""


def _is_zero(value: date) -> bool:
    return value < EARLIEST or value in _ZEROS


def aware(value: datetime, zone: ZoneInfo) -> datetime:
    """The time in this zone; a naive one is local, and one that the spring change leaves out is moved past it."""
    local = value if value.tzinfo else value.replace(tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)


def day(value: date | datetime) -> date:
    """The calendar day of a date or time."""
    return value.date() if isinstance(value, datetime) else value


def _differing(published: Published, url: str | None) -> tuple[str, ...]:
    other = in_address(url)
    if other is None or other.value == day(published.value):
        return ()
    return (f"the page's date line says {published.raw!r}, its address {other.raw!r}; the date line counts",)


def _value(parts: dict[str, str | None], zone: ZoneInfo) -> date | datetime | None:
    year = parts["year"] or parts["year2"] or parts["year3"] or ""
    number = parts["day"] or parts["day2"] or parts["day3"] or ""
    word = (parts["month"] or parts["month2"] or "").lower()
    day = _day(int(year), _SHORT[word[:3]] if word else int(parts["month3"] or ""), int(number))
    if day is None or parts["hour"] is None:
        return day
    try:
        clock = datetime(  # noqa: DTZ001 - aware() gives it its zone
            day.year, day.month, day.day, int(parts["hour"]), int(parts["minute"] or 0), int(parts["second"] or 0)
        )
        return aware(clock.replace(tzinfo=_offset(parts["zone"])), zone)
    except (ValueError, OverflowError):
        return None


def _offset(name: str | None) -> timezone | None:
    if name is None:
        return None
    if name.upper() in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[name.upper()]))
    hours, minutes = int(name[1:3]), int(name[-2:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if name.startswith("-") else 1))


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
