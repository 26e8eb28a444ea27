"""A domain that refuses us for our own fault: its letters wait, all others go on, and it heals by itself."""

from pathlib import Path

import pytest

from digest.edition import EditionState
from tests.budkavle.refusing import HOUR, MINUTE, REFUSING, PickyRelay, go_on, outcome, readers
from tests.given import NOW


@pytest.mark.parametrize("phase", ["rcpt", "data", "dot"])
async def test_letters_to_a_domain_that_refuses_us_wait_while_all_others_arrive_and_then_each_arrives_once(
    tmp_path: Path, phase: str
) -> None:
    with (
        PickyRelay(REFUSING, phase=phase) as relay,
        readers(tmp_path, relay, 10, REFUSING, "a.test", "b.test") as service,
    ):
        status = await go_on(service)
        assert relay.domains() == {"a.test": 10, "b.test": 10}
        assert outcome(status) == {"sent": 20, "planned": 7, "deferred": 3}
        assert status.edition.state is EditionState.SENDING
        assert relay.asked(REFUSING) == 3
        await go_on(service, NOW + 30 * MINUTE)
        assert relay.asked(REFUSING) == 3
        relay.refused = ()
        status = await go_on(service, NOW + HOUR + MINUTE)
        assert outcome(status)["sent"] == 23
        status = await go_on(service, NOW + HOUR + 20 * MINUTE)
        assert outcome(status) == {"sent": 30}
        assert status.edition.state is EditionState.FINISHED
        assert set(relay.arrived().values()) == {1}
