"""Forms, read within bounds; and the stamp by which a form knows when it was shown."""

import asyncio
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from budkavle.rendering.translations import translations
from budkavle.web.subscriber.fields import Fields, Problem, value
from digest.keys import Key, Purpose

_BODY_BYTES = 16_384
_BODY_SECONDS = 10
_FIELDS = 300
_STAMP_LIFE = timedelta(days=1)
_MAC = 32
TRAP = "webbplats"
"""A field that no person sees; programs that fill in whatever there is fill it, too."""


async def read_form(request: Request) -> Fields:
    """The fields of a urlencoded form, each with all its values.

    Raises HTTPException: 413 beyond 16 KB, 408 when it does not come within ten seconds, 415 for another form, 400 for
    what is not UTF-8.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _body(request)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:  # UnicodeDecodeError is one
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return bytes(body)


class Sent(Enum):
    """The sender of a form, as far as its stamp and the trap tell."""

    BY_A_PERSON = "by a person"
    TOO_FAST = "too fast"
    TOO_LATE = "too late"
    BY_A_PROGRAM = "by a program"


class Stamps:
    """Timestamps of forms, in the form itself: signed, so that a restart forgets nothing."""

    def __init__(self, key: Key, least: timedelta) -> None:
        self._key = key
        self._least = least

    def stamp(self, now: datetime) -> str:
        """What the form carries."""
        at = str(int(now.timestamp()))
        return f"{at}.{self._key.mac(Purpose.FORM, at)[:_MAC]}"

    def sent(self, fields: Fields, now: datetime) -> Sent:
        """Who seems to have filled in a form, judging by its stamp and the trap."""
        at, _, mac = value(fields, "stamp").partition(".")
        if value(fields, TRAP) or len(mac) != _MAC or not self._key.fits(Purpose.FORM, at, mac):
            return Sent.BY_A_PROGRAM
        passed = now - datetime.fromtimestamp(int(at), now.tzinfo)
        if passed > _STAMP_LIFE:
            return Sent.TOO_LATE
        return Sent.TOO_FAST if passed < self._least else Sent.BY_A_PERSON


def why_not(sent: Sent, language: str) -> list[Problem]:
    """What is said instead of sending anything: a person sends the form again, and a program does not."""
    gettext = translations(language).ugettext
    if sent is Sent.BY_A_PERSON:
        return []
    if sent is Sent.TOO_LATE:
        return [
            Problem(field="", text=gettext("The page had been open for more than a day. Check it, and send again."))
        ]
    return [Problem(field="", text=gettext("That was very quick. Check that all is right, and send again."))]
