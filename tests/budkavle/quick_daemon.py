"""The real daemon with an impatient calendar: `quick_daemon.py CONFIG [hangs | impatient]`.

It looks round every second, and a stop takes five. With `hangs`, planning never ends; with `impatient`, a job that
gives no sign of life for three seconds hangs. test_stopping.py starts it, test_hangups.py and running_newsroom.py.
"""

import logging
import sys
import time
from pathlib import Path

from budkavle.cli.run import run
from budkavle.daemon import daemon
from budkavle.daemon.times import WITHIN

IMPATIENT = {
    "_PLANNING_SECONDS": 1,
    "_NEWS_SECONDS": 1,
    "_WATCH_SECONDS": 1,
    "STOP_SECONDS": 5,
    "_LETTERS_SECONDS": 2,
    "_BROKEN_OFF_SECONDS": 4,
}


def hang(*_: object) -> None:
    print("planning", flush=True)  # noqa: T201 - the test waits for it
    time.sleep(600)


def main(config: Path, *how: str) -> None:
    missing = IMPATIENT.keys() - vars(daemon).keys()
    if missing:
        sys.exit(f"the daemon has no {missing}")
    vars(daemon).update(IMPATIENT)
    if "hangs" in how:
        vars(daemon).update(plan_due=hang)
    if "impatient" in how:
        vars(daemon).update(WITHIN=dict.fromkeys(WITHIN, 3.0))
    logging.captureWarnings(capture=True)
    run(config=config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
