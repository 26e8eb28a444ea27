"""Reading what comes back for a letter: failures (RFC 3464), complaints (RFC 5965), automatic answers (RFC 3834).

What fits no form is a failure when a mail system wrote it, and counts for the least that there is.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.bounces.auto_replies import is_absence, is_automatic
from digest.bounces.dsn_and_arf import Told, complaint_in, failure_in, is_receipt, ways_to_leave
from digest.bounces.free_text import is_said_to_be_our_fault, told_in_words
from digest.bounces.mime import Part, read_message
from digest.bounces.policy import COUNTS
from digest.bounces.unsubscribe_letters import wishes_to_leave
from digest.keys import Key
from digest.return_spellings import leave_tokens_in
from digest.verp import Returned, ReturnedNotice, read_address
from mail.failure.status_codes import BounceClass
from mail.redaction import line_without_addresses

_LONGEST = 300
_DELIVERED_TO = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to", "x-real-to"),
    *("x-forwarded-to", "resent-to", "apparently-to", "to", "cc"),
)
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,300})", re.IGNORECASE)
"""RFC 5321, section 4.4: whom a server took the message for."""
_BETWEEN_ADDRESSES = re.compile(r"[\s<>\"',;:()]+")
_MOST_VALUES = 10
_MUTE = ("", "4.0.0", "5.0.0")
_NO_REPORT = (BounceClass.AUTO_REPLY, BounceClass.UNKNOWN)
_UNSEEN = Told(BounceClass.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a message that came back says.

    `letter` is None when no valid return tag says whose letter it is: then nobody may be changed by it. `diagnostic`
    holds no mail address. `form` is `dsn`, `arf`, `text` or nothing; `reporter` is the host that says it. `mark` is the
    same for the same message, however often and by whatever way it comes. `leave_tokens` may say who wishes to leave.
    """

    kind: BounceClass
    letter: Returned | ReturnedNotice | None
    status: str
    diagnostic: str
    form: str
    reporter: str
    mark: str
    leave_tokens: Sequence[str] = ()


def read_bounce(key: Key, raw: bytes, recipient: str = "") -> Report:
    """Read a message of any bytes; `recipient` is the address that it was delivered to, where that is known."""
    message = read_message(raw)
    told, came_to = _told(message), _came_to(message, recipient)
    tokens = tuple(dict.fromkeys(token for field in came_to for token in leave_tokens_in(field)))
    letter = _letter(key, came_to, told)
    is_report = told.form or told.kind not in _NO_REPORT
    if not is_report and wishes_to_leave(message, to_leave=bool(tokens)):
        told = Told(BounceClass.LEAVE)
    if told.kind is BounceClass.LEAVE:
        tokens += tuple(token for field in ways_to_leave(message) for token in leave_tokens_in(f"{field}@"))
    return Report(
        kind=told.kind,
        letter=letter,
        leave_tokens=tokens if told.kind is BounceClass.LEAVE else (),
        status=told.status,
        diagnostic=line_without_addresses(told.diagnostic[: 2 * _LONGEST])[:_LONGEST],
        form=told.form,
        reporter=told.reporter,
        mark=_mark(message, raw),
    )


def _told(message: Part) -> Told:
    """A report is believed before the marks of an automatic answer, which reports carry as well."""
    told = failure_in(message) or complaint_in(message)
    if told is not None:
        is_mute = told.kind in COUNTS and not told.diagnostic and told.status in _MUTE
        ours = is_mute and is_said_to_be_our_fault(message, told.status)
        return told._replace(kind=BounceClass.SENDER_FAULT) if ours else told
    if is_absence(message):
        return Told(BounceClass.AUTO_REPLY)
    failed = told_in_words(message)
    if failed is not None:
        return failed
    is_answer = is_receipt(message) or is_automatic(message)
    return Told(BounceClass.AUTO_REPLY) if is_answer else _UNSEEN


def _letter(key: Key, came_to: Sequence[str], told: Told) -> Returned | ReturnedNotice | None:
    """Whose letter it was: by the address that the message came to, then by what it says of the letter's envelope."""
    said = [*came_to, told.envelope_id, *told.senders]
    letters = (read_address(key, text) for text in said)
    return next((letter for letter in letters if letter is not None), None)


def _came_to(message: Part, recipient: str) -> list[str]:
    """The addresses that a message was delivered to, and those that it was on the way to."""
    values = [value for name in _DELIVERED_TO for value in message.fields.get(name, ())[:_MOST_VALUES]]
    words = [word for value in values for word in _BETWEEN_ADDRESSES.split(value)]
    received = [match[1] for value in message.fields.get("received", ()) if (match := _FOR.search(value))]
    return [recipient, *(word for word in words if word), *received[:_MOST_VALUES]]


def _mark(message: Part, raw: bytes) -> str:
    """SHA-256 of the Message-ID, else of all but the head, which each way there changes."""
    named = message.first("message-id")
    if named:
        return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1]
    return hashlib.sha256(body).hexdigest()
