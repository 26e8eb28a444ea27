"""Sample values for the letters about one's own subscription: with all there can be, and with little."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from digest.transactional import NoticeKind

URL = "https://nyheter.example.org/bekrafta/" + "0" * 32
CHOICES_URL = "https://nyheter.example.org/mina-val/" + "0" * 32
PAGE_URL = "https://nyheter.example.org/prenumerera"


def notice_letters(sender: str, at: datetime, record: Callable[[str, Mapping[str, object]], str]) -> None:
    """Every template of such letters, with the values that `digest.transactional` gives it."""
    for kind, own in sample_notices(sender, at):
        values = {"sender": sender, "token": "0" * 32, **own}
        for name in (f"letters/{kind}_subject.txt", f"letters/{kind}.txt"):
            record(name, values)
        record(f"letters/{kind}.html", {**values, "subject": "…"})


def sample_notices(sender: str, at: datetime) -> Iterator[tuple[NoticeKind, Mapping[str, object]]]:
    """Every kind of such a letter, with the values of its own: with all there can be, and with little."""
    rich = {"title": "Veckans <nyheter>", "topics": ["Kollektivtrafik"], "publishers": [sender]}
    bare: dict[str, object] = {"title": "Dagens nyheter", "topics": [], "publishers": []}
    page = {"wishes": [wish | {"choices_url": CHOICES_URL} for wish in (rich, bare)], "page_url": PAGE_URL}
    for imported in (False, True):
        for kind in (NoticeKind.CONFIRM, NoticeKind.REMIND):
            yield kind, {"asked": at, **page, "url": URL, "imported": imported}
    yield NoticeKind.ALREADY, {"asked": at, **page, "imported": False}
    yield NoticeKind.MOVING, {"asked": at, "url": URL, "title": rich["title"]}
    yield NoticeKind.MOVE, {"asked": at, "url": URL}
    yield NoticeKind.MOVED, {"asked": at, "title": rich["title"], "page_url": PAGE_URL}
    for known in (False, True):
        yield NoticeKind.MY_DATA, {"asked": at, "url": URL, "known": known, "days": 7}
