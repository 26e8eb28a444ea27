"""However many letters wait for a domain that refuses us, a step of the sender reads no more than it needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from digest.sending.adapters import domain_backoff_admin as domain_returns
from digest.sending.adapters.domain_backoff import put
from digest.sending.domain_backoff import Patience, Standing
from digest.sending.sender import OnUncertain
from tests.budkavle.refusing import MINUTE, REFUSING, PickyRelay, readers
from tests.digest.steps import Steps
from tests.given import NOW

WAITS = Standing(refused=2).after_refusal(NOW, Patience())


@contextmanager
def counted(engine: Engine) -> Iterator[list[int]]:
    """The steps that SQLite's machine makes meanwhile: they grow with the rows that are read, on every computer."""
    steps, ticks = [0], count(1)
    event.listen(
        engine, "connect", lambda raw, _: raw.set_progress_handler(lambda: steps.__setitem__(0, next(ticks)) or 0, 1)
    )
    engine.dispose()
    yield steps


@pytest.mark.parametrize("resumed", [False, True], ids=["waiting", "resumed"])
def test_a_claim_costs_the_same_however_many_letters_wait_for_a_domain(tmp_path: Path, resumed: bool) -> None:  # noqa: FBT001 - a table
    costs = []
    for number in (20, 120):
        with PickyRelay() as relay, readers(tmp_path / str(number), relay, number, REFUSING) as service:
            service.letters.render_waiting(NOW)
            with service.database.write.begin() as connection:
                put(connection, REFUSING, WAITS)
            sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
            assert not sender.claim(10, NOW)
            if resumed:
                assert service.domains.resume(REFUSING, NOW)
            with counted(service.database.write) as steps, sender.kept_open():
                assert len(sender.claim(10, NOW + MINUTE)) == (10 if resumed else 0)
                costs.append(steps[0])
    assert costs[1] < 1.2 * costs[0]


def test_all_letters_to_a_domain_go_on_after_one_reading_of_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain_returns, "_ROWS", 4)
    with PickyRelay() as relay, readers(tmp_path, relay, 15, REFUSING) as service:
        service.letters.render_waiting(NOW)
        with service.database.write.begin() as connection:
            put(connection, REFUSING, WAITS)
        sender, said = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW), list[str]()
        assert not sender.claim(10, NOW)
        for engine in (service.database.read, service.database.write):
            event.listen(engine, "connect", lambda raw, _: raw.set_trace_callback(said.append))
            engine.dispose()
        assert service.domains.resume(REFUSING, NOW)
        assert len([each for each in said if each.startswith("SELECT") and "deliveries" in each]) == 1
        assert len(sender.claim(20, NOW)) == 15
