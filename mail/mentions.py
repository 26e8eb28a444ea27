"""Mentions of mail addresses in bytes of any form: whether a file names one of some people, however it is coded.

Read are plain text in any case, quoted-printable and base64 (RFC 2045), encoded words (RFC 2047), percent-encoding
(RFC 3986), character references of HTML, UTF-16, internationalised domains (RFC 5891), and `local=domain` as gateways
and return paths write it (SRS, VERP). An address inside a longer one is another one: `anna@` is not in `joanna@`. The
spellings of one mailbox (`mail.spellings`) are one address.
The time grows with the bytes and no faster, and not with the people.
"""

import binascii
import html
import quopri
import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote_to_bytes

from mail.address import Address, domain_of
from mail.spellings import RESPELT_DOMAINS, one_spelling

_DOMAIN = re.compile(r"[@=]([\w.-]{1,255})")
_REWRITTEN = re.compile(r"=([\w.-]{1,255})=([^\s@=<>]{1,64})@")
"""A forwarded letter's sender, domain first (SRS)."""
_LONGEST_LOCAL = 64
_SIGNS = ".!#$%&'*+/?^_`{|}~-"
"""What a local part may hold beside letters and digits, and what may stand before one."""
_LOCAL = re.compile(rf"[\w{re.escape(_SIGNS)}]*\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]+)*")
_GROUP = 4
_BETWEEN_WORDS = re.compile(rb"\?=\s{1,9}=\?[^?\s]{1,40}\?[qQbB]\?")
"""A long text in a head stands in several encoded words, which are one (RFC 2047, section 6.2)."""
_ALSO: dict[str, list[str]] = {}
"""The domains under which a provider has the same mailboxes, by the one that stands for all."""
for _domain in RESPELT_DOMAINS:
    _ALSO.setdefault(domain_of(one_spelling(f"a@{_domain}")), []).append(_domain)
_URL_SIGNS = bytes.maketrans(b"-_", b"+/")


class Sought:
    """The addresses that are looked for."""

    def __init__(self, addresses: Collection[Address]) -> None:
        self._keys = frozenset(address.key for address in addresses)
        self._domains = {
            spelt: domain
            for domain in {domain_of(key) for key in self._keys}
            for spelt in (domain, _shown(domain), *_ALSO.get(domain, ()))
        }

    def stands_in(self, data: bytes) -> bool:
        """Whether one of them is named in these bytes."""
        return any(self._named(form.decode("utf-8", "replace").lower()) for form in _forms(data))

    def _named(self, text: str) -> bool:
        for found in _DOMAIN.finditer(text):
            domain = self._domains.get(found[1].strip(".-_"))
            if domain and any(self._is_sought(local, domain) for local in _before(text, found.start())):
                return True
        rewritten = ((found[2], self._domains.get(found[1])) for found in _REWRITTEN.finditer(text))
        return any(domain and self._is_sought(local, domain) for local, domain in rewritten)

    def _is_sought(self, local: str, domain: str) -> bool:
        """Whether this is one of their mailboxes, in any of its spellings."""
        return one_spelling(f"{local}@{domain}") in self._keys


def _before(text: str, end: int) -> set[str]:
    """What may be meant as the local part that ends here: all of it, or without the signs that lead to it."""
    word = _LOCAL.search(text, max(end - _LONGEST_LOCAL - 2, 0), end)
    local = word.group() if word else ""
    joined = {local.rpartition("+")[2]} if text[end : end + 1] == "=" else set()  # bounces+anna=example.org@…
    return {local, local.lstrip(_SIGNS), local.rpartition("?")[2], *joined}


def _shown(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _forms(data: bytes) -> Iterator[bytes]:
    """The bytes as they stand, and as each coding would have them; one coding inside another as mail does it."""
    joined = _BETWEEN_WORDS.sub(b"", data)
    for text in (data, quopri.decodestring(joined)):
        yield text
        if b"%" in text:
            yield unquote_to_bytes(text)
        if b"&#" in text or b"&commat" in text:
            yield html.unescape(text.decode("latin-1")).encode()
    if b"\0" in data:
        yield data.replace(b"\0", b"")
    for run in _BASE64.findall(joined):
        yield from _from_base64(run)


def _from_base64(run: bytes) -> Iterator[bytes]:
    """What a run of base64 says, wherever its groups begin: text may stand before it."""
    signs = run.replace(b"\r", b"").replace(b"\n", b"").translate(_URL_SIGNS)
    for start in range(_GROUP):
        whole = (len(signs) - start) // _GROUP * _GROUP
        rest = signs[start + whole :]
        padded = rest + b"=" * (_GROUP - len(rest)) if len(rest) > 1 else b""
        yield binascii.a2b_base64(signs[start : start + whole] + padded)
