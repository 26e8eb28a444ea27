"""Steps, counted: the lines of Python that run, by the interpreter's own trace, and so the same on every machine."""

import sys
from collections.abc import Callable
from types import FrameType


def steps(act: Callable[[], object]) -> int:
    """How many lines of Python run while something is done."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def grows_in_proportion(act: Callable[[int], object], size: int) -> None:
    """Twice the size takes at most about twice the steps."""
    once, twice = steps(lambda: act(size)), steps(lambda: act(2 * size))
    assert twice < 2.3 * once + 5_000
