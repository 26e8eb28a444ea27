"""Links of letters that a mail program, a gateway or a person changed on the way: mended before a page is looked for.

What counts is the page's name and the 32 hexadecimal digits of the token behind it. Around them may stand a full stop,
a bracket, what was meant for a query, the whole link once more, or the marks of quoted-printable and percent encoding.
Nothing is guessed of the digits themselves: a token that lost one is unknown.
"""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_PAGES = "avsluta|angra|mina-val|bekrafta|mina-uppgifter|ny-adress"
_LONGEST = 2000
_BREAKS = re.compile(r"=?[\r\n]+[ \t>]*|=(?=$)|[\s\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]")
"""Soft line breaks (RFC 2045, 6.7), blanks and what cannot be seen, in the middle of a link."""
_EQUALS = re.compile(r"=3d", re.IGNORECASE)
_LINK = re.compile(
    rf"(?P<page>{_PAGES})[^0-9a-z]{{1,6}}(?:(?:t|token|id|key)=)?[^0-9a-z]{{0,4}}(?P<token>[0-9a-f]{{32}})(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,  # else ſ is an s and ı an i: no mail program writes them, and no path of ours holds them
)
_WHOLE = re.compile(rf"/(?:{_PAGES})/[0-9a-f]{{32}}")


def mended(path: str) -> str | None:
    """The path that was meant, when this one holds the name of a page and a whole token; None when it is as it was."""
    if _WHOLE.fullmatch(path) or len(path) > _LONGEST:
        return None
    text = _EQUALS.sub("=", unquote(unquote(path)))
    found = _LINK.search(_BREAKS.sub("", text))
    return f"/{found['page'].lower()}/{found['token'].lower()}" if found else None


class MendedLinks:
    """Answers a changed link as the one that was meant; all other requests pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to one request (ASGI 3)."""
        meant = mended(scope["path"]) if scope["type"] == "http" else None
        if meant is not None:
            scope = {**scope, "path": meant, "raw_path": meant.encode("ascii")}
        await self._app(scope, receive, send)
