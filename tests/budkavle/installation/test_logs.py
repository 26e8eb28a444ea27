"""The log, as another program reads it: one line an event, whoever speaks, and no mail address."""

import subprocess
import sys

SPEAKS = """
import logging, structlog
from budkavle.installation.logs import set_up_logging
set_up_logging(logging.INFO)
log = structlog.get_logger()
log.info("said", why="550 <lasare@example.org> unknown")
try:
    raise ValueError("lasare@example.org")
except ValueError:
    log.warning("failed", exc_info=True)
logging.getLogger("some.library").warning("cannot reach %s", "lasare@example.org")
logging.getLogger("some.library").info("nobody needs this")
logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of running instances reached")
"""


def test_every_line_is_an_event_without_addresses_from_libraries_too() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAKS], capture_output=True, text=True, check=True)
    said, failed, library = done.stderr.splitlines()
    assert 'why="550 <…> unknown" event=said level=info' in said
    assert "ValueError: …" in failed
    assert "Traceback" in failed
    assert 'event="cannot reach …" level=warning' in library
    assert "@" not in done.stderr


def test_a_file_name_in_the_log_is_one_line_that_no_terminal_obeys() -> None:
    speaks = SPEAKS.partition("log.info")[0] + 'log.info("refused", file="a\\n\\x1b[31m\\x9b\\u202e.md")\n'
    done = subprocess.run([sys.executable, "-c", speaks], capture_output=True, check=True)
    (line,) = done.stderr.decode().splitlines()
    assert r"a\n\x1b[31m\x9b\u202e.md" in line.replace("\\\\", "\\")
