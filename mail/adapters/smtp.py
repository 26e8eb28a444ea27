"""Sending through an SMTP relay: aiosmtplib connects, secures and authenticates; the transaction is phase by phase.

aiosmtplib's own `sendmail()` hides whether a connection was lost before or after the final dot, encodes every letter
anew, waits for each command's answer, and loses step with the relay when a call is cancelled.
"""

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from ssl import SSLCertVerificationError

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPHeloError, SMTPResponseException

from mail.adapters.found_limits import FoundLimits
from mail.adapters.smtp_conversation import Answer, Conversation
from mail.adapters.smtp_login import Login, NoMechanismError, UnprovedRelayError, log_in
from mail.adapters.token_command import TokenCommand, TokenError
from mail.relay import Envelope
from mail.reply import Phase, Reply

_SECONDS = 300.0
_DOT_SECONDS = 600.0
"""RFC 5321, section 4.5.3.2.6: ten minutes for the answer to the final dot."""
_GOODBYE_SECONDS = 5.0
_MOST_SECONDS = 300.0
"""How old a connection gets: relays close older ones, and balance their load by new ones."""
_NOT_KNOWN = 5
_GO_ON, _DONE, _WILL_FORWARD, _CLOSING = 354, 250, 251, 421
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
_COMMANDS = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_YES = {Phase.MAIL: {_DONE}, Phase.RCPT: {_DONE, _WILL_FORWARD}, Phase.DATA: {_GO_ON}}
"""What accepts each command (RFC 5321, section 4.3.2; 251 is a yes as well: section 3.4)."""


class Tls(StrEnum):
    """How a connection to the relay is secured. `none` is for the loopback only."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, kw_only=True)
class RelayAddress:
    """Where the relay is, who we are to it, and how many letters it gets over one connection at most."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None
    letters: int = 100
    token: TokenCommand | None = None
    ca_file: str | None = None

    @property
    def login(self) -> Login | None:
        """By what the relay shall know us; None when it need not."""
        return Login(user=self.user, password=self.password, token=self.token) if self.user else None


@dataclass(kw_only=True)
class _Line:
    """An open connection, what the relay offers on it, and how much it was used."""

    conversation: Conversation
    pipelining: bool
    size: bool
    dsn: bool
    since: float
    letters: int = 0


class SmtpRelay:
    """One connection to a relay, opened when needed and used again until it has carried its share.

    `limits` are what is found of the relay's own, by this connection and others.
    """

    def __init__(self, where: RelayAddress, limits: FoundLimits | None = None) -> None:
        self._where = where
        self._limits = limits or FoundLimits()
        self._line: _Line | None = None
        self._offered = False
        self._announced: Envelope | None = None
        """What was introduced together with the last dot (RFC 2920, section 3.1), and not offered yet."""

    async def offer(self, envelope: Envelope) -> Reply | None:
        """MAIL, RCPT, DATA and the letter without its final dot.

        A connection that the relay closed while it was idle, or of which it has enough, is no fault: the letter is
        offered once more on a fresh one.
        """
        line = await self._line_for(envelope)
        if line is not None:
            announced, self._announced = self._announced, None
            heard = line.conversation.hear(len(_COMMANDS), _SECONDS) if announced else _introduce(line, envelope)
            answers = await heard
            if answers or not line.conversation.was_lost:
                refusal = await self._judged(line, answers, envelope.letter)
                if refusal is None or not self._limits.is_used_up(refusal):
                    return refusal
            await self.drop()
        try:
            line = await self._connected()
        except (SMTPException, OSError, ValueError) as error:
            return _not_let_in(error, self._limits.lines.number)
        return await self._judged(line, await _introduce(line, envelope), envelope.letter)

    async def finish(self, following: Envelope | None = None) -> Reply:
        """Write the final dot and wait for its answer, as long as the standard asks.

        Where the relay takes commands in one go and the connection has not carried its share, `following` is introduced
        in the same write: that saves a letter one of its two waits for the relay.
        """
        line, offered, self._offered = self._line, self._offered, False
        if line is None or not offered or not line.conversation.is_open:  # without its dot nothing was sent
            why = line.conversation.why if line else "the connection is closed"
            await self.drop()
            return Reply(phase=Phase.DATA, code=0, text=why)
        line.letters += 1
        words, asked = b".\r\n", 1
        if following is not None and line.pipelining and self._usable() is line:
            self._announced = following
            commands = _commands(line, following)
            words, asked = b"".join((words, *commands)), asked + len(commands)
        line.conversation.say(words, asked)
        answers = await line.conversation.hear(1, _DOT_SECONDS)
        if not answers:
            why = line.conversation.why
            await self.drop()
            return Reply(phase=Phase.DOT, code=0, text=why)
        if answers[0].code != _DONE and not _is_orderly(answers[0]):
            await self.drop()
        return self._reply(line, Phase.DOT, answers[0], carried=line.letters - 1)

    async def drop(self) -> None:
        """Close the connection without a dot: the relay throws away what it has (RFC 5321, section 4.1.1.4)."""
        line, self._line, self._offered, self._announced = self._line, None, False, None
        if line is not None:
            line.conversation.abort("dropped")
            self._limits.lines.changed(-1)

    async def close(self) -> None:
        """Say goodbye, where there is somebody to say it to and no letter half said."""
        half_said = self._offered or self._announced
        if self._line is not None and not half_said and self._line.conversation.is_open:
            await self._line.conversation.ask(b"QUIT\r\n", 1, _GOODBYE_SECONDS)
        await self.drop()

    async def _line_for(self, envelope: Envelope) -> _Line | None:
        """The open connection, unless it waits for another letter or has carried its share."""
        if self._announced is None:
            return self._usable()
        if self._announced != envelope:
            await self.drop()
        return self._line

    def _usable(self) -> _Line | None:
        """The open connection, unless it has carried its share."""
        line = self._line
        if line is None or not line.conversation.is_open or line.letters >= self._most_letters():
            return None
        return line if time.monotonic() - line.since < _MOST_SECONDS else None

    def _most_letters(self) -> int:
        return min(self._where.letters, self._limits.letters or self._where.letters)

    async def _connected(self) -> _Line:
        if self._line is not None and self._line.letters == self._limits.letters:
            self._limits.renewed()
        await self.close()
        try:
            client = await self._opened()
        except SMTPAuthenticationError:
            if self._where.token is None:
                raise
            client = await self._opened()  # once more, with a fresh token
        if client.transport is None:
            raise ConnectionError("the relay closed the connection after the login")
        self._line = _Line(
            conversation=Conversation.over(client.transport),
            pipelining=client.supports_extension("pipelining"),
            size=client.supports_extension("size"),
            dsn=client.supports_extension("dsn"),
            since=time.monotonic(),
        )
        self._limits.lines.changed(1)
        return self._line

    async def _opened(self) -> SMTP:
        """A connection that is greeted, secured and logged in."""
        where = self._where
        client = SMTP(
            hostname=where.host,
            port=where.port,
            use_tls=where.tls is Tls.IMPLICIT,
            # Never None: that would go on in plain text when somebody strips STARTTLS from the greeting.
            start_tls=where.tls is Tls.STARTTLS,
            cert_bundle=where.ca_file,
            timeout=_SECONDS,
        )
        try:
            await client.connect()
            await _greet(client)
            if where.login:
                await log_in(client, where.login, is_secure=where.tls is not Tls.NONE)
        except BaseException:
            client.close()
            raise
        return client

    async def _judged(self, line: _Line, answers: list[Answer], letter: bytes) -> Reply | None:
        """None when all was accepted and the letter is on its way; else the refusal that counts.

        Only a refused recipient leaves the connection usable: what else is refused will be refused again.
        """
        refusal = next(
            (
                self._reply(line, phase, answer, carried=line.letters)
                for phase, answer in zip(_COMMANDS, answers, strict=False)
                if answer.code not in _YES[phase]
            ),
            None,
        )
        if refusal is None and len(answers) == len(_COMMANDS) and line.conversation.is_open:
            line.conversation.say(letter)
            self._offered = True
            return None
        if refusal is None:
            phase = _COMMANDS[min(len(answers), len(_COMMANDS) - 1)]
            refusal = Reply(phase=phase, code=0, text=line.conversation.why)
        in_order = refusal.phase is Phase.RCPT and _is_orderly(Answer(refusal.code, ""))
        if not (in_order and await _reset(line, answers)):
            await self.drop()
        return refusal

    def _reply(self, line: _Line, phase: Phase, answer: Answer, *, carried: int) -> Reply:
        """What the relay said, with how its connections stand."""
        others = self._limits.lines.number - (1 if line is self._line else 0)
        return Reply(phase=phase, code=answer.code, text=answer.text, carried=carried, others=max(others, 0))


async def _greet(client: SMTP) -> None:
    """EHLO, unless the login has said it already; HELO to a relay that knows no better (RFC 5321, section 3.2)."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError as refused:
            if refused.code // 100 != _NOT_KNOWN:
                raise
            await client.helo()


def _commands(line: _Line, envelope: Envelope) -> tuple[bytes, bytes, bytes]:
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
    return _NOT_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


async def _introduce(line: _Line, envelope: Envelope) -> list[Answer]:
    """MAIL, RCPT and DATA: in one go where the relay takes them so, else one after the other until one is refused."""
    commands = _commands(line, envelope)
    if line.pipelining:
        return await line.conversation.ask(b"".join(commands), len(commands), _SECONDS)
    answers: list[Answer] = []
    for command in commands:
        heard = await line.conversation.ask(command, 1, _SECONDS)
        answers += heard
        if not heard or heard[0].code not in {_DONE, _WILL_FORWARD, _GO_ON}:
            break
    return answers


async def _reset(line: _Line, answers: list[Answer]) -> bool:
    """Get back into step after a refused recipient; False when the relay does not follow.

    A relay that takes commands in one go may have said 354 all the same: it gets an empty letter for nobody, which it
    must refuse (RFC 2920, section 3.1).
    """
    if answers[-1].code == _GO_ON:
        ended = await line.conversation.ask(b".\r\n", 1, _DOT_SECONDS)
        if not ended or not _is_orderly(ended[0]):
            return False
    answered = await line.conversation.ask(b"RSET\r\n", 1, _SECONDS)
    return bool(answered) and answered[0].code == _DONE


def _not_let_in(error: Exception, others: int) -> Reply:
    """Before MAIL an error's words name the relay or its certificate, never a recipient."""
    if isinstance(error, SMTPResponseException) and error.code > 0:
        return Reply(phase=Phase.CONNECT, code=error.code, text=error.message, others=others)
    heard = 0 if isinstance(error, ValueError) else others  # what is wrong on our side says nothing of their number
    return Reply(phase=Phase.CONNECT, code=0, text=str(error), others=heard, lasting=_is_lasting(error))


def _is_lasting(error: BaseException | None) -> bool:
    """Whether no waiting mends it: a certificate that nobody vouches for, a relay that offers no TLS or no login."""
    while error is not None:
        if isinstance(error, SSLCertVerificationError | NoMechanismError | UnprovedRelayError):
            return True
        if isinstance(error, TokenError) and error.lasting:
            return True
        if "STARTTLS extension not supported" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_orderly(answer: Answer) -> bool:
    """Whether a refusal leaves client and relay in step."""
    return answer.code // 100 in {4, 5} and answer.code != _CLOSING
