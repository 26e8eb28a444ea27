"""A real IMAP server for tests: a Dovecot of their own on the loopback, and a wire to it that can be cut."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from digest.bounces.adapters.imap import Mailbox
from tests.installed import free_port

USER, PASSWORD = "studs", "hemligt"
_NOBODY = 65534
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
auth_mechanisms = plain
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
mail_location = maildir:~/Maildir
mail_fsync = never
first_valid_uid = 1000
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, kw_only=True)
class Dovecot:
    """The server's place and ports. Messages are laid into its folders as any mail system would."""

    folder: Path
    port: int
    tls_port: int

    def empty(self) -> None:
        """Begin anew with one empty folder."""
        home = self.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        for place in ("new", "cur", "tmp"):
            (home / "Maildir" / place).mkdir(parents=True)
        for path in (home, *home.rglob("*")):
            shutil.chown(path, _NOBODY, _NOBODY)

    def deliver(self, raw: bytes, name: str) -> None:
        path = self.folder / "home" / "Maildir" / "tmp" / name
        path.write_bytes(raw)
        shutil.chown(path, _NOBODY, _NOBODY)
        path.rename(path.parent.parent / "new" / name)

    def holds(self, folder: str = "") -> int:
        """How many messages lie in a folder, by its name on the disk."""
        place = self.folder / "home" / "Maildir" / (f".{folder}" if folder else "")
        return sum(1 for each in ("new", "cur") for _ in (place / each).glob("*"))

    def number_anew(self) -> None:
        """Forget every message's number: the folder comes back with another UIDVALIDITY."""
        for path in (self.folder / "home" / "Maildir").glob("dovecot*"):
            path.unlink()

    def box(self, **changes: object) -> Mailbox:
        places = {"folder": "INBOX", "processed": "Processed", "unknown": "Unknown"}
        values = {"host": "127.0.0.1", "port": self.port, "tls": "none", "user": USER, "password": PASSWORD}
        return Mailbox(**(places | values | changes))  # type: ignore[arg-type]


@contextmanager
def dovecot(pem: Path) -> Iterator[Dovecot]:
    """Start a server with one empty mailbox, and end it again."""
    program = shutil.which("dovecot", path="/usr/sbin")
    assert program, "Debian's dovecot-imapd is missing: sh tests/packages.sh"
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))  # not in tmp_path: nobody may look in there
    folder.chmod(0o755)
    server = Dovecot(folder=folder, port=free_port(), tls_port=free_port())
    server.empty()
    ports = {"port": server.port, "tls_port": server.tls_port}
    config = folder / "dovecot.conf"
    config.write_text(_CONFIG.format(folder=folder, pem=pem, nobody=_NOBODY, password=PASSWORD, **ports))
    with subprocess.Popen([program, "-F", "-c", str(config)]) as process:
        try:
            _wait_for(server.port)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    shutil.rmtree(folder)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(10):
                return
        time.sleep(0.05)
    raise AssertionError("dovecot does not answer")


@contextmanager
def wire(to: int, is_cut: Callable[[bytes], bool], *, after: bool) -> Iterator[int]:
    """A way to a port that is cut when the client says something, before or after that was passed on."""
    listening = socket.create_server(("127.0.0.1", 0))
    ends: list[socket.socket] = [listening]

    def carry() -> None:
        with contextlib.suppress(OSError):
            client, _ = listening.accept()
            server = socket.create_connection(("127.0.0.1", to))
            ends.extend([client, server])
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            while said := client.recv(65_536):
                cut = is_cut(said)
                if cut and not after:
                    break
                if cut:  # the server does what it was told, and its answer is lost
                    client.shutdown(socket.SHUT_WR)
                server.sendall(said)
                if cut:
                    time.sleep(0.3)
                    break
            _close(client, server)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        _close(*ends)
        thread.join(5)


def _pour(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := source.recv(65_536):
            target.sendall(said)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
