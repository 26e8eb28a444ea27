"""Opening a connection to an SMTP relay: aiosmtplib connects, greets and secures, and we log in."""

from dataclasses import dataclass
from enum import StrEnum
from ssl import SSLCertVerificationError

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPHeloError, SMTPResponseException

from mail.adapters.smtp_login import Login, NoMechanismError, UnprovedRelayError, log_in
from mail.adapters.token_command import TokenCommand, TokenError
from mail.reply import Phase, Reply

_SECONDS = 300.0
_DOT_SECONDS = 600.0
"""RFC 5321, section 4.5.3.2.6: ten minutes for the answer to the final dot."""
_NOT_KNOWN = 5
NOT_LET_IN = (SMTPException, OSError, ValueError)
"""What `connect` raises when the relay cannot be reached, secured or logged in at; `not_let_in` says it as a reply."""


class Tls(StrEnum):
    """How a connection to the relay is secured. `none` is for the loopback only."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, kw_only=True)
class RelayAddress:
    """Where the relay is, who we are to it, and how many letters it gets over one connection at most.

    An answer is waited for `seconds`, that to a final dot `dot_seconds`.
    """

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None
    letters: int = 100
    token: TokenCommand | None = None
    ca_file: str | None = None
    seconds: float = _SECONDS
    dot_seconds: float = _DOT_SECONDS

    @property
    def login(self) -> Login | None:
        """By what the relay shall know us; None when it need not."""
        return Login(user=self.user, password=self.password, token=self.token) if self.user else None


async def connect(where: RelayAddress) -> SMTP:
    """A connection that is greeted, secured and logged in; with a fresh token once more, where one was refused."""
    try:
        return await _opened(where)
    except SMTPAuthenticationError:
        if where.token is None:
            raise
    return await _opened(where)


async def _opened(where: RelayAddress) -> SMTP:
    client = SMTP(
        hostname=where.host,
        port=where.port,
        use_tls=where.tls is Tls.IMPLICIT,
        # Never None: that would go on in plain text when somebody strips STARTTLS from the greeting.
        start_tls=where.tls is Tls.STARTTLS,
        cert_bundle=where.ca_file,
        timeout=where.seconds,
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


async def _greet(client: SMTP) -> None:
    """EHLO, unless the login has said it already; HELO to a relay that knows no better (RFC 5321, section 3.2)."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError as refused:
            if refused.code // 100 != _NOT_KNOWN:
                raise
            await client.helo()


def not_let_in(error: Exception, others: int) -> Reply:
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
