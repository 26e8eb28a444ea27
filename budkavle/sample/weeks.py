"""The sample newsroom's six weeks, read from `calendar.toml` and the texts beside it."""

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from articles.article import Kind, PublisherId, TopicId

WEBSITE = "https://www.example.org/"
"""Where the texts say that the newsroom's website is."""
_HERE = files("budkavle.sample")


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """A text that comes to a source's folder. `file` is its place under newsroom/, `url` what a manifest says of it.

    `released` is the date that an editor gives to a text that is held for want of one.
    """

    file: str
    text: str
    url: str | None = None
    released: date | None = None


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is done to an article that was laid out in an earlier week. A withdrawal has no text."""

    kind: Kind
    file: str
    text: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Week:
    """What happens between one Friday and the next one, `friday`, when its edition goes out."""

    friday: date
    files: tuple[LaidOut, ...]
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A subscriber, and the Fridays before whose editions they come and go. Nothing chosen means everything."""

    address: str
    joins: date
    leaves: date | None = None
    topics: tuple[TopicId, ...] = ()
    publishers: tuple[PublisherId, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """All that the demo replays, the weeks in their order."""

    weeks: tuple[Week, ...]
    readers: tuple[Reader, ...]


def calendar(website: str = WEBSITE) -> Calendar:
    """The sample newsroom's weeks and readers, its texts included, with the website at this address."""
    written = _Calendar.model_validate(tomllib.loads(_HERE.joinpath("calendar.toml").read_text(encoding="utf-8")))
    return Calendar(
        weeks=tuple(_week(week, website) for week in written.weeks),
        readers=tuple(_reader(reader) for reader in written.subscribers),
    )


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _File(_Table):
    file: str
    url: str | None = None
    released: date | None = None


class _Act(_Table):
    kind: Kind
    file: str
    sample: str | None = None
    note: str = ""


class _Week(_Table):
    friday: date
    files: tuple[_File, ...]
    acts: tuple[_Act, ...] = ()


class _Subscriber(_Table):
    address: str
    joins: date
    leaves: date | None = None
    topics: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()


class _Calendar(_Table):
    weeks: tuple[_Week, ...]
    subscribers: tuple[_Subscriber, ...]


def _text(file: str, website: str) -> str:
    text = _HERE.joinpath("newsroom", *file.split("/")).read_text(encoding="utf-8")
    return text.replace(WEBSITE, website)


def _week(week: _Week, website: str) -> Week:
    return Week(
        friday=week.friday,
        files=tuple(
            LaidOut(
                file=file.file,
                text=_text(file.file, website),
                url=file.url.replace(WEBSITE, website) if file.url else None,
                released=file.released,
            )
            for file in week.files
        ),
        acts=tuple(
            Act(
                kind=act.kind,
                file=act.file,
                text=_text(act.sample, website) if act.sample else None,
                note=act.note,
            )
            for act in week.acts
        ),
    )


def _reader(subscriber: _Subscriber) -> Reader:
    return Reader(
        address=subscriber.address,
        joins=subscriber.joins,
        leaves=subscriber.leaves,
        topics=tuple(map(TopicId, subscriber.topics)),
        publishers=tuple(map(PublisherId, subscriber.publishers)),
    )
