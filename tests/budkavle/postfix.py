"""A real Postfix for tests: an instance of their own on the loopback, whose bounces come into a folder."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.budkavle.conftest import free_port

NAME = "mx1.relay.test"
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
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_recipient_restrictions = permit_mynetworks, reject
relayhost = [127.0.0.1]:{to}
recipient_delimiter = +
transport_maps = inline:{{ {{ {address} = budkavle: }} }}
budkavle_destination_recipient_limit = 1
maximal_queue_lifetime = 0
alias_maps =
alias_database =
"""
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
budkavle unix - n n - 4 pipe
  flags=DRhu user=nobody argv={folder}/keep ${{recipient}}
"""
_KEEP = """#!/bin/sh
cat > "{folder}/came/.$$" && mv "{folder}/came/.$$" "{folder}/came/$1 $$"
"""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """Its port, and the folder into which its pipe lays what comes for the bounce address, named by the recipient."""

    port: int
    came: Path
    log: Path

    def wait_for(self, number: int) -> list[tuple[str, bytes]]:
        """The recipients and messages that came, once there are so many."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = [path for path in sorted(self.came.iterdir()) if not path.name.startswith(".")]
            if len(found) >= number:
                return [(path.name.partition(" ")[0], path.read_bytes()) for path in found]
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())


@contextmanager
def postfix(to: int, address: str) -> Iterator[Postfix]:
    """Start an instance that relays to a port, and end it again."""
    program = shutil.which("postfix", path="/usr/sbin")
    assert program, "Debian's postfix is missing: sh tests/packages.sh"
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    for name, owner in (("queue", "root"), ("data", "postfix"), ("came", "nobody")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)
    values = {"folder": folder, "name": NAME, "to": to, "address": address, "port": free_port()}
    (folder / "main.cf").write_text(_MAIN.format(**values))
    (folder / "master.cf").write_text(_SERVICES.format(**values))
    (folder / "keep").write_text(_KEEP.format(**values))
    (folder / "keep").chmod(0o755)
    running = Postfix(port=int(str(values["port"])), came=folder / "came", log=folder / "log")
    subprocess.run([program, "-c", folder, "start"], check=True, capture_output=True)
    try:
        _wait_for(running.port)
        yield running
    finally:
        subprocess.run([program, "-c", folder, "stop"], check=True, capture_output=True)  # by its own pid file
    shutil.rmtree(folder)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(3) == b"220":
                return
        time.sleep(0.05)
    raise AssertionError("postfix does not answer")
