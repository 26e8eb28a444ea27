"""What is quick starts nothing: a test is read before it runs, and watched while it does."""

import os
import socket
import subprocess
from collections.abc import Callable
from functools import partial

import pytest

from articles.article import ArticleId
from budkavle.sample.demo import replay
from storage.database import Database
from tests import site
from tests.given import draft
from tests.starting import Reading, Watch

Act = Callable[[], object]


def started(act: Act) -> bool:
    return bool(Reading().starting({"test": [act]}))


def listening() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def asked() -> list[site.Asked]:
    with site.Site() as server:
        return server.asked


def imported() -> object:
    from budkavle.installation.wiring import open_service  # noqa: PLC0415

    return open_service


class Held:
    def __init__(self) -> None:
        self.port = listening()


@pytest.mark.parametrize(
    "act",
    [
        lambda: subprocess.run(["true"], check=True),  # noqa: S607
        lambda: os.fork() or os.getpid(),
        listening,
        asked,
        Held,
        imported,
        lambda: Held().port,
        lambda: [listening() for _ in range(3)],
        partial(map, listening),
        lambda: replay,
    ],
)
def test_what_starts_something_is_seen_however_far_away_it_does(act: Act) -> None:
    assert started(act)


@pytest.mark.parametrize("act", [lambda: draft("En titel"), lambda: Database("sqlite://"), lambda: ArticleId("a")])
def test_rules_and_stores_start_nothing(act: Act) -> None:
    assert not started(act)


@pytest.mark.parametrize("act", [lambda: subprocess.run(["true"], check=True), listening, lambda: os.system("true")])  # noqa: S605, S607
def test_whoever_starts_something_all_the_same_fails(act: Act) -> None:
    with Watch().over("a test"), pytest.raises(pytest.fail.Exception, match="a test starts something"):
        act()
    act()
