"""Returned mail out of an IMAP mailbox: read, taken in, and moved away; nothing is deleted, and nothing remembered.

What lies in the folder is what is still to be read: no number of any message is kept from one visit to the next, so
that a server which numbers them anew (UIDVALIDITY, RFC 9051, section 2.3.1.1) changes nothing. A message is moved after
its bounce is committed. A visit that is cut in between finds it again, and it counts once.
"""

import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from digest.bounces.mime import MOST_BYTES

_SECONDS = 30.0
_VISIT_SECONDS = 300.0
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class MailboxError(RuntimeError):
    """The mailbox cannot be read: what is wrong with it, and what to do. No address of a message is in it."""


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Where returned mail lies, and where it goes."""

    host: str
    port: int
    tls: Literal["none", "starttls", "implicit"]
    user: str
    password: str = field(repr=False)
    folder: str
    processed: str
    unknown: str
    seconds: float = _SECONDS
    visit_seconds: float = _VISIT_SECONDS


def visit(box: Mailbox, take: Callable[[bytes], bool], batch: int, stopping: Callable[[], bool]) -> int:
    """Take in at most `batch` messages, oldest first; says how many. `take` says whether it understood the message.

    Raises MailboxError; what was taken until then is moved or comes again. What `take` raises goes through.
    """
    with _faults(box), _connected(box) as server:
        moving = _moving(server)
        for folder in (box.processed, box.unknown):
            _make(server, folder)
        _asked(server.select(_quoted(box.folder)), f"the folder {box.folder} cannot be opened: make it, or mend")
        numbers = _asked(server.uid("SEARCH", "UNDELETED"), "the folder cannot be searched: mend")
        done = 0
        for number in numbers[0].split()[:batch]:
            if stopping():
                break
            raw = _fetched(server, number.decode())
            if raw is not None:  # else somebody else took it meanwhile
                moving(number.decode(), box.processed if take(raw) else box.unknown)
                done += 1
        return done


@contextmanager
def _faults(box: Mailbox) -> Iterator[None]:
    where = f"{box.host}:{box.port}"
    try:
        yield
    except (imaplib.IMAP4.error, UnicodeError) as error:
        raise MailboxError(f"{where}: {_plain(error)} (bounces.imap)") from error
    except ssl.SSLError as error:
        remedy = "its certificate must name this host and be one that this machine trusts"
        raise MailboxError(f"{where}: {error}; {remedy} (bounces.imap)") from error
    except TimeoutError as error:
        raise MailboxError(f"{where} does not answer; it is tried again (bounces.imap)") from error
    except OSError as error:
        raise MailboxError(f"{where}: {error}; it is tried again (bounces.imap)") from error


def _plain(error: Exception) -> str:
    """What the library says, which is sometimes bytes."""
    said = error.args[0] if error.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:300] or type(error).__name__


class _Visit(imaplib.IMAP4):
    """A session that is cut when it takes too long: a server may send a byte every now and then."""

    def __init__(self, box: Mailbox, **how: Any) -> None:  # noqa: ANN401 - the library's own, by kind of connection
        self._limit = threading.Timer(box.visit_seconds, self._cut)
        self._limit.daemon = True
        try:
            super().__init__(box.host, box.port, timeout=box.seconds, **how)
        except BaseException:
            self._limit.cancel()
            raise

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect; from then on the time runs."""
        super().open(host, port, timeout)
        self._limit.start()

    def end(self) -> None:
        """Close the connection, in whatever state it is."""
        self._limit.cancel()
        with contextlib.suppress(OSError):
            self.shutdown()

    def _cut(self) -> None:
        """End the connection under whoever waits for it: to close its file would wait for them."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _VisitOverTls(_Visit, imaplib.IMAP4_SSL):  # type: ignore[misc] # another default port, never used
    """The same with TLS from the first byte."""


@contextmanager
def _connected(box: Mailbox) -> Iterator[imaplib.IMAP4]:
    """A session that is logged in, over a connection whose certificate is good for this host."""
    context = ssl.create_default_context()
    server = _VisitOverTls(box, ssl_context=context) if box.tls == "implicit" else _Visit(box)
    try:
        if box.tls == "starttls":
            server.starttls(context)
        server.login(_quoted(box.user), box.password)  # the library quotes the password alone
        yield server
        server.logout()
    finally:
        server.end()


def _moving(server: imaplib.IMAP4) -> Callable[[str, str], None]:
    """How this server moves a message: by MOVE (RFC 6851), else by a copy and UID EXPUNGE of it alone (RFC 4315)."""
    offered = set(_asked(server.capability(), "it does not say what it can: mend")[0].split())
    if b"MOVE" in offered:
        return lambda number, folder: _do(server, "MOVE", number, _quoted(folder))
    if b"UIDPLUS" in offered:

        def move(number: str, folder: str) -> None:
            _do(server, "COPY", number, _quoted(folder))
            _do(server, "STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
            _do(server, "EXPUNGE", number)

        return move
    raise server.error("the server can neither MOVE nor UIDPLUS, so nothing can be moved safely; use `budkavle bounce`")


def _do(server: imaplib.IMAP4, *words: str) -> None:
    _asked(server.uid(*words), "a message cannot be moved: look at the folder's rights and space, and mend")


def _make(server: imaplib.IMAP4, folder: str) -> None:
    """Have a folder to move to; whether one that is there already can be made again is not its answer to give."""
    said = _asked(server.list('""', _quoted(folder)), "its folders cannot be listed: mend")
    if not any(said):
        _asked(server.create(_quoted(folder)), f"the folder {folder} cannot be made: make it, or mend")


def _fetched(server: imaplib.IMAP4, number: str) -> bytes | None:
    """The message as far as it is read at all, without marking it as seen."""
    said = _asked(server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"), "a message cannot be read: mend")
    return next((bytes(part[1]) for part in said if isinstance(part, tuple)), None)


def _asked(answer: tuple[str, Sequence[object]], otherwise: str) -> Sequence[Any]:
    """What a server says to a command that it carried out: bytes, and pairs for literals. Raises IMAP4.error."""
    state, said = answer
    if state != "OK":
        raise imaplib.IMAP4.error(f"{otherwise} the settings")
    return said


def _quoted(name: str) -> str:
    """A folder's name as a quoted string, in modified UTF-7 where it has other letters (RFC 3501, section 5.1.3)."""
    if not _NAME.fullmatch(name):
        raise imaplib.IMAP4.error("a folder's name holds what none can")
    coded = re.sub(r"[^ -~]+|&", _shifted, name)
    return '"' + coded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    coded = match[0].encode("utf-7").decode("ascii")  # +…- in ordinary UTF-7
    return "&" + coded[1:].rstrip("-").replace("/", ",") + "-"
