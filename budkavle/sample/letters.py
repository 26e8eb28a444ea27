"""Letters for people to open: copies of what lies in the outbox, under names that say when and to whom."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class CopiedLetter:
    """A letter and its name, such as `2026-02-13-pendlare`, under which it is copied as .eml and as .html."""

    name: str
    recipient: str
    subject: str
    sent_at: datetime
    of_digest: bool
    message: bytes
    page: str
    """Its HTML part, a whole page with its style inside; of a letter of text alone, nothing."""


def copied_letters(outbox: Path) -> tuple[CopiedLetter, ...]:
    """Every letter of a Maildir, the oldest first. A letter keeps its name when others come after it."""
    letters = sorted(_letters(outbox), key=lambda letter: (letter.sent_at, letter.recipient, letter.message))
    taken: dict[str, int] = {}
    return tuple(_named(letter, taken) for letter in letters)


def _letters(outbox: Path) -> Iterator[CopiedLetter]:
    parser = BytesParser(EmailMessage, policy=policy.default)
    for path in (path for folder in ("new", "cur") for path in (outbox / folder).glob("*")):
        data = path.read_bytes()
        message = parser.parsebytes(data)
        page = message.get_body(("html",))
        yield CopiedLetter(
            name="",
            recipient=str(message["To"]),
            subject=str(message["Subject"]),
            sent_at=message["Date"].datetime,
            of_digest="List-Id" in message,
            message=data,
            page=str(page.get_content()) if page else "",
        )


def _named(letter: CopiedLetter, taken: dict[str, int]) -> CopiedLetter:
    words = [f"{letter.sent_at:%Y-%m-%d}", letter.recipient.partition("@")[0]]
    if not letter.of_digest:  # one edition sends one letter to each; of others there may be many a day
        words.append(letter.subject[:40])
    name = plain(" ".join(words))
    taken[name] = taken.get(name, 0) + 1
    number = f"-{taken[name]}" if taken[name] > 1 else ""
    return CopiedLetter(**{**vars(letter), "name": name + number})


def plain(text: str) -> str:
    """A name for a file or an address: a-z, 0-9 and hyphens."""
    bare = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-") or "brev"
