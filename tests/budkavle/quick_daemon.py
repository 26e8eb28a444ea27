"""The real daemon with an impatient calendar: `quick_daemon.py CONFIG [hangs | impatient]`.

It looks round every second, and a stop takes five. With `hangs`, planning never ends; with `impatient`, a job that
gives no sign of life for three seconds hangs. test_stopping.py starts it, test_hangups.py and running_newsroom.py.
"""

import logging
import sys
import time
from dataclasses import replace
from pathlib import Path

from budkavle.cli.run import run
from budkavle.daemon import daemon
from budkavle.daemon.jobs import TIMES, JobName
from digest.editions.plan import Planning

IMPATIENT = {
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
    every_second = dict.fromkeys((JobName.PLANNING, JobName.NEWS, JobName.WATCH), 1)
    times = {name: replace(job, every=every_second.get(name, job.every)) for name, job in TIMES.items()}
    if "hangs" in how:
        Planning.plan_due = hang  # type: ignore[method-assign, assignment]
    if "impatient" in how:
        times = {name: replace(job, within=3.0) for name, job in times.items()}
        vars(daemon).update(SENDING_WITHIN=3.0)
    vars(daemon).update(TIMES=times)
    logging.captureWarnings(capture=True)
    run(config=config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
