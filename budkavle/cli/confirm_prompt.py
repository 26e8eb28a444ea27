"""Confirmation at the terminal, before something that is hard to undo."""

import sys
from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.terminal import WrongUseError

Yes = Annotated[bool, Parameter(negative=(), help="Do not ask.")]


def somebody_is_here() -> bool:
    """Whether a person can be asked: standard input is a terminal."""
    return sys.stdin.isatty()


def confirmed(question: str, why_it_matters: str) -> bool:
    """Whether a person at the terminal says yes. Raises WrongUseError, saying why it matters, where there is none."""
    if not somebody_is_here():
        raise WrongUseError(f"{why_it_matters}, and nobody is here to be asked; say --yes if it is meant")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", "j", "ja"}
