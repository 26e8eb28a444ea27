"""What a test would start, seen before it runs in its own code, its fixtures' and that of all in tests/ they name.

`make quick` runs what starts no process and no server, and opens no whole installation: rules and stores. Nobody keeps
a list: a test that gets a server leaves by itself, and what this reading overlooks, because it is named at run time
only, fails as soon as it starts.
"""

import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Hashable)

_TESTS = ("tests",)
_OURS = ("articles", "feeds", "digest", "budkavle", "mail", "storage")
# The command line is here, too: what a person types is no rule, and may start anything.
_STARTERS = (
    "aiosmtpd", "benchmarks", "budkavle.cli", "http.server", "multiprocessing", "playwright", "pty", "smtpd",
    "socketserver", "subprocess", "uvicorn.server",
)  # fmt: skip
_WIRING = ".wiring"  # whoever opens the whole installation tests more than a rule or a store
_STARTING = frozenset({"create_server", "create_subprocess_exec", "create_unix_server", "start_server"})
_OF_MODULES = {
    "os": frozenset({"execv", "fork", "forkpty", "popen", "posix_spawn", "system"}),
    "socket": frozenset({"bind", "listen"}),
}
_EVENTS = frozenset({
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.bind", "subprocess.Popen",
})  # fmt: skip


class Reading:
    """A graph of who names whom, over all tests; what leads to something that starts, starts."""

    def __init__(self) -> None:
        self._read: dict[int, object] = {}  # kept, for the number of an object that is gone may be given again
        self._users: dict[int, list[int]] = {}
        self._starting: list[int] = []

    def starting(self, tests: Mapping[Test, Sequence[object]]) -> set[Test]:
        """The tests that start something, of tests and what each is made of."""
        for things in tests.values():
            self._look(things)
        starting: set[int] = set()
        while self._starting:
            number = self._starting.pop()
            if number not in starting:
                starting.add(number)
                self._starting += self._users.get(number, [])
        return {test for test, things in tests.items() if any(id(thing) in starting for thing in things)}

    def _look(self, unread: Iterable[object]) -> None:
        unread = [*unread]
        while unread:
            thing = unread.pop()
            if id(thing) in self._read:
                continue
            self._read[id(thing)] = thing
            if _starts(thing):
                self._starting.append(id(thing))
                continue
            for named in filter(_can_lead_on, _named(thing)):
                self._users.setdefault(id(named), []).append(id(thing))
                unread.append(named)


def made_of(item: pytest.Function) -> Iterator[object]:
    """The test, its class, its fixtures and its parameters."""
    yield getattr(item.obj, "__func__", item.obj)
    yield item.cls
    for fixtures in item._fixtureinfo.name2fixturedefs.values():  # noqa: SLF001 - pytest has no public way
        yield from (fixture.func for fixture in fixtures)
    if hasattr(item, "callspec"):
        yield from item.callspec.params.values()


def _starts(thing: object) -> bool:
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    if not isinstance(name, str):
        return False
    if _is_starter(name):
        return True
    if _within(name, _OURS):
        return not isinstance(thing, ModuleType) and _uses_starters(name)
    return isinstance(thing, FunctionType) and _within(name, _TESTS) and _names_a_start(thing)


@cache
def _is_starter(module: str) -> bool:
    return module == "uvicorn" or _within(module, _STARTERS) or module.endswith(_WIRING)


@cache
def _uses_starters(module: str) -> bool:
    """Whether a module of ours imports what starts something, or is handed the whole installation."""
    if _is_starter(module):
        return True
    values = vars(sys.modules[module]).values()
    modules = {value.__name__ if _is_module(value) else getattr(value, "__module__", None) for value in values}
    return any(_is_starter(name) for name in modules if isinstance(name, str))


def _names_a_start(function: FunctionType) -> bool:
    names = _names(function.__code__)
    if not names.isdisjoint(_STARTING) or any(map(_is_starter, names)):  # an import within a function is a name, too
        return True
    return any(module in names and not names.isdisjoint(calls) for module, calls in _OF_MODULES.items())


def _named(thing: object) -> Iterator[object]:
    """What a thing of the tests leads on to."""
    match thing:
        case FunctionType():
            yield from _named_by_function(thing)
        case MethodType() | staticmethod() | classmethod():
            yield thing.__func__
        case property():
            yield thing.fget
        case partial():
            yield from (thing.func, *thing.args)
        case type():
            yield from thing.__bases__
            yield from vars(thing).values() if _within(thing.__module__, _TESTS) else ()
        case dict():
            yield from thing.values()
        case list() | tuple() | set() | frozenset():
            yield from thing
        case _:
            yield type(thing)


def _named_by_function(function: FunctionType) -> Iterator[object]:
    if hasattr(function, "hypothesis"):
        yield function.hypothesis.inner_test
    yield getattr(function, "__wrapped__", None)
    if not _within(function.__module__ or "", _TESTS):
        return
    names = _names(function.__code__)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        yield value
        if _is_module(value) and _within(value.__name__, (*_TESTS, *_OURS)):
            yield from (vars(value)[inner] for inner in names & vars(value).keys())
    yield from (cell.cell_contents for cell in function.__closure__ or ())
    yield from function.__defaults__ or ()


def _names(code: CodeType) -> set[str]:
    """All global names and attributes in a function, and in those within it."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


def _can_lead_on(thing: object) -> bool:
    return not isinstance(thing, str | bytes | int | float | None)


def _is_module(thing: object) -> bool:
    return isinstance(thing, ModuleType)


@cache
def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


class Watch:
    """Stops whoever starts something in a test that is meant to start nothing."""

    def __init__(self) -> None:
        self._test: str | None = None
        sys.addaudithook(self._hear)

    @contextmanager
    def over(self, test: str | None) -> Iterator[None]:
        """While this lasts, nothing may be started."""
        self._test = test
        try:
            yield
        finally:
            self._test = None

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._test and event in _EVENTS:
            test, self._test = self._test, None
            pytest.fail(f"{test} starts something, which tests/starting.py did not see: {event} {arguments!r}")
