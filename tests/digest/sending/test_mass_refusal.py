"""An edition that is refused as a whole waits for a person and blames nobody; an old list does not wait."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.daemon.bounce_loop import take_refused
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import bounces, suppressions
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState, EditionStatus
from mail.address import Address
from tests.budkavle.refusing import MINUTE, PickyRelay, go_on, outcome, readers
from tests.given import NOW, going_on_from
from tests.installed import budkavle
from tests.mail.failure.refusal_texts import MAILBOX, OURS, UNSAID

OWNERS = tuple(f"d{number}.test" for number in range(5))
ONE_OWNER = tuple(f"mail{number}.example.org" for number in range(5))
EVERYBODY = ("test", "example.org", "example")


class SomeRefused(PickyRelay):
    """Refuses the recipients that a rule names, each with these words."""

    def __init__(self, refuses: Callable[[str], bool], says: str) -> None:
        self.refuses, self.says = refuses, says
        super().__init__(says=says)

    def _choose(self, phase: str, _count: int) -> None:
        if phase == "rcpt":
            who = self.heard[-1][1].partition("<")[2].partition(">")[0]
            self.script = {"rcpt": [f"{self.says.replace('lasare@a.test', who)}"]} if self.refuses(who) else {}


def all_of_them(_: str) -> bool:
    return True


def rows(service: Service) -> tuple[int, int]:
    """How much evidence there is, and how many suppressions."""
    with service.database.read.begin() as connection:
        found = connection.execute(select(bounces.c.mark)).all(), connection.execute(select(suppressions.c.hash)).all()
    return len(found[0]), len(found[1])


def waits_for_a_person(status: EditionStatus) -> bool:
    edition = status.edition
    return edition.state is EditionState.PAUSED and edition.resume_at is None and status.needs_a_person


@pytest.mark.parametrize("domains", [OWNERS, ONE_OWNER])
@pytest.mark.parametrize(
    "says", ["550 relay not permitted", "550 SMTP authentication is required.", "571 Refused", "550 no"]
)
@pytest.mark.parametrize("each", [2, 12])
async def test_an_edition_that_is_refused_as_a_whole_pauses_fails_nobody_and_goes_on_once_it_is_mended(
    tmp_path: Path, domains: tuple[str, ...], says: str, each: int
) -> None:
    with SomeRefused(all_of_them, says) as relay, readers(tmp_path, relay, each, *domains, connections=4) as service:
        status = await go_on(service)
        assert waits_for_a_person(status)
        assert outcome(status) == {"planned": 5 * each}
        assert says.partition(" ")[2] in (status.edition.paused_because or "")
        assert "@" not in (status.edition.paused_because or "")
        (alarm,) = [one for one in detect(service, NOW + MINUTE) if one.kind is AlarmKind.EDITION_PAUSED]
        assert "mend it, then `budkavle digest resume veckobrev`" in alarm.what
        assert take_refused(service, NOW + MINUTE) == 0
        told = budkavle("digest", "status", folder=service.config.folder)
        assert (told.code, "planned" in told.out) == (1, True)
        relay.refuses = lambda _: False
        assert service.edition_control.resume(status.edition)
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 5 * each}
        assert set(relay.arrived().values()) == {1}


@pytest.mark.parametrize("says", [OURS[4], OURS[9], UNSAID[0]])
async def test_who_goes_on_before_it_is_mended_blames_nobody_either(tmp_path: Path, says: str) -> None:
    with SomeRefused(all_of_them, says) as relay, readers(tmp_path, relay, 6, *OWNERS) as service:
        for minutes in range(3):
            status = await go_on(service, NOW + minutes * MINUTE)
            assert outcome(status) == {"planned": 30}
            assert service.edition_control.resume(status.edition)
        relay.refuses = lambda _: False
        assert outcome(await go_on(service, NOW + 5 * MINUTE)) == {"sent": 30}


async def test_a_relay_that_turns_bad_in_mid_run_pauses_after_twenty_refusals(tmp_path: Path) -> None:
    relay = SomeRefused(lambda _: len(relay.letters) >= 30, "554 Transaction failed")
    with relay, readers(tmp_path, relay, 20, *OWNERS) as service:
        status = await go_on(service)
        assert outcome(status) == {"sent": 30, "planned": 70}
        assert sum(line.startswith("RCPT") for _, line in relay.heard) == 50
        relay.refuses = lambda _: False
        service.edition_control.resume(status.edition)
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 100}
        assert set(relay.arrived().values()) == {1}


async def test_half_of_the_last_hundred_with_one_answer_pause_although_others_arrive(tmp_path: Path) -> None:
    relay = SomeRefused(lambda who: int(who[6 : who.index("@")]) % 2 == 0, "550 no")
    with relay, readers(tmp_path, relay, 40, *OWNERS) as service:
        status = await go_on(service)
        assert waits_for_a_person(status)
        assert status.counts[DeliveryState.FAILED] == 0
        assert status.counts[DeliveryState.SENT] < 100


async def test_evidence_is_counted_over_a_restart_of_the_sender(tmp_path: Path) -> None:
    with SomeRefused(all_of_them, "550 no") as relay, readers(tmp_path, relay, 20, *OWNERS) as service:
        for refused in (8, 16):
            await service.sending.send(
                going_on_from(NOW), lambda refused=refused: len(relay.heard) > 3 * refused, lambda _: None
            )
        (status,) = service.edition_counts.status()
        assert 8 <= status.counts[DeliveryState.FAILED] < 20
        with open_service(service.config) as anew:
            status = await go_on(anew)
        assert outcome(status) == {"planned": 100}
        assert sum(line.startswith("RCPT") for _, line in relay.heard) < 30


async def test_evidence_and_suppressions_are_taken_back_with_the_letters(tmp_path: Path) -> None:
    with SomeRefused(all_of_them, "550 no") as relay, readers(tmp_path, relay, 10, *OWNERS) as service:
        await service.sending.send(going_on_from(NOW), lambda: len(relay.heard) > 45, lambda _: None)
        taken = take_refused(service, NOW + MINUTE)
        assert rows(service) == (taken, 0)
        assert taken > 5
        with service.database.write.begin() as connection:
            one = connection.execute(select(bounces.c.mark, bounces.c.subscription_id)).first()
            assert one
            suppressed = service.suppressions.hash_of
            connection.execute(
                suppressions.insert().values(hash=suppressed(Address("lasare0@d0.test")), reason="hard", since=NOW)
            )
            connection.execute(bounces.update().where(bounces.c.subscription_id == 1).values(suppressed="hard"))
        assert outcome(await go_on(service, NOW + 2 * MINUTE)) == {"planned": 50}
        assert rows(service) == (0, 0)


@pytest.mark.parametrize("says", [each for each in MAILBOX if each.startswith("5") and each[3] == " "][::6])
async def test_an_old_list_with_many_dead_mailboxes_is_sent_to_its_end(tmp_path: Path, says: str) -> None:
    dead = {f"lasare{number}@{domain}" for number in range(12) for domain in OWNERS}
    with SomeRefused(dead.__contains__, says) as relay, readers(tmp_path, relay, 20, *OWNERS, connections=4) as service:
        status = await go_on(service)
        assert outcome(status) == {"failed": 60, "sent": 40}
        assert status.edition.state is EditionState.FINISHED
        assert set(relay.arrived().values()) == {1}


async def test_a_list_of_which_nobody_exists_any_more_is_over_and_an_alarm(tmp_path: Path) -> None:
    with SomeRefused(all_of_them, "550 User unknown") as relay, readers(tmp_path, relay, 6, *OWNERS) as service:
        status = await go_on(service)
        assert outcome(status) == {"failed": 30}
        assert status.needs_a_person
        (alarm,) = [one for one in detect(service, NOW + MINUTE) if one.kind is AlarmKind.EDITION_FAILED]
        assert "30 letters of 30 failed" in alarm.what
        assert "budkavle digest retry veckobrev --failed" in alarm.what


async def test_one_answer_of_one_owner_alone_stops_nobody(tmp_path: Path) -> None:
    domains = (*(f"d{each}.owner.test" for each in range(4)), "a.test")
    relay = SomeRefused(lambda who: "owner" in who, "550 no")
    with relay, readers(tmp_path, relay, 8, *domains) as service:
        assert outcome(await go_on(service)) == {"sent": 8, "failed": 32}


async def test_five_hundred_with_a_third_of_dead_mailboxes_get_one_letter_each(tmp_path: Path) -> None:
    domains = tuple(f"d{number}.test" for number in range(20))
    relay = SomeRefused(lambda who: who[6] in "147", "550 5.1.1 <lasare@a.test>: User unknown")
    with relay, readers(tmp_path, relay, 25, *domains, connections=4) as service:
        status = await go_on(service)
        assert status.edition.state is EditionState.FINISHED
        assert status.counts[DeliveryState.SENT] == len(relay.letters)
        assert status.counts[DeliveryState.SENT] + status.counts[DeliveryState.FAILED] == 500
        assert set(relay.arrived().values()) == {1}
