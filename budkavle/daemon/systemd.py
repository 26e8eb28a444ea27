"""Service manager notification (sd_notify(3)): nothing where systemd does not listen."""

import contextlib
import os
import socket


def notify(*lines: str) -> None:
    """Tell the service manager, if there is one: `READY=1`, `STATUS=…`; never waits and never fails."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto("\n".join(lines).encode(), socket.MSG_DONTWAIT, address)


def watchdog_seconds() -> float | None:
    """Within how many seconds systemd wants to hear `WATCHDOG=1`, or None (sd_watchdog_enabled(3))."""
    wanted = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(wanted) / 1_000_000 if wanted.isdigit() and int(wanted) and meant else None
