"""Reports that machines write for machines: delivery status (RFC 3464), feedback (RFC 5965), disposition (RFC 8098)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from digest.bounces.mime import Part, fields_of
from mail.failure.status_codes import BounceClass, class_of, status_of

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RECEIPTS = ("message/disposition-notification", "message/global-disposition-notification")
_FEEDBACK = "message/feedback-report"
_ABUSE = ("abuse", "fraud")
_LEAVE = ("opt-out", "opt-out-list", "optout", "unsubscribe")
"""RFC 5965 has "opt-out" in its registry's beginnings; Yahoo's and AOL's loops say it, some others the last two."""
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_WRITTEN_DOWN = ("return-path", "x-envelope-from", "x-original-return-path", "received-spf", "authentication-results")
_JUNK_MAIL_PROGRAM = ("x-hmxmroriginalrecipient", "x-ms-exchange-jmrp")
_MOST_BLOCKS = 50

Fields = Mapping[str, Sequence[str]]


class Told(NamedTuple):
    """What a message says of a letter, before it is known whose; `senders` may have been its envelope sender."""

    kind: BounceClass
    status: str = ""
    diagnostic: str = ""
    form: str = ""
    reporter: str = ""
    envelope_id: str = ""
    senders: Sequence[str] = ()


def failure_in(message: Part) -> Told | None:
    """What a delivery status says; of several recipients the worst counts, as a letter of ours has only one."""
    part = next((part for part in message.walk() if part.kind in _STATUS), None)
    if part is None:
        return None
    whole, *recipients = list(_blocks(part.text)) or [{}]
    if not recipients and {"action", "status"} & whole.keys():  # some leave out the empty line between
        recipients = [whole]
    outcomes = [_recipient(block) for block in recipients]
    worst = min(outcomes, key=lambda outcome: _ORDER.index(outcome.kind), default=Told(BounceClass.SOFT))
    reporter = _typed(_first(whole, "reporting-mta")).lower().rstrip(".")
    envelope_id = _first(whole, "original-envelope-id")
    return worst._replace(form="dsn", reporter=reporter, envelope_id=envelope_id, senders=tuple(_senders(message)))


_ORDER = (
    BounceClass.SENDER_FAULT,
    BounceClass.HARD,
    BounceClass.SOFT,
    BounceClass.DELAYED,
    BounceClass.AUTO_REPLY,
)


def _recipient(fields: Fields) -> Told:
    action = _first(fields, "action").lower()
    diagnostic = _typed(_first(fields, "diagnostic-code"))
    status = status_of(_first(fields, "status"), diagnostic)
    if action in {"delivered", "relayed", "expanded"}:
        return Told(BounceClass.AUTO_REPLY, status, diagnostic)
    kind = class_of(status, diagnostic)
    if action == "delayed" and kind is not BounceClass.SENDER_FAULT:
        kind = BounceClass.DELAYED
    return Told(kind, status, diagnostic)


def complaint_in(message: Part) -> Told | None:
    """What a feedback loop says: a complaint or a wish to leave, in the standard's form or in Outlook.com's."""
    part = next((part for part in message.walk() if part.kind == _FEEDBACK), None)
    if part is not None:
        fields = fields_of(part.text)
        kind = _feedback(_first(fields, "feedback-type").lower())
        told = Told(kind, form="arf", reporter=_typed(_first(fields, "reporting-mta")).lower())
        senders = (*fields.get("original-mail-from", ()), *_senders(message))
        return told._replace(senders=senders, envelope_id=_first(fields, "original-envelope-id"))
    if any(name in head for head in _returned(message) for name in _JUNK_MAIL_PROGRAM):
        return Told(BounceClass.COMPLAINT, form="arf", senders=tuple(_senders(message)))
    return None


def _feedback(kind: str) -> BounceClass:
    if kind in _ABUSE:
        return BounceClass.COMPLAINT
    return BounceClass.LEAVE if kind in _LEAVE else BounceClass.AUTO_REPLY


def ways_to_leave(message: Part) -> Iterator[str]:
    """The List-Unsubscribe fields of what it returns (RFC 2369): with the leave token of who got the letter."""
    for head in _returned(message):
        yield from head.get("list-unsubscribe", ())[:1]


def is_receipt(message: Part) -> bool:
    """Whether it says that a letter was read, deleted or shown (RFC 8098)."""
    return any(part.kind in _RECEIPTS for part in message.walk())


def _returned(message: Part) -> Iterator[Fields]:
    """The heads of the letters that it returns."""
    for part in message.walk():
        if part.kind in _RETURNED and part.parts:
            yield part.parts[0].fields


def _senders(message: Part) -> Iterator[str]:
    """The envelope senders of what it returns, as mailboxes and filters wrote them down (RFC 5321, section 4.4)."""
    for head in _returned(message):
        for name in _WRITTEN_DOWN:
            yield from head.get(name, ())[:1]


def _blocks(text: str) -> Iterator[Fields]:
    """The blocks of fields between empty lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = (fields_of(block) for block in lines.split("\n\n", _MOST_BLOCKS)[:_MOST_BLOCKS])
    return (fields for fields in blocks if fields)


def _first(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _typed(value: str) -> str:
    """What stands after the type: `smtp; 550 no` is `550 no` (RFC 3464, section 2.1.2)."""
    before, sign, after = value.partition(";")
    return after.strip() if sign and before.strip().replace("-", "").isalnum() else value.strip()
