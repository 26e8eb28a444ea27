"""The demo's configuration: the shipped one, at an address of this machine alone, with a memory that is long enough."""

import re
import socket
from pathlib import Path

from budkavle.installation.shipped_config import write_config
from budkavle.sample.site import website
from budkavle.sample.weeks import WEBSITE

HOST = "127.0.0.1"
_PORTS = range(8095, 8115)
_KEPT = "deliveries|receipts|letters|notices|ended|bounces"
_DAYS = 20_000
"""The sample's weeks are those of one winter: with the shipped [keep], the demo would be empty some day."""


def free_port() -> int:
    """A port for the demo that nobody listens on now; where all are taken, the first."""
    return next((port for port in _PORTS if is_free(port)), _PORTS[0])


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def write_demo_config(folder: Path, port: int) -> Path:
    """Write the configuration of a demo that is served on this port."""
    listen = f"{HOST}:{port}"
    public_url = f"http://{listen}/"
    changes = {"public_url": public_url, "listen": listen, "target": "public", "path": "outbox"}
    path = write_config(folder, changes)
    text = path.read_text(encoding="utf-8")
    text = text.replace(f'\nurl = "{WEBSITE}', f'\nurl = "{website(public_url)}')
    text = re.sub(rf"^#({_KEPT}) = \d+$", rf"\1 = {_DAYS}", text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return path
