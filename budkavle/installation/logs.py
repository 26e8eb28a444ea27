"""The log: events with key and value, from us and from the libraries alike, and never a mail address."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from budkavle.rendering.wording import printable
from mail.redaction import without_addresses


def set_up_logging(level: int = logging.WARNING) -> None:
    """Structured logging to standard error: coloured for people at a terminal, key=value elsewhere."""
    last = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.LogfmtRenderer()
    steps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_addresses,
    ]
    structlog.configure(
        processors=[*steps, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _take_in_libraries(steps, last)


def _take_in_libraries(steps: list[Processor], last: Processor) -> None:
    """What libraries warn of looks like the rest. APScheduler warns of every tick that a long job sits through."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _without_addresses(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The last thing before it is written: an address may hide in what a library or a relay says, or an escape code.

    Only a traceback keeps its lines: whoever writes lines for machines escapes them.
    """
    return {key: _line(key, value) if isinstance(value, str) else value for key, value in event.items()}


def _line(key: str, value: str) -> str:
    return printable(without_addresses(value), keep="\n\t" if key == "exception" else "")
