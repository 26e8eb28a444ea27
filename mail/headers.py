"""What may stand in a mail's head: one function for all its text, and a check of the finished lines.

CPython before 3.11.10 lets a crafted title open a header of its own (CVE-2024-6923), so nothing here trusts the
email module to keep text inside its line: text is made harmless first, and the finished head is read back.
"""

import re
import unicodedata
from collections import Counter
from email import policy
from email.errors import MultipartInvariantViolationDefect
from email.header import Header
from email.parser import BytesParser

from mail.graphemes import joins, whole_up_to

_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3: a path has 256 octets, its angle brackets included
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", re.ASCII)
_FOLD_AT = 76
_LONGEST_PHRASE = 120  # unlike a subject it may stand on one line, and a line holds 998 octets (RFC 5322 2.1.1)


class HeaderError(ValueError):
    """A header that must not go out. `header` names it; addresses are never part of the message."""

    def __init__(self, header: str, why: str) -> None:
        self.header = header
        super().__init__(f"{header}: {why}")


def header_text(text: str) -> str:
    """One line of text that cannot be taken for anything but text, in any header."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    visible = "".join(
        char for at, char in enumerate(line) if unicodedata.category(char) not in _UNFIT or joins(line, at)
    )
    # Dropped characters may have stood between blanks, or between the two that open an encoded word (RFC 2047).
    return " ".join(visible.split()).replace("=?", "= ?")


def shortened(text: str, limit: int) -> str:
    """The text, or as many of its first words as fit in `limit` characters with an ellipsis after them."""
    if len(text) <= limit:
        return text
    words = text[:limit].rpartition(" ")[0] or text[: whole_up_to(text, limit - 1)]
    return words.rstrip(" ,;:–-") + "…"


def encoded_text(name: str, text: str) -> str:
    """The value of an unstructured header such as Subject: folded, and in encoded words unless it is ASCII."""
    clean = header_text(text)
    charset = "us-ascii" if clean.isascii() else "utf-8"
    return Header(clean, charset, maxlinelen=_FOLD_AT, header_name=name).encode(linesep="\r\n")


def encoded_phrase(name: str, text: str) -> str:
    """The words before an angle bracket, as in From: plain, quoted or in encoded words, whatever they need."""
    clean = shortened(header_text(text), _LONGEST_PHRASE)
    if not clean.isascii():
        return encoded_text(name, clean)
    if _PLAIN_PHRASE.fullmatch(clean):
        return clean
    quoted = clean.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def fit_address(name: str, address: str) -> str:
    """The address, unchanged, when it may stand bare in a header and in an SMTP command; else HeaderError."""
    if len(address) > _LONGEST_ADDRESS or "=?" in address or not _ADDRESS.fullmatch(address):
        raise HeaderError(name, "this is no plain ASCII mail address; write it as name@domain, without <> or blanks")
    return address


def field(name: str, value: str) -> bytes:
    """A finished header line. The value is ASCII, and a line break in it is a fold."""
    if not value.isascii() or re.search(r"\r\n(?![ \t])|(?<!\r)\n|\r(?!\n)", value):
        raise HeaderError(name, "its value is not ASCII or breaks out of its line")
    return f"{name}: {value}\r\n".encode("ascii")


def checked_head(head: bytes, intended: tuple[str, ...]) -> bytes:
    """The head, unchanged, when it reads back as exactly the intended headers; else HeaderError says which is wrong."""
    message = BytesParser(policy=policy.default).parsebytes(head + b"\r\n", headersonly=True)
    found, wanted = Counter(name.lower() for name in message), Counter(name.lower() for name in intended)
    for name in (found - wanted) or (wanted - found):
        raise HeaderError(name, f"the head has it {found[name]} times instead of {wanted[name]}")
    # CPython before 3.11.4 misses the parts of every multipart message of which it was told to read the head alone
    # (cpython issue 106186). They are no part of a head.
    defects = [defect for defect in message.defects if not isinstance(defect, MultipartInvariantViolationDefect)]
    if defects or message.get_payload():
        raise HeaderError(intended[0], f"the head does not read back whole: {defects or 'text after it'}")
    return head
