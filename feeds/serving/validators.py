"""Validators (ETag, Last-Modified): what a reader shows of the document it has, and whether that is the newest."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

ANY = "*"
"""In place of a name: whatever there is (RFC 9110, 13.1.2)."""

_NAME = re.compile(r'(?:W/)?"?([0-9a-f]{32})"?(?:(?:--?|;)(?:gzip|br|deflate|zstd))?"?')
"""A tag of ours, also as what stands between makes it: Apache appends -gzip, Jetty --gzip, others weaken or unquote."""

_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH, _DAY = f"(?P<month>{'|'.join(_MONTHS)})", f"(?:{'|'.join(_DAYS)})"
_DATES = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_DAY}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_CLOCK} GMT",
        rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_CLOCK} GMT",
        rf"{_DAY} {_MONTH} (?P<day>[ \d]\d) {_CLOCK} (?P<year>\d{{4}})",
    )
)
_TWO_DIGITS, _CENTURY, _HALF = 2, 100, 50


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One state of a document: the name that its tags are made of, and its Last-Modified in seconds since 1970."""

    name: str
    modified: int


def instance(plain: bytes, modified: float) -> Instance:
    """The state that these bytes are: equal bytes of equal time are equal, on every machine and after every restart."""
    return Instance(name=hashlib.sha256(plain).hexdigest()[:32], modified=int(modified))


def tag(name: str, coding: str) -> str:
    """The strong tag of one form of an instance: other bytes, another tag (RFC 9110, 8.8.3)."""
    return f'"{name}-{coding}"' if coding else f'"{name}"'


def names(if_none_match: str) -> Iterator[str]:
    """The instances that a reader says it has, in whatever form it gives our tags back; all others are left out."""
    if if_none_match.strip() == ANY:
        yield ANY
    for part in if_none_match.split(","):
        match = _NAME.fullmatch(part.strip())
        if match:
            yield match[1]


def has_it(current: Instance, if_none_match: str | None, if_modified_since: str | None, now: datetime) -> bool:
    """Whether a reader has this instance; a date counts only where no tags were sent (RFC 9110, 13.2.2)."""
    if if_none_match is not None:
        return any(name in (current.name, ANY) for name in names(if_none_match))
    since = http_seconds(if_modified_since or "", now)
    return since is not None and current.modified <= since


def http_date(seconds: int) -> str:
    """A moment in the form that is to be sent (RFC 9110, 5.6.7)."""
    at = datetime.fromtimestamp(seconds, UTC)
    # strftime would write the names in the process's language.
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} GMT"


def http_seconds(text: str, now: datetime) -> int | None:
    """The moment of any of the three forms that are to be read (RFC 9110, 5.6.7); None for everything else."""
    parsed = next((match for match in (form.fullmatch(text.strip()) for form in _DATES) if match), None)
    if parsed is None:
        return None
    year = int(parsed["year"])
    if len(parsed["year"]) == _TWO_DIGITS:  # at most 50 years from now, else the century before
        year += now.year - now.year % _CENTURY
        year -= _CENTURY if year > now.year + _HALF else 0
    month = _MONTHS.index(parsed["month"]) + 1
    try:
        clock = (int(parsed["hour"]), int(parsed["minute"]), int(parsed["second"].replace("60", "59")))  # a leap second
        return int(datetime(year, month, int(parsed["day"]), *clock, tzinfo=UTC).timestamp())
    except ValueError:
        return None


FRESH_SECONDS, STEADY_SECONDS = 900, 3600
_LATELY_SECONDS = 86_400


def max_age(modified: int, now: datetime) -> int:
    """For how long a copy may be shown unasked: a quarter of an hour when it changed within a day, else an hour.

    Readers take it as the pace of their visits (NetNewsWire, Miniflux).
    """
    return FRESH_SECONDS if now.timestamp() - modified < _LATELY_SECONDS else STEADY_SECONDS
