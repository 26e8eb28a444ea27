"""Sample values for the pages of a subscriber's life: each as people meet it first, and after a fault."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

_AT = datetime(2026, 1, 9, 7, 0, tzinfo=UTC)
_DAY = date(2026, 2, 1)
_TOKEN = "0" * 32
_FORM = {"stamp": "0.0", "trap": "webbplats"}

Values = Mapping[str, object]


def layout() -> Values:
    """What the layout is given besides, with all there can be; a feed's page is given none of it."""
    statement = "https://www.example.org/tillganglighet/"
    tongues = [{"code": "en", "name": "English"}]
    return {"asked": "", "tongues": tongues, "logo": "logo.svg", "logo_dark": "logo-dark.svg", "statement": statement}


def life_pages() -> Iterator[tuple[str, Values]]:
    """Every page by name, with all there can be and with little."""
    yield from _joining()
    yield from _choices()
    yield from _moving()
    yield from _data()
    statement = {"faults": (), "report": None, "contacts": [_named("Region Lingonmark")], "own_statement": ""}
    yield "accessibility", statement
    yield "accessibility", {**statement, "faults": ("Logotypen har låg kontrast.",), "report": "webb@example.org"}
    yield "accessibility", {**statement, "own_statement": "https://www.example.org/tillganglighet/"}


def _named(name: str) -> dict[str, str]:
    return {"name": name, "url": "https://www.example.org/"}


def _options(*labels: str, chosen: str = "", about: str = "") -> list[dict[str, object]]:
    return [
        {"id": str(number), "label": label, "chosen": label == chosen, "about": about, "lang": ""}
        for number, label in enumerate(labels)
    ]


def _errors(*fields: str) -> list[dict[str, str]]:
    return [{"field": field, "text": f"Det här stämmer inte: {field}."} for field in fields]


def _offered() -> dict[str, object]:
    return {
        "topics": _options("Hälso- och sjukvård", "Kollektivtrafik", "Kultur och fritid", chosen="Kollektivtrafik"),
        "publishers": _options("Region Lingonmark", "Barrviks kommun"),
        "languages": _options("Svenska", "English", chosen="Svenska"),
    }


def _joining() -> Iterator[tuple[str, Values]]:
    digests = _options("Veckans nyheter", chosen="Veckans nyheter", about="Ett brev i veckan")
    form = {**_offered(), "digests": digests, "address": "", "form": _FORM, "consent": {"hash": _TOKEN, "text": "Du …"}}
    yield "subscribe", {**form, "errors": []}
    wrong = _errors("", "digest", "topic", "publisher", "language", "address")
    yield "subscribe", {**form, "topics": [], "publishers": [], "address": "läsare@", "errors": wrong}
    for what in ("join", "moving", "move", "my_data"):
        yield "asked", {"what": what}
    wish = {"title": "Veckans nyheter", "topics": ["Kollektivtrafik"], "publishers": ["Barrviks kommun"]}
    for wishes in ([wish], [{**wish, "topics": [], "publishers": []}]):
        yield "confirm", {"what": "confirm", "wishes": wishes, "address": "l***@e…", "form": _FORM, "errors": []}
    yield "confirm", {"what": "move", "wishes": [], "address": "l***@e…", "form": _FORM, "errors": _errors("")}
    for what in ("confirm", "move"):
        for already in (False, True):
            choices = [] if already else [{"token": _TOKEN, "title": "Veckans nyheter"}]
            yield "confirmed", {"what": what, "already": already, "choices": choices}
    for what in ("confirm", "moving", "move", "my_data"):
        yield "expired", {"what": what}


def _choices() -> Iterator[tuple[str, Values]]:
    values = {
        **_offered(),
        "digest": "Veckans nyheter",
        "token": _TOKEN,
        "errors": [],
        "done": "",
        "paused_until": None,
    }
    values |= {"until": "", "others": _options("Månadens nyheter"), "seen": _TOKEN, "saved": None}
    for state in ("active", "paused", "pending", "ended"):
        yield "choices", {**values, "state": state}
    for change in ("chosen", "paused", "resumed", "moved"):
        state = "paused" if change == "paused" else "active"
        yield "choices", {**values, "state": state, "done": change, "paused_until": _DAY, "topics": [], "others": []}
    yield "choices", {**values, "state": "active", "errors": _errors("digest", "until"), "until": "i morgon"}
    for some in (["Kollektivtrafik"], []):
        saved = {"topics": some, "publishers": some}
        yield "choices", {**values, "state": "active", "errors": _errors(""), "saved": saved}


def _moving() -> Iterator[tuple[str, Values]]:
    yield "new_address", {"digest": "Veckans nyheter", "address": "", "errors": []}
    yield "new_address", {"digest": "Veckans nyheter", "address": "läsare@", "errors": _errors("address")}


def _data() -> Iterator[tuple[str, Values]]:
    yield "my_data_asked", {"errors": [], "address": "", "form": _FORM}
    yield "my_data_asked", {"errors": _errors("", "address"), "address": "läsare@", "form": _FORM}
    subscription = {
        "title": "Veckans nyheter",
        "state": "Pågår",
        "topics": ["Kollektivtrafik"],
        "publishers": [],
        "token": _TOKEN,
    }
    happened = {"at": _AT, "text": "Du bekräftade."}
    person = {"address": "lasare@example.org", "since": _AT, "language": "Svenska"}
    all_of_it = {**person, "subscriptions": [subscription], "story": [happened], "consents": ["Du …"]}
    yield "my_data_open", {}
    yield "my_data", {"person": all_of_it, "visit": _TOKEN, "ended": False}
    over = {**all_of_it, "subscriptions": [{**subscription, "token": ""}]}
    yield "my_data", {"person": over, "visit": _TOKEN, "ended": True}
    yield (
        "my_data",
        {"person": {**person, "subscriptions": [], "story": [], "consents": []}, "visit": _TOKEN, "ended": False},
    )
    yield "erase", {"visit": _TOKEN}
    yield "erased", {}
