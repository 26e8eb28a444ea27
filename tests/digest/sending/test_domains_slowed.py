"""A domain that defers for pace is slowed alone: the edition does not pause, nor does the relay slow."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import slowed_domains
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState
from tests.budkavle.refusing import MINUTE, PickyRelay, go_on, outcome, readers
from tests.given import NOW
from tests.installed import budkavle

FAST = "fast.test"
SAYS = "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail for lasare@fast.test"


def slowed(service: Service) -> list[str]:
    with service.database.read.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM relays WHERE slowed IS NOT NULL")).scalar() == 0
        return list(connection.execute(select(slowed_domains.c.name)).scalars())


@pytest.mark.parametrize("phase", ["rcpt", "data", "dot"])
@pytest.mark.parametrize("says", [SAYS, "450 4.2.0 too many messages, slow down", "451 4.7.651 [TSS04] later"])
async def test_others_go_on_while_one_domain_is_slowed_and_all_get_their_letter_once(
    tmp_path: Path, phase: str, says: str
) -> None:
    relay = PickyRelay(FAST, phase=phase, says=says)
    with relay, readers(tmp_path, relay, 8, "a.test", FAST, "b.test") as service:
        status = await go_on(service)
        assert relay.domains() == {"a.test": 8, "b.test": 8}
        assert outcome(status) == {"sent": 16, "deferred": 8}
        assert status.edition.state is EditionState.SENDING
        assert relay.asked(FAST) <= 3
        assert slowed(service) == [FAST]
        with service.database.read.begin() as connection:
            assert "@" not in connection.execute(select(slowed_domains.c.said)).scalar_one()
        relay.refused = ()
        for minutes in range(1, 60):
            status = await go_on(service, NOW + minutes * MINUTE)
        assert outcome(status) == {"sent": 24}
        assert service.domains.forget(NOW + 90 * MINUTE) == 1
        assert slowed(service) == []
        assert set(relay.arrived().values()) == {1}


async def test_a_slowed_domain_stands_in_status_with_its_words_until_it_is_like_any_other(tmp_path: Path) -> None:
    with PickyRelay(FAST, says=SAYS) as relay, readers(tmp_path, relay, 3, FAST, "a.test") as service:
        await go_on(service, datetime.now(UTC))
        shown = budkavle("status", "--config", service.config.file, folder=tmp_path).out
        assert "domain fast.test: slowed to a letter each " in shown
        assert "421 4.7.28 Gmail has detected an unusual rate" in shown
        record = json.loads(budkavle("status", "--json", "--config", service.config.file, folder=tmp_path).out)
        (slow,) = record["slowed"]
        assert slow["name"] == FAST
        assert 5 < slow["seconds"] <= 6
        with service.database.write.begin() as connection:
            connection.execute(update(slowed_domains).values(slowed=datetime.now(UTC) - 30 * MINUTE))
        record = json.loads(budkavle("status", "--json", "--config", service.config.file, folder=tmp_path).out)
        assert record["slowed"] == []


async def test_a_slowed_domain_gets_some_letters_a_minute_also_from_a_sender_that_starts_anew(tmp_path: Path) -> None:
    with PickyRelay(FAST, says=SAYS) as relay, readers(tmp_path, relay, 40, FAST, "a.test") as service:
        await go_on(service)
        relay.refused = ()
        with open_service(service.config) as anew:
            await go_on(anew, NOW + MINUTE)
            assert 5 <= relay.domains()[FAST] <= 15
            await go_on(anew, NOW + 2 * MINUTE)
            assert 10 <= relay.domains()[FAST] <= 28


async def test_a_relay_that_says_it_for_every_domain_is_slowed_itself_and_no_domain(tmp_path: Path) -> None:
    domains = [f"d{number}.test" for number in range(6)]
    relay = PickyRelay(*domains, phase="data", says=SAYS)
    with relay, readers(tmp_path, relay, 4, *domains) as service:
        status = await go_on(service)
        assert status.edition.state is EditionState.PAUSED
        assert status.edition.resume_at is not None
        with service.database.read.begin() as connection:
            assert connection.execute(select(slowed_domains.c.name)).first() is None
            assert connection.execute(text("SELECT count(*) FROM relays WHERE slowed IS NOT NULL")).scalar() == 1


async def test_words_without_a_receivers_mark_are_the_relays_until_it_took_a_letter_to_another_domain(
    tmp_path: Path,
) -> None:
    says = "450 4.7.1 slow down"
    with PickyRelay(FAST, says=says) as relay, readers(tmp_path, relay, 3, FAST) as service:
        assert (await go_on(service)).edition.state is EditionState.PAUSED


class Sparing(PickyRelay):
    """Takes a letter, and says to the next one that they are too many, whomever it is for."""

    def _choose(self, phase: str, count: int) -> None:
        self.script = {"rcpt": ["450 4.2.0 too many messages"]} if phase == "rcpt" and count % 2 else {}


async def test_a_relay_that_says_it_now_and_then_for_several_domains_slows_none_of_them(tmp_path: Path) -> None:
    with Sparing() as relay, readers(tmp_path, relay, 6, *(f"d{number}.test" for number in range(5))) as service:
        status = await go_on(service)
        assert status.counts[DeliveryState.SENT] >= 12
        assert set(outcome(status)) == {"sent", "deferred"}
        with service.database.read.begin() as connection:
            assert connection.execute(select(slowed_domains.c.name)).first() is None
