"""Front matter, checked: what a Markdown file may declare, and what it must look like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from articles.article import Contact, DateSource, Image, Kind, Published, PublisherId, Related, TopicId
from articles.sources import dates
from articles.sources.matter import Entry, Matter, nearest, refuse
from articles.sources.pieces import is_cut
from articles.sources.reading import Vocabulary

_KEYS = [
    "title", "published", "url", "publisher", "publishers", "topics", "lead", "language", "images", "contacts",
    "related", "change", "note",
]  # fmt: skip
_CHANGES = [Kind.EDITED.value, Kind.CORRECTED.value, Kind.WITHDRAWN.value]
_LINE_ENDS = "\n\r\f\u0085\u2028\u2029"
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The front matter of a file, checked; what it does not say is None or empty."""

    title: str | None
    published: Published | None
    url: str | None
    publishers: tuple[PublisherId, ...]
    topics: tuple[TopicId, ...]
    lead: str
    language: str | None
    images: tuple[Image, ...]
    contacts: tuple[Contact, ...]
    related: tuple[Related, ...]
    act: Kind | None
    note: str


def declared(matter: Matter, vocabulary: Vocabulary, zone: ZoneInfo) -> Declared:
    """The declared values; MatterError names the first key that is wrong, its line and the remedy."""
    for key, entry in matter.entries.items():
        if key not in _KEYS:
            refuse(f"{key} is no key of an article; {nearest(key, _KEYS)}", entry.line)
    entries = matter.entries
    return Declared(
        title=_title(entries.get("title")),
        published=_published(entries.get("published"), zone),
        url=_url(entries.get("url")),
        publishers=_publishers(entries, vocabulary),
        topics=_ids(entries.get("topics"), TopicId, [str(topic.id) for topic in vocabulary.topics]),
        lead=" ".join((_text(entries.get("lead")) or "").split()),
        language=_language(entries.get("language")),
        images=tuple(_image(*item) for item in _items(entries.get("images"), ["src", "alt"])),
        contacts=tuple(
            _contact(*item) for item in _items(entries.get("contacts"), ["name", "role", "party", "phones", "email"])
        ),
        related=tuple(_related(*item, zone) for item in _items(entries.get("related"), ["title", "date", "teaser"])),
        act=_act(entries),
        note=" ".join((_text(entries.get("note")) or "").split()),
    )


def line_of(matter: Matter, key: str) -> int | None:
    """The line of a key, or None when the file does not have it."""
    entry = matter.entries.get(key)
    return entry.line if entry else None


def web_address(text: str) -> bool:
    """Whether the text is an address that a link may lead to: http or https, with a host and no blanks."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(sign.isspace() for sign in text)
    except ValueError:
        return False


def _title(entry: Entry | None) -> str | None:
    text = _text(entry)
    if entry and text is not None and any(sign in text for sign in _LINE_ENDS):
        entry.refuse("a title is one line, this one has a line break; write it on one line, without | or >")
    if entry and text is not None and not text.strip():
        entry.refuse("the title is empty; write one")
    return text


def _text(entry: Entry | None) -> str | None:
    if entry is None or entry.value is None:
        return None
    if not isinstance(entry.value, str):
        entry.refuse(f'{entry.raw or type(entry.value).__name__} is no text; put it in quotes: "{entry.raw}"')
    return entry.value


def _published(entry: Entry | None, zone: ZoneInfo) -> Published | None:
    if entry is None or entry.value is None:
        return None
    value = dates.in_text(entry.value, zone) if isinstance(entry.value, str) else entry.value
    try:
        value = dates.aware(value, zone) if isinstance(value, datetime) else value
    except (OverflowError, ValueError):
        value = None
    if not isinstance(value, date):
        entry.refuse(f"{entry.raw!r} is no date; write 2026-03-27 or 2026-03-27 09:30")
    return Published(value=value, source=DateSource.META, raw=entry.raw.strip())


def _url(entry: Entry | None) -> str | None:
    text = _text(entry)
    if entry and text is not None and not web_address(text.strip()):
        entry.refuse(f"{text!r} is no address on the web; write https://…")
    return text.strip() if text is not None else None


def _language(entry: Entry | None) -> str | None:
    text = _text(entry)
    if entry and text is not None and not text.replace("-", "").isalnum():
        entry.refuse(f"{text!r} is no language; write its code, such as sv or en")
    return text


def _publishers(entries: Mapping[str, Entry], vocabulary: Vocabulary) -> tuple[PublisherId, ...]:
    single, several = entries.get("publisher"), entries.get("publishers")
    if single and several:
        several.refuse("publisher stands there too; keep one of the two")
    return _ids(single or several, PublisherId, [str(name) for name in vocabulary.publishers])


def _ids(entry: Entry | None, kind: Callable[[str], _T], allowed: list[str]) -> tuple[_T, ...]:
    if entry is None or entry.value is None:
        return ()
    names = [entry.value] if isinstance(entry.value, str) else entry.value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        entry.refuse("write ids as a list: [one, two]")
    for name in names:
        if name not in allowed:
            entry.refuse(f"{name} is unknown; {nearest(name, allowed)}")
    return tuple(kind(name) for name in dict.fromkeys(names))


def _items(entry: Entry | None, keys: list[str]) -> list[tuple[Entry, dict[str, object]]]:
    if entry is None or entry.value is None:
        return []
    if not isinstance(entry.value, list) or not all(isinstance(item, dict) for item in entry.value):
        entry.refuse(f"write a list of items, each beginning with - and having {', '.join(keys)}")
    for item in entry.value:
        for key in item:
            if key not in keys:
                entry.refuse(f"{key} is no key of an item; {nearest(str(key), keys)}")
    return [(entry, item) for item in entry.value]


def _word(entry: Entry, item: Mapping[str, object], key: str) -> str:
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        entry.refuse(f'{key}: {value} is no text; put it in quotes: "{value}"')
    return " ".join(value.split())


def _image(entry: Entry, item: Mapping[str, object]) -> Image:
    src = _word(entry, item, "src")
    if src and not web_address(src):
        entry.refuse(f"src: {src!r} is no address on the web; write https://…")
    return Image(src=src or None, alt=_word(entry, item, "alt"))


def _contact(entry: Entry, item: Mapping[str, object]) -> Contact:
    name, email = _word(entry, item, "name"), _word(entry, item, "email")
    if not name:
        entry.refuse("a contact has no name; write one")
    if email and (email.count("@") != 1 or " " in email or email.startswith("@") or email.endswith("@")):
        entry.refuse(f"email: {email!r} is no mail address; correct it or leave it out")
    phones = item.get("phones")
    several = [phones] if isinstance(phones, str) else phones or []
    if not isinstance(several, list) or not all(isinstance(phone, str) for phone in several):
        entry.refuse('phones: write them in quotes: ["031-390 06 10"]')
    role, party = _word(entry, item, "role"), _word(entry, item, "party").strip("()")
    return Contact(
        name=name,
        role=role,
        party=party,
        phones=tuple(" ".join(phone.split()) for phone in several),
        email=email or None,
    )


def _related(entry: Entry, item: Mapping[str, object], zone: ZoneInfo) -> Related:
    title, teaser, value = _word(entry, item, "title"), _word(entry, item, "teaser"), item.get("date")
    if not title:
        entry.refuse("a related text has no title; write one")
    day = dates.in_text(value, zone) if isinstance(value, str) else value
    if not (isinstance(day, date) or (day is None and value is None)):
        entry.refuse(f"date: {value!r} is no date; write 2026-03-27")
    return Related(title=title, day=dates.day(day) if day else None, teaser=teaser, truncated=is_cut(teaser))


def _act(entries: Mapping[str, Entry]) -> Kind | None:
    entry, note = entries.get("change"), entries.get("note")
    text = _text(entry)
    if entry is None or text is None:
        if note:
            note.refuse("a note belongs to a change; add change: corrected, or remove the note")
        return None
    if text not in _CHANGES:
        entry.refuse(f"{text} is no change; {nearest(text, _CHANGES)}")
    if text != Kind.EDITED and not (_text(note) or "").strip():
        entry.refuse(f"{text} needs to say to the readers what was wrong; add note: …")
    return Kind(text)
