"""Return tags in the spellings that gateways make of them: the tag is found wherever it stands, and its MAC proves it.

STUDS+12.4711-9C1F…@example.org                      a gateway that writes capitals
SRS0=Hx7=QD=example.org=studs+12.4711-9c1f…@b.test   a forwarder (SRS)
prvs=0123abcdef=studs+12.4711-9c1f…@example.org      a filter that signs envelope senders (BATV)
studs%2B12.4711-9c1f…=example.org@b.test             a form, a list's own VERP, percent encoding
studs=12_4711=9c1f…@example.org                      another delimiter
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

LONGEST_LOCAL = 27
"""How long the local part of the bounce address may be: with two ids of ten digits and the MAC it fills the 64 octets
that a local part may have (RFC 5321, section 4.5.3.1.1)."""
_LONGEST = 1000
_MOST = 8
_NUMBER = r"(?<![0-9])([1-9][0-9]{0,18})"
_MAC = r"([0-9a-f]{14})(?![0-9a-f])"
_BETWEEN = r"[.,=_~+/-]"
_EDITION = re.compile(rf"{_NUMBER}{_BETWEEN}([1-9][0-9]{{0,18}}){_BETWEEN}{_MAC}")
_NOTICE = re.compile(rf"n([1-9][0-9]{{0,18}}){_BETWEEN}([0-9a-f]{{8}}){_BETWEEN}{_MAC}")
_HEX = re.compile(r"[=+]([0-7][0-9a-f])")
"""Quoted-printable (RFC 2045, 6.7) and xtext (RFC 3461, section 4), of print alone."""
_LEAVE = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])")


def tags_in(text: str) -> Iterator[str]:
    """What may be return tags in an address or an envelope identifier, each as it was made; a few at most."""
    seen = set[str]()
    for spelling in _spellings(text):
        made = [
            *(f"{edition}.{subscription}-{mac}" for edition, subscription, mac in _EDITION.findall(spelling)),
            *(f"n{number}.{asked}-{mac}" for number, asked, mac in _NOTICE.findall(spelling)),
        ]
        for tag in made[:_MOST]:
            if tag not in seen:
                seen.add(tag)
                yield tag


def leave_tokens_in(text: str) -> Iterator[str]:
    """What may be leave tokens before the @ of an address, or in a quoted part before it, in any spelling."""
    before = (spelling.rpartition("@")[0] or spelling for spelling in _spellings(text))
    yield from dict.fromkeys(token for local in before for token in _LEAVE.findall(local)[:_MOST])


def _spellings(text: str) -> Iterator[str]:
    plain = text[:_LONGEST].lower()
    yield plain
    decoded = unquote(unquote(plain))
    if decoded != plain:
        yield decoded
    printed = _HEX.sub(lambda found: chr(int(found[1], 16)), decoded)
    if printed != decoded:
        yield printed.lower()
