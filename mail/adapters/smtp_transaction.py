"""One letter's SMTP transaction (RFC 5321, section 3.3): its commands, and what a relay's answers to them mean."""

import re
from dataclasses import dataclass

from aiosmtplib import SMTP

from mail.adapters.smtp_connect import RelayAddress
from mail.adapters.smtp_conversation import Answer, Conversation
from mail.relay import Envelope
from mail.reply import Phase

_GO_ON, DONE, _WILL_FORWARD, _CLOSING = 354, 250, 251, 421
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
COMMANDS = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_YES = {Phase.MAIL: {DONE}, Phase.RCPT: {DONE, _WILL_FORWARD}, Phase.DATA: {_GO_ON}}
"""What accepts each command (RFC 5321, section 4.3.2; 251 is a yes as well: section 3.4)."""


@dataclass(kw_only=True)
class Line:
    """An open connection, what the relay offers on it, and how much it was used."""

    conversation: Conversation
    pipelining: bool
    size: bool
    dsn: bool
    since: float
    seconds: float
    dot_seconds: float
    letters: int = 0

    @classmethod
    def over(cls, client: SMTP, where: RelayAddress, now: float) -> "Line":
        """The connection that this client has opened. Raises ConnectionError."""
        if client.transport is None:
            raise ConnectionError("the relay closed the connection after the login")
        return cls(
            conversation=Conversation.over(client.transport),
            pipelining=client.supports_extension("pipelining"),
            size=client.supports_extension("size"),
            dsn=client.supports_extension("dsn"),
            since=now,
            seconds=where.seconds,
            dot_seconds=where.dot_seconds,
        )


def commands(line: Line, envelope: Envelope) -> tuple[bytes, bytes, bytes]:
    """MAIL, RCPT and DATA for this envelope, with the extensions that the relay offers (RFC 1870, RFC 3461)."""
    size = f" SIZE={len(envelope.letter)}" if line.size else ""
    whose = who = ""
    if line.dsn and envelope.id:  # only the head comes back, and never the news that all went well
        whose = f" RET=HDRS ENVID={_xtext(envelope.id)}"
        who = f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{_xtext(envelope.recipient)}"
    return (
        f"MAIL FROM:<{envelope.sender}>{size}{whose}\r\n".encode(),
        f"RCPT TO:<{envelope.recipient}>{who}\r\n".encode(),
        b"DATA\r\n",
    )


def _xtext(text: str) -> str:
    """The text with all but printable ASCII, and `+` and `=`, as plus and two hex digits (RFC 3461, section 4)."""
    return _NOT_XTEXT.sub(lambda match: f"+{ord(match[0]):02X}", text)


async def introduce(line: Line, envelope: Envelope) -> list[Answer]:
    """MAIL, RCPT and DATA: in one go where the relay takes them so, else one after the other until one is refused."""
    wanted = commands(line, envelope)
    if line.pipelining:
        return await line.conversation.ask(b"".join(wanted), len(wanted), line.seconds)
    answers: list[Answer] = []
    for command in wanted:
        heard = await line.conversation.ask(command, 1, line.seconds)
        answers += heard
        if not heard or heard[0].code not in {DONE, _WILL_FORWARD, _GO_ON}:
            break
    return answers


def refused(answers: list[Answer]) -> tuple[Phase, Answer] | None:
    """The first answer that is no yes, and to which command; None when all that were answered were accepted."""
    heard = zip(COMMANDS, answers, strict=False)
    return next(((phase, answer) for phase, answer in heard if answer.code not in _YES[phase]), None)


async def reset(line: Line, answers: list[Answer]) -> bool:
    """Get back into step after a refused recipient; False when the relay does not follow.

    A relay that takes commands in one go may have said 354 all the same: it gets an empty letter for nobody, which it
    must refuse (RFC 2920, section 3.1).
    """
    if answers[-1].code == _GO_ON:
        ended = await line.conversation.ask(b".\r\n", 1, line.dot_seconds)
        if not ended or not is_orderly(ended[0]):
            return False
    answered = await line.conversation.ask(b"RSET\r\n", 1, line.seconds)
    return bool(answered) and answered[0].code == DONE


def is_orderly(answer: Answer) -> bool:
    """Whether a refusal leaves client and relay in step."""
    return answer.code // 100 in {4, 5} and answer.code != _CLOSING
