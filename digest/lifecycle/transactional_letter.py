"""Transactional letters: to one person about their own subscriptions, to confirm, to tell, to move, to show.

Nobody can put a word of their own into one: a letter that any stranger can cause must be no good for any message
(facts: Spamhaus on subscription bombing). They carry no List-Unsubscribe: there is nothing to leave.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

from digest.letters.letter import Render
from digest.letters.values import Mailbox
from digest.subscribers.tokens import TokenPurpose, life_of
from mail.encoding import alternative, boundary, quoted_printable
from mail.headers import checked_head, encoded_phrase, encoded_text, field, header_text, shortened

_LONGEST_SUBJECT = 150
_RETRIES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


class NoticeKind(StrEnum):
    """Kind of a transactional letter: what it is for."""

    CONFIRM = "confirm"
    REMIND = "remind"
    """Asks once more, two days later, with a link of its own."""
    ALREADY = "already"
    """Somebody asked to join who gets all of it already."""
    MOVING = "moving"
    """To the address that a subscription comes to: where to type in another."""
    MOVE = "move"
    MOVED = "moved"
    """To the address that a subscription came to: it goes to another one now."""
    MY_DATA = "my_data"

    @property
    def purpose(self) -> TokenPurpose | None:
        """What its token does; None for a letter without one."""
        if self is NoticeKind.REMIND:
            return TokenPurpose.CONFIRM
        return None if self in {NoticeKind.ALREADY, NoticeKind.MOVED} else TokenPurpose(self.value)


class NoticeState(StrEnum):
    """State of a transactional letter: how far it is."""

    WAITING = "waiting"
    SENDING = "sending"
    """Marked durably before its final dot: a crash after this leaves nobody who knows."""
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """The relay may have it. It is never sent again; whoever misses it asks anew."""
    EXPIRED = "expired"


def gives_up(kind: NoticeKind, asked: datetime) -> datetime:
    """When a letter that no relay has taken is not worth sending any more: when its token would be over.

    A reminder is as old as its wish, and begins two days later.
    """
    life = life_of(kind.purpose or TokenPurpose.CONFIRM)
    return asked + (2 * life if kind is NoticeKind.REMIND else life)


def next_try(attempt: int, now: datetime) -> datetime:
    """When to try again after the `attempt`-th refusal that was not for ever, from 1: somebody waits for it."""
    return now + _RETRIES[min(attempt, len(_RETRIES)) - 1]


@dataclass(frozen=True, kw_only=True)
class TransactionalLetter:
    """A letter before it is rendered. `name` is unique among them, and stays over every try of one letter."""

    kind: NoticeKind
    sender: Mailbox
    reply_to: Mailbox | None
    recipient: str
    language: str
    date: datetime
    name: str
    host: str
    token: str
    values: Mapping[str, object]


def notice_letter(notice: TransactionalLetter, render: Render) -> bytes:
    """The letter's bytes, CRLF throughout, no line that begins with a dot.

    Raises HeaderError when its head would not be exactly the intended one.
    """
    values = {"sender": notice.sender.name, "token": notice.token, **notice.values}
    subject = shortened(header_text(render(f"letters/{notice.kind}_subject.txt", values)), _LONGEST_SUBJECT)
    text = quoted_printable(render(f"letters/{notice.kind}.txt", values), notice.token)
    html = quoted_printable(render(f"letters/{notice.kind}.html", {**values, "subject": subject}), notice.token)
    mark = boundary((text, html))
    fields = tuple(_fields(notice, subject, mark))
    head = b"".join(field(name, value) for name, value in fields)
    checked_head(head, tuple(name for name, _ in fields))
    return head + b"\r\n" + alternative(text, html, mark)


def _fields(notice: TransactionalLetter, subject: str, mark: str) -> Iterator[tuple[str, str]]:
    yield "From", _mailbox("From", notice.sender)
    if notice.reply_to:
        yield "Reply-To", _mailbox("Reply-To", notice.reply_to)
    yield "To", notice.recipient
    yield "Subject", encoded_text("Subject", subject)
    yield "Date", format_datetime(notice.date)
    yield "Message-ID", f"<{notice.name}@{notice.host}>"
    yield "Auto-Submitted", "auto-generated"  # RFC 3834: no vacation answers
    # OOF, not All: bounces must still come (Exchange)
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    yield "Content-Language", notice.language
    yield "MIME-Version", "1.0"
    yield "Content-Type", f'multipart/alternative; boundary="{mark}"'


def _mailbox(name: str, mailbox: Mailbox) -> str:
    return f"{encoded_phrase(name, mailbox.name)} <{mailbox.address}>"
