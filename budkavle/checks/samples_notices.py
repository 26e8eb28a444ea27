"""Sample values for the letters about one's own subscription: with all there can be, and with little."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from digest.letters.values import Colours, Imprint
from digest.lifecycle.transactional_letter import NoticeKind

URL = "https://nyheter.example.org/bekrafta/" + "0" * 32
CHOICES_URL = "https://nyheter.example.org/mina-val/" + "0" * 32
IMPRINT = Imprint(
    postal="Region Lingonmark, Box 1, 123 45 Lingonby",
    address="redaktionen@example.org",
    phone="010-000 00 00",
    url="https://www.example.org/kontakt/",
)
PAGE_URL = "https://nyheter.example.org/prenumerera"


def notice_letters(sender: str, at: datetime, record: Callable[[str, Mapping[str, object]], str]) -> None:
    """Every template of such letters, with the values that `digest.lifecycle.transactional_letter` gives it."""
    for kind, kind_values in sample_notices(sender, at):
        values = {"sender": sender, "token": "0" * 32, **kind_values}
        for name in (f"letters/{kind}_subject.txt", f"letters/{kind}.txt"):
            record(name, values)
        record(f"letters/{kind}.html", {**values, "subject": "…"})


def sample_notices(sender: str, at: datetime) -> Iterator[tuple[NoticeKind, Mapping[str, object]]]:
    """Every kind of such a letter, with the values of its own: with all there can be, and with little."""
    for number, (kind, values) in enumerate(_kinds(sender)):
        yield kind, {"asked": at, "imprint": IMPRINT if number % 2 else Imprint(), "colours": Colours(), **values}


def _kinds(sender: str) -> Iterator[tuple[NoticeKind, Mapping[str, object]]]:
    rich = {"title": "Veckans <nyheter>", "topics": ["Kollektivtrafik"], "publishers": [sender]}
    bare: dict[str, object] = {"title": "Dagens nyheter", "topics": [], "publishers": []}
    page = {"wishes": [wish | {"choices_url": CHOICES_URL} for wish in (rich, bare)], "page_url": PAGE_URL}
    for imported in (False, True):
        for kind in (NoticeKind.CONFIRM, NoticeKind.REMIND):
            yield kind, {**page, "url": URL, "imported": imported}
    yield NoticeKind.ALREADY, {**page, "imported": False}
    yield NoticeKind.MOVING, {"url": URL, "title": rich["title"]}
    yield NoticeKind.MOVE, {"url": URL}
    yield NoticeKind.MOVED, {"title": rich["title"], "page_url": PAGE_URL}
    for is_known in (False, True):
        yield NoticeKind.MY_DATA, {"url": URL, "known": is_known, "days": 7}
