"""Sample values for the letters about one's own subscription: with all there can be, and with little."""

from collections.abc import Callable, Mapping
from datetime import datetime

from digest.transactional import NoticeKind

URL = "https://nyheter.example.org/bekrafta/" + "0" * 32
CHOICES_URL = "https://nyheter.example.org/mina-val/" + "0" * 32
PAGE_URL = "https://nyheter.example.org/prenumerera"


def notice_letters(sender: str, at: datetime, record: Callable[[str, Mapping[str, object]], str]) -> None:
    """Every one of them, as `digest.transactional` fills it."""
    rich = {"title": "Veckans <nyheter>", "topics": ["Kollektivtrafik"], "publishers": [sender]}
    bare: dict[str, object] = {"title": "Dagens nyheter", "topics": [], "publishers": []}
    wishes = [each | {"choices_url": CHOICES_URL} for each in (rich, bare)]
    common = {"sender": sender, "token": "0" * 32, "asked": at}
    page = {"wishes": wishes, "page_url": PAGE_URL}
    for imported in (False, True):
        _each(NoticeKind.CONFIRM, {**common, **page, "url": URL, "imported": imported}, record)
    _each(NoticeKind.ALREADY, {**common, **page, "imported": False}, record)
    _each(NoticeKind.MOVE, {**common, "url": URL}, record)
    _each(NoticeKind.MOVED, {**common, "title": rich["title"], "page_url": PAGE_URL}, record)
    for known in (False, True):
        _each(NoticeKind.MY_DATA, {**common, "url": URL, "known": known, "days": 7}, record)


def _each(kind: NoticeKind, values: Mapping[str, object], record: Callable[[str, Mapping[str, object]], str]) -> None:
    for name in (f"letters/{kind}_subject.txt", f"letters/{kind}.txt"):
        record(name, values)
    record(f"letters/{kind}.html", {**values, "subject": "…"})
