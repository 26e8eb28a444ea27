"""Alarm mail to the operator: plain text, over a connection of its own."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from budkavle.alarms.alarms import RememberedAlarm
from budkavle.config.load import Config
from budkavle.installation.slices.sending import transport
from budkavle.rendering.wording import local_time
from mail.encoding import TOKEN_LENGTH, quoted_printable
from mail.headers import checked_head, encoded_phrase, encoded_text, field
from mail.relay import Envelope
from mail.reply import Reply, Verdict, verdict

_NO_TOKEN = "\0" * TOKEN_LENGTH  # nobody leaves this list; no alarm's text holds a NUL
_SECONDS = 60


def alarm_mail(
    config: Config, lasting: Sequence[RememberedAlarm], over: Sequence[RememberedAlarm], now: datetime
) -> Envelope:
    """An alarm mail: what is wrong now and what is over, from the first digest's sender to the operator."""
    settings = config.settings
    operator = settings.operator.address
    sender = settings.digests[0].from_ if settings.digests else None
    address = sender.address if sender else operator
    body = "\n".join(_lines(settings.public_url, lasting, over, settings.timezone))
    unique = hashlib.sha256(f"{now.isoformat()}\n{body}".encode()).hexdigest()[:32]
    fields = (
        ("From", f"{encoded_phrase('From', sender.name)} <{address}>" if sender and sender.name else address),
        ("To", operator),
        ("Subject", encoded_text("Subject", _subject(lasting, over))),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<alarm.{unique}@{address.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
        ("Content-Language", "en"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "quoted-printable"),
    )
    head = checked_head(b"".join(field(*pair) for pair in fields), tuple(name for name, _ in fields))
    return Envelope(sender=address, recipient=operator, letter=head + b"\r\n" + quoted_printable(body, _NO_TOKEN))


async def post(config: Config, envelope: Envelope) -> str | None:
    """Send one mail over a connection of its own, in a minute at most; says why when it was not taken."""
    try:
        carrier = transport(config).relay()
    except (OSError, ValueError) as error:  # no password
        return str(error)
    try:
        async with asyncio.timeout(_SECONDS):
            reply = await carrier.offer(envelope) or await carrier.finish()
    except TimeoutError:
        return f"the relay was silent for {_SECONDS} seconds"
    finally:
        await carrier.close()
    return None if _is_taken(reply) else str(reply)


def _is_taken(reply: Reply) -> bool:
    return verdict(reply) is Verdict.SENT


def _subject(lasting: Sequence[RememberedAlarm], over: Sequence[RememberedAlarm]) -> str:
    if not lasting:
        return "Budkavle: all is well again"
    first = lasting[0].alarm
    others = f" and {len(lasting) - 1} more" if len(lasting) > 1 else ""
    return f"Budkavle: {first.kind} {first.about}{others}" + (f"; {len(over)} over" if over else "")


def _lines(
    public_url: str, lasting: Sequence[RememberedAlarm], over: Sequence[RememberedAlarm], zone: ZoneInfo
) -> Iterator[str]:
    if lasting:
        yield "This needs a person:\n"
        for remembered in lasting:
            yield f"{remembered.alarm.kind}: {remembered.alarm.about}, since {local_time(remembered.since, zone)}"
            yield f"    {remembered.alarm.what}\n"
    if over:
        yield "This is over:\n"
        for remembered in over:
            until = local_time(remembered.ended, zone) if remembered.ended else ""
            yield f"{remembered.alarm.kind}: {remembered.alarm.about}, {local_time(remembered.since, zone)} to {until}"
        yield ""
    yield "`budkavle status` shows how things stand now. You get at most one such mail an hour."
    yield f"-- \nBudkavle at {public_url}\n"
