"""A real Postfix for tests: an instance of their own on the loopback, with the lines that docs/bounces.md tells."""

import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.installed import free_port

NAME = "mx1.relay.test"
OWNER = "nobody"
"""Whom the pipe's command runs as, for an operator's `budkavle`: every system has one."""
_PAGE = Path(__file__).parents[2] / "docs" / "bounces.md"
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = {name}
mydestination = example.org
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
relayhost = [127.0.0.1]:{to}
maximal_queue_lifetime = {lifetime}
message_size_limit = 0
alias_maps =
alias_database =
"""
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
pickup unix n - n 60 1 pickup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """Its port and its log."""

    port: int
    folder: Path

    def wait_for(self, what: str, number: int = 1) -> list[str]:
        """The lines of its log that hold the pattern, once there are so many."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            lines = self.log()
            found = [line for line in lines if re.search(what, line)]
            if len(found) >= number:
                return found
            time.sleep(0.05)
        raise AssertionError("\n".join(lines))

    def log(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines()

    def try_again(self) -> None:
        """Have it try what waits in its queue, once it has put that back there."""
        until = time.monotonic() + 30
        while "*" in self.waiting() and time.monotonic() < until:
            time.sleep(0.05)
        subprocess.run(["/usr/sbin/postqueue", "-c", self.folder, "-f"], check=True, capture_output=True)

    def waiting(self) -> str:
        """What its queue says of itself."""
        done = subprocess.run(
            ["/usr/sbin/postqueue", "-c", self.folder, "-p"], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@contextmanager
def postfix(to: int, program: Path, config: Path, lifetime: str = "5d") -> Iterator[Postfix]:
    """Start an instance that relays to a port and pipes what comes back into our command, and end it again."""
    postfix_itself = shutil.which("postfix", path="/usr/sbin")
    assert postfix_itself, "Debian's postfix is missing: sh tests/packages.sh"
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    for name, owner in (("queue", "root"), ("data", "postfix")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    main, transport, services = _told(folder, program, config)
    values = {"folder": folder, "name": NAME, "to": to, "lifetime": lifetime, "port": free_port()}
    (folder / "main.cf").write_text(_MAIN.format(**values) + main)
    (folder / "master.cf").write_text(_SERVICES.format(**values) + services)
    (folder / "transport").write_text(transport)
    subprocess.run(["/usr/sbin/postmap", "-c", folder, folder / "transport"], check=True, capture_output=True)
    running = Postfix(port=int(str(values["port"])), folder=folder)
    subprocess.run([postfix_itself, "-c", folder, "start"], check=True, capture_output=True)
    try:
        _wait_for(running.port)
        yield running
    finally:
        subprocess.run([postfix_itself, "-c", folder, "stop"], check=True, capture_output=True)  # by its own pid file
    shutil.rmtree(folder)


def _told(folder: Path, program: Path, config: Path) -> list[str]:
    """What an operator is told to write into main.cf, transport and master.cf, with the places of this test."""
    page = _PAGE.read_text().partition("## Postfix, by a pipe\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 3
    for here, there in (
        ("/etc/postfix/transport", folder / "transport"),
        ("/opt/budkavle/bin/budkavle", program),
        ("/var/lib/budkavle/config.toml", config),
        ("user=budkavle", f"user={OWNER}"),
    ):
        assert any(here in block for block in blocks), here
        blocks = [block.replace(here, str(there)) for block in blocks]
    return blocks


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(3) == b"220":
                return
        time.sleep(0.05)
    raise AssertionError("postfix does not answer")
