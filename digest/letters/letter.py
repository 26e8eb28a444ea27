"""Letter: a variant becomes a form, once; a form becomes a letter for each recipient, at the price of a join."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import cached_property
from typing import Protocol

from digest.letters.items import as_correction, as_item, as_withdrawal
from digest.letters.values import Dateline, LetterArticles, Mailbox, Masthead, Recipient, ShownArticle
from mail.encoding import TOKEN_LENGTH, alternative, boundary, quoted_printable
from mail.headers import checked_head, encoded_phrase, encoded_text, field, header_text, shortened

SUBJECT_LENGTH = 75
_LEAST_HEADLINE = 24  # a shorter stump of a headline says less than a count
_LONGEST_SUBJECT = 150
_NEXT, _NEXT_LENGTH = 3, 60  # headlines that mail programs show beside the subject, and characters of each
HTML_BYTES = 80_000  # Gmail clips at about 102 kB, and the leave link stands last


class Render(Protocol):
    """Fills the template of this name with these values."""

    def __call__(self, name: str, values: Mapping[str, object], /) -> str:
        """The text of the filled template."""


class LetterTooLargeError(ValueError):
    """A letter whose HTML part stays too large with nothing but its notices in it."""

    def __init__(self) -> None:
        super().__init__(f"its HTML part has more than {HTML_BYTES} bytes; make letters/edition.html smaller")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A rendered letter: its words before they are encoded."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class LetterForm:
    """A letter without its recipient, ready to be stored: all bytes but To and Message-ID, with `token` for theirs.

    `edition` and `host` go into the Message-ID.
    """

    message: bytes
    token: str
    edition: str
    host: str

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The message cut at each place of the token: joining costs a tenth of replacing."""
        return tuple(self.message.split(self.token.encode()))


def rendered(
    masthead: Masthead, dateline: Dateline, shown: LetterArticles, leave_token: str, render: Render
) -> Rendered:
    """The words of the letter that the holder of `leave_token` gets. Raises LetterTooLargeError."""
    for smaller in _ever_smaller(shown):
        values = _values(masthead, dateline, smaller, leave_token)
        html = render("letters/edition.html", values)
        if len(html.encode()) <= HTML_BYTES:
            return Rendered(subject=_subject(values, render), text=render("letters/edition.txt", values), html=html)
    raise LetterTooLargeError


def html_size(masthead: Masthead, dateline: Dateline, shown: LetterArticles, render: Render) -> int:
    """How many bytes the HTML part of a letter has."""
    return len(render("letters/edition.html", _values(masthead, dateline, shown, "0" * TOKEN_LENGTH)).encode())


def _ever_smaller(shown: LetterArticles) -> Iterator[LetterArticles]:
    """What is shown, all of it short, and then with ever fewer items: the others stand on the edition's page.

    Room is decided when a variant is made. This is for what was not known then: other templates, a longer address.
    """
    yield shown
    items, corrected, withdrawn = (_all_short(part) for part in (shown.items, shown.corrected, shown.withdrawn))
    left = len(items)
    while True:
        more = shown.more + len(items) - left
        yield replace(shown, items=items[:left], corrected=corrected, withdrawn=withdrawn, more=more)
        if not left:
            return
        left = left * 3 // 4


def _all_short(shown: Iterable[ShownArticle]) -> tuple[ShownArticle, ...]:
    return tuple(replace(article, short=True) for article in shown)


def form(masthead: Masthead, dateline: Dateline, shown: LetterArticles, render: Render) -> LetterForm:
    """The letter for all who are shown this: rendered and encoded once, the same bytes every time.

    Raises HeaderError when its head would not be exactly the intended one, and LetterTooLargeError.
    """
    token = _token(masthead, dateline, shown)
    words = rendered(masthead, dateline, shown, token, render)
    text, html = quoted_printable(words.text, token), quoted_printable(words.html, token)
    mark = boundary((text, html))
    fields = tuple(_fields(masthead, dateline, words.subject, token, mark))
    head = b"".join(field(name, value) for name, value in fields)
    checked_head(head, tuple(name for name, _ in fields))
    body = alternative(text, html, mark)
    return LetterForm(message=head + b"\r\n" + body, token=token, edition=dateline.key, host=masthead.host)


def stored(form: LetterForm) -> bytes:
    """A form as bytes that can be kept."""
    return f"{form.token}\n{form.edition}\n{form.host}\n".encode() + form.message


def restored(data: bytes) -> LetterForm:
    """The form that was kept."""
    token, edition, host, message = data.split(b"\n", 3)
    return LetterForm(message=message, token=token.decode(), edition=edition.decode(), host=host.decode())


def made_out(form: LetterForm, recipient: Recipient) -> bytes:
    """The letter of one recipient: the same bytes on every try, CRLF throughout, no line that begins with a dot."""
    headers = f"To: {recipient.address}\r\nMessage-ID: {message_id(form, recipient)}\r\n".encode()
    return headers + recipient.leave_token.encode().join(form.pieces)


def message_id(form: LetterForm, recipient: Recipient) -> str:
    """Unique per recipient and edition, the same on a retry, and says nothing about the recipient."""
    return message_id_of(form.edition, form.host, recipient.leave_token)


def message_id_of(edition: str, host: str, leave_token: str) -> str:
    """The Message-ID of the letter of an edition to the holder of this token."""
    digest = hashlib.sha256(f"{leave_token}\n{edition}".encode()).hexdigest()[:32]
    return f"<{edition}.{digest}@{host}>"


def _values(masthead: Masthead, dateline: Dateline, shown: LetterArticles, leave_token: str) -> dict[str, object]:
    web_url = masthead.edition_url(dateline.key)
    # What is shortened comes after what is not.
    items = tuple(as_item(article) for article in sorted(shown.items, key=lambda article: article.short))
    return {
        "masthead": masthead,
        "imprint": masthead.imprint,
        "colours": masthead.colours,
        "dateline": dateline,
        "items": items,
        "next_headlines": tuple(shortened(item.headline, _NEXT_LENGTH) for item in items[1 : 1 + _NEXT]),
        "corrected": tuple(as_correction(article) for article in shown.corrected),
        "withdrawn": tuple(as_withdrawal(article, web_url) for article in shown.withdrawn),
        "count": len(shown.items) + shown.more,
        "more": shown.more,
        "more_url": shown.more_url or (web_url if shown.more else None),
        "web_url": web_url,
        "choices_url": masthead.choices_url(leave_token),
        "leave_url": masthead.leave_url(leave_token),
    }


def _token(masthead: Masthead, dateline: Dateline, shown: LetterArticles) -> str:
    """A token that no article can hold: to write it, an author would need to find a fixed point of SHA-256."""
    everything = repr((masthead, dateline, shown)).encode(errors="backslashreplace")
    return base64.b32encode(hashlib.sha256(everything).digest()).decode()[:TOKEN_LENGTH]


def _subject(values: Mapping[str, object], render: Render) -> str:
    """The subject with as much of the first headline as there is room for; without it when that is too little."""
    items = values["items"]
    headline = header_text(items[0].headline) if isinstance(items, tuple) and items else ""

    def with_(words: str) -> str:
        return header_text(render("letters/subject.txt", {**values, "headline": words}))

    subject = with_(headline)
    room = SUBJECT_LENGTH - (len(subject) - len(headline))
    if len(subject) > SUBJECT_LENGTH:
        subject = with_(shortened(headline, room) if room >= _LEAST_HEADLINE else "")
    return shortened(subject, _LONGEST_SUBJECT)


def _fields(masthead: Masthead, dateline: Dateline, subject: str, token: str, mark: str) -> Iterator[tuple[str, str]]:
    """The head but for the recipient's own two lines, in reading order."""
    yield "From", _mailbox("From", masthead.sender)
    if masthead.reply_to:
        yield "Reply-To", _mailbox("Reply-To", masthead.reply_to)
    yield "Subject", encoded_text("Subject", subject)
    yield "Date", format_datetime(dateline.date)
    yield "List-Id", f"{encoded_phrase('List-Id', masthead.title)} <{masthead.name}.{masthead.host}>"
    yield "List-Unsubscribe", masthead.ways_to_leave(token)
    if masthead.one_click:
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "List-Archive", f"<{masthead.archive_url}>"
    yield "Auto-Submitted", "auto-generated"
    # OOF, not All: bounces must still come (Exchange)
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    yield "Precedence", "bulk"
    yield "Content-Language", masthead.language
    yield "MIME-Version", "1.0"
    yield "Content-Type", f'multipart/alternative; boundary="{mark}"'


def _mailbox(name: str, mailbox: Mailbox) -> str:
    return f"{encoded_phrase(name, mailbox.name)} <{mailbox.address}>"
