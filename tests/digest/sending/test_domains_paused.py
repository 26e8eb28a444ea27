"""A domain that refuses us for our own fault: its letters wait, all others go on, and it heals by itself."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from articles.article import Seq
from budkavle.alarms.alarms import Alarm, AlarmKind
from budkavle.alarms.detect import detect
from budkavle.daemon.bounce_loop import take_refused
from budkavle.installation.wiring import Service, open_service
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState
from digest.editions.slots import PeriodKey
from digest.sending.adapters import claiming
from digest.sending.adapters.domain_backoff import put, standing_of
from digest.sending.adapters.freshness import StoredActs
from digest.sending.commit_group import Group
from digest.sending.domain_backoff import Patience, Standing
from digest.sending.freshness import Freshness
from digest.sending.sender import OnUncertain
from mail.address import Address
from mail.reply import Phase, Reply
from tests.budkavle.refusing import (
    HOUR,
    MINUTE,
    REFUSING,
    PickyRelay,
    come_back,
    go_on,
    outcome,
    plan_again,
    readers,
)
from tests.digest.relay import join, newsroom, publish
from tests.digest.steps import Steps
from tests.given import NOW, plan_period
from tests.installed import budkavle


def tried(relay: PickyRelay) -> list[str]:
    """The recipients of the refusing domain whose letters came last, the newest first."""
    return [each.recipient for each in reversed(relay.letters) if each.recipient.endswith(REFUSING)]


def alarms(service: Service, moment: datetime) -> list[Alarm]:
    return [one for one in detect(service, moment) if one.kind is not AlarmKind.SOURCE_FAILED]


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
        assert outcome(status) == {"sent": 20, "deferred": 10}
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


async def test_an_alarm_names_the_domain_the_letters_that_wait_and_what_the_server_said_but_no_address(
    tmp_path: Path,
) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 5, REFUSING, "a.test") as service:
        await go_on(service)
        (found,) = alarms(service, NOW + 5 * MINUTE)
        assert (found.kind, found.about) == (AlarmKind.DOMAIN_PAUSED, REFUSING)
        assert found.what.startswith("5 letters wait")
        assert "5.7.1 Service refused" in found.what
        assert "2026-01-09 10:00" in found.what
        assert f"budkavle digest resume-domain {REFUSING}" in found.what
        assert "@" not in found.what


async def test_a_domain_that_refuses_the_trial_waits_longer_and_gets_three_letters_a_try(tmp_path: Path) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 9, REFUSING, "a.test") as service:
        await go_on(service)
        await go_on(service, NOW + HOUR + MINUTE)
        asked = relay.asked(REFUSING)
        assert 4 <= asked <= 6
        await go_on(service, NOW + 2 * HOUR + 30 * MINUTE)
        assert relay.asked(REFUSING) == asked
        relay.refused = ()
        await go_on(service, NOW + 3 * HOUR + 2 * MINUTE)
        assert relay.domains()[REFUSING] == 3
        assert outcome(await go_on(service, NOW + 4 * HOUR)) == {"sent": 18}
        assert set(relay.arrived().values()) == {1}


async def test_a_person_lets_a_domain_go_on_at_once(tmp_path: Path) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 6, REFUSING, "a.test") as service:
        await go_on(service)
        relay.refused = ()
        told = budkavle("digest", "resume-domain", "Refusing.TEST", folder=service.config.folder)
        assert (told.code, told.err) == (0, "")
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 12}
        assert set(relay.arrived().values()) == {1}
        again = budkavle("digest", "resume-domain", REFUSING, folder=service.config.folder)
        assert again.code == 2
        assert "is not paused" in again.err


async def test_status_shows_the_domain_to_a_person_and_to_a_program(tmp_path: Path) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 4, REFUSING, "a.test") as service:
        now = datetime.now(UTC)
        await go_on(service, now)
        shown = budkavle("status", folder=service.config.folder).out
        assert re.search(
            rf"^domain {REFUSING}: paused until \d{{4}}-\d\d-\d\d \d\d:\d\d, 4 letters wait$", shown, re.MULTILINE
        )
        record = json.loads(budkavle("status", "--json", folder=service.config.folder).out)
        (domain,) = record["domains"]
        assert now + HOUR - MINUTE < datetime.fromisoformat(domain["until"]) < now + HOUR + MINUTE
        assert (domain["name"], domain["letters"], domain["trying"]) == (REFUSING, 4, False)


async def test_a_claim_passes_over_so_many_letters_at_most_and_then_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "_MOST_PASSED_OVER", 4)
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 30, REFUSING) as service:
        join(service, "lasare@a.test")
        plan_again(service, NOW + MINUTE, "2026-01-10")
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 1, "deferred": 30}
        assert relay.domains() == {"a.test": 1}


@pytest.mark.parametrize("connections", [1, 8])
async def test_letters_at_hand_stay_here_when_their_domain_is_paused_from_elsewhere(
    tmp_path: Path, connections: int
) -> None:
    relay = PickyRelay(pipelining=True)
    with relay, readers(tmp_path, relay, 40, REFUSING, "a.test", connections=connections) as service:
        choose = relay.at

        def pause(phase: str, count: int) -> None:
            if (phase, count) == ("rcpt", 20):
                with service.database.write.begin() as connection:
                    put(connection, REFUSING, Standing(refused=2).after_refusal(NOW, Patience()), "dsn")
            choose(phase, count)

        relay.at = pause
        status = await go_on(service)
        assert relay.domains()["a.test"] == 40
        assert 10 <= relay.domains()[REFUSING] < 40
        assert status.counts[DeliveryState.SENT] == len(relay.letters)
        assert status.counts[DeliveryState.DEFERRED] == 80 - len(relay.letters)
        service.domains.resume(REFUSING, NOW)
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 80}
        assert set(relay.arrived().values()) == {1}


async def test_a_relay_that_refuses_every_domain_pauses_the_edition_and_no_domain(tmp_path: Path) -> None:
    all_of_them = [f"d{number}.test" for number in range(8)]
    relay = PickyRelay(*all_of_them, says="554 5.7.1 Relay access denied")
    with relay, readers(tmp_path, relay, 3, *all_of_them) as service:
        status = await go_on(service)
        assert outcome(status) == {"planned": 24}
        assert status.edition.state is EditionState.PAUSED
        assert "Relay access denied" in (status.edition.paused_because or "")
        assert status.edition.resume_at is None
        assert not service.domains.paused(NOW)
        relay.refused = ()
        service.edition_control.resume(status.edition)
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 24}
        assert set(relay.arrived().values()) == {1}


@pytest.mark.parametrize("says", ["450 4.2.0 greylisted, try later", "451 4.3.0 try later", "550 5.1.1 no such user"])
async def test_greylisting_and_missing_mailboxes_are_held_against_no_domain(tmp_path: Path, says: str) -> None:
    with PickyRelay(REFUSING, says=says) as relay, readers(tmp_path, relay, 5, REFUSING, "a.test") as service:
        assert outcome(await go_on(service))["sent"] == 5
        assert relay.asked(REFUSING) == 5
        assert not service.domains.paused(NOW)


async def test_letters_that_are_refused_now_and_then_pause_nothing_and_are_tried_again(tmp_path: Path) -> None:
    with PickyRelay("b.test") as relay, readers(tmp_path, relay, 2, "a.test", "b.test", "c.test") as service:
        status = await go_on(service)
        assert outcome(status) == {"sent": 4, "deferred": 2}
        assert status.edition.state is EditionState.SENDING
        assert [(one.kind, one.about) for one in alarms(service, NOW)] == [(AlarmKind.SENDER_REFUSED, "b.test")]
        relay.refused = ()
        assert outcome(await go_on(service, NOW + 6 * MINUTE)) == {"sent": 6}
        assert not alarms(service, NOW)


async def test_letters_that_still_wait_when_the_next_edition_comes_end_with_theirs_and_are_made_up_for(
    tmp_path: Path,
) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 4, REFUSING, "a.test") as service:
        await go_on(service)
        digest, later = service.digests[0], NOW + timedelta(days=7)
        publish(service, "Ännu en buss")
        plan_period(service, digest, PeriodKey("2026-01-16"), later)
        assert outcome(next(iter(service.edition_counts.status()))) == {"sent": 4, "failed": 4}
        relay.refused = ()
        await go_on(service, later)
        assert relay.domains() == {"a.test": 8, REFUSING: 3}
        assert outcome(await go_on(service, later + 20 * MINUTE)) == {"sent": 8}
        made_up = [letter.wire for letter in relay.letters if letter.recipient.endswith(REFUSING)]
        assert all(b"Ny buss" in wire and b"nnu en buss" in wire for wire in made_up)
        assert take_refused(service, later + HOUR) == 3
        assert not any(service.suppressions.find(Address(f"lasare{each}@{REFUSING}")) for each in range(4))


async def test_a_sender_that_starts_anew_knows_which_domain_waits(tmp_path: Path) -> None:
    with PickyRelay(REFUSING) as relay, readers(tmp_path, relay, 6, REFUSING, "a.test") as service:
        await go_on(service)
        with open_service(service.config) as anew:
            await go_on(anew, NOW + 10 * MINUTE)
        assert relay.asked(REFUSING) == 3


async def test_returned_letters_pause_a_domain_that_the_relay_takes_everything_for(tmp_path: Path) -> None:
    with PickyRelay() as relay, readers(tmp_path, relay, 12, REFUSING, "a.test") as service:
        assert outcome(await go_on(service)) == {"sent": 24}
        come_back(service, NOW + MINUTE, *(f"lasare{each}@{REFUSING}" for each in range(2)))
        assert not service.domains.paused(NOW)
        come_back(service, NOW + 2 * MINUTE, f"lasare2@{REFUSING}")
        assert [each.name for each in service.domains.paused(NOW)] == [REFUSING]
        come_back(service, NOW + 3 * MINUTE, f"lasare3@{REFUSING}")
        assert [each.standing.pauses for each in service.domains.paused(NOW)] == [1]
        next_week = NOW + timedelta(days=7)
        plan_again(service, next_week)
        status = await go_on(service, next_week)
        assert outcome(status) == {"sent": 15, "deferred": 9}
        come_back(service, next_week + 5 * MINUTE, tried(relay)[0])
        assert (await go_on(service, next_week + 30 * MINUTE)).counts[DeliveryState.SENT] == 15
        assert (await go_on(service, next_week + 2 * HOUR + 10 * MINUTE)).counts[DeliveryState.SENT] == 18
        come_back(service, next_week + 2 * HOUR + 15 * MINUTE, tried(relay)[4])  # one of the first trial
        assert outcome(await go_on(service, next_week + 2 * HOUR + 30 * MINUTE)) == {"sent": 24}
        assert set(relay.arrived().values()) == {2}


async def test_a_few_returned_letters_of_many_pause_nothing(tmp_path: Path) -> None:
    with PickyRelay() as relay, readers(tmp_path, relay, 30, REFUSING) as service:
        await go_on(service)
        come_back(service, NOW + MINUTE, *(f"lasare{each}@{REFUSING}" for each in range(3)))
        assert not service.domains.paused(NOW)
        come_back(service, NOW + MINUTE, f"lasare3@{REFUSING}")
        assert [each.name for each in service.domains.paused(NOW)] == [REFUSING]


async def test_the_same_returned_letter_counts_once_and_one_that_says_that_a_mailbox_is_gone_not_at_all(
    tmp_path: Path,
) -> None:
    with PickyRelay() as relay, readers(tmp_path, relay, 5, REFUSING) as service:
        await go_on(service)
        for _ in range(3):
            come_back(service, NOW + MINUTE, f"lasare0@{REFUSING}")
        come_back(service, NOW + MINUTE, *(f"lasare{each}@{REFUSING}" for each in range(1, 5)), name="hard.gmail.5.1.1")
        assert not service.domains.paused(NOW)


async def test_domains_that_refuse_us_by_the_half_dozen_pause_the_edition_once(tmp_path: Path) -> None:
    domains = [f"d{number}.test" for number in range(6)]
    with PickyRelay() as relay, readers(tmp_path, relay, 3, "a.test", *domains) as service:
        await go_on(service)
        publish(service, "Ännu en buss")
        edition = plan_again(service, NOW + MINUTE, "2026-01-16")
        for name in domains:
            assert service.editions.get(edition.digest, edition.key).state is EditionState.SENDING
            come_back(service, NOW + MINUTE, *(f"lasare{each}@{name}" for each in range(3)))
        stopped = service.editions.get(edition.digest, edition.key)
        assert stopped.state is EditionState.PAUSED
        assert (stopped.paused_because or "").startswith("6 domains refuse letters for our own fault")
        service.edition_control.resume(stopped)
        assert outcome(await go_on(service, NOW + 5 * MINUTE)) == {"sent": 3, "deferred": 18}


async def test_many_subdomains_of_one_owner_pause_no_edition(tmp_path: Path) -> None:
    domains = [f"d{number}.owner.test" for number in range(8)]
    with PickyRelay() as relay, readers(tmp_path, relay, 3, *domains) as service:
        await go_on(service)
        edition = plan_again(service, NOW + MINUTE, "2026-01-16")
        for name in domains:
            come_back(service, NOW + MINUTE, *(f"lasare{each}@{name}" for each in range(3)))
        assert len(service.domains.paused(NOW)) == len(domains)
        assert service.editions.get(edition.digest, edition.key).state is EditionState.SENDING


async def test_subdomains_of_one_owner_that_refuse_one_after_the_other_are_not_the_relays_fault(tmp_path: Path) -> None:
    domains = [f"d{number}.owner.test" for number in range(4)]
    with PickyRelay(*domains) as relay, readers(tmp_path, relay, 1, *domains, "a.test") as service:
        assert outcome(await go_on(service)) == {"sent": 1, "deferred": 4}


async def test_domains_that_were_paused_a_week_ago_are_not_counted_with_one_that_refuses_us_now(tmp_path: Path) -> None:
    domains = [f"d{number}.test" for number in range(6)]
    next_week = NOW + timedelta(days=7)
    with PickyRelay() as relay, readers(tmp_path, relay, 4, *domains) as service:
        await go_on(service)
        come_back(service, NOW + MINUTE, *(f"lasare{each}@{name}" for each in range(3) for name in domains[:5]))
        edition = plan_again(service, next_week)
        assert outcome(await go_on(service, next_week)) == {"sent": 19, "deferred": 5}
        come_back(service, next_week + 20 * MINUTE, *(f"lasare{each}@d5.test" for each in range(3)))
        assert service.editions.get(edition.digest, edition.key).state is EditionState.SENDING


class OneMailbox(PickyRelay):
    """Refuses the first reader of the domain, whatever happens, and nobody else."""

    def _choose(self, phase: str, count: int) -> None:
        if phase == "rcpt":
            self.refused = (REFUSING,) if "lasare0@" in self.heard[-1][1] else ()
        super()._choose(phase, count)


async def test_one_mailbox_that_always_refuses_us_does_not_keep_the_letters_from_the_others_of_its_domain(
    tmp_path: Path,
) -> None:
    with OneMailbox(REFUSING) as relay, readers(tmp_path, relay, 6, REFUSING) as service:
        with service.database.write.begin() as connection:
            put(connection, REFUSING, Standing(refused=2).after_refusal(NOW, Patience()))
        for minutes in (0, 61, 70, 80, 185):
            status = await go_on(service, NOW + minutes * MINUTE)
        assert status.counts[DeliveryState.SENT] >= 3
        assert outcome(await go_on(service, NOW + 205 * MINUTE)) == {"sent": 5, "deferred": 1}


async def test_returned_letters_of_many_small_domains_pause_the_edition_that_is_being_sent(tmp_path: Path) -> None:
    domains = [f"d{number}.test" for number in range(25)]
    relay = PickyRelay("a.test", says="450 4.2.0 later")
    with relay, readers(tmp_path, relay, 1, "a.test", *domains) as service:
        assert outcome(await go_on(service)) == {"sent": 25, "deferred": 1}
        for name in domains[:20]:
            (status,) = service.edition_counts.status()
            assert status.edition.state is EditionState.SENDING
            come_back(service, NOW + MINUTE, f"lasare0@{name}")
        (status,) = service.edition_counts.status()
        assert status.edition.state is EditionState.PAUSED
        assert "20 of 25 recipients were refused for our own fault" in (status.edition.paused_because or "")


async def test_what_came_back_before_a_domain_was_let_go_on_stops_no_edition_afterwards(tmp_path: Path) -> None:
    relay = PickyRelay("a.test", says="450 4.2.0 later")
    with relay, readers(tmp_path, relay, 22, REFUSING) as service:
        join(service, "lasare@a.test")
        plan_again(service, NOW + MINUTE, "2026-01-10")
        assert outcome(await go_on(service, NOW + MINUTE)) == {"sent": 22, "deferred": 1}
        come_back(service, NOW + 2 * MINUTE, *(f"lasare{each}@{REFUSING}" for each in range(21)))
        assert service.domains.resume(REFUSING, NOW + HOUR)
        come_back(service, NOW + 2 * HOUR, f"lasare21@{REFUSING}")
        assert list(service.edition_counts.status())[-1].edition.state is EditionState.SENDING


def test_a_letter_that_was_taken_ends_the_row_of_refusals_when_its_outcome_had_to_be_written_twice(
    tmp_path: Path,
) -> None:
    with PickyRelay() as relay, readers(tmp_path, relay, 2, REFUSING) as service:
        service.letters.render_waiting(NOW)
        with service.database.write.begin() as connection:
            put(connection, REFUSING, Standing(refused=2))

        class Full(StoredActs):
            def newest(self, connection: Connection) -> Seq:  # noqa: ARG002 - Acts
                raise InterruptedError

        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW, acts=Full(service.articles))
        (claim,) = sender.claim(1, NOW)
        assert sender.mark(claim, NOW)
        taken = Group(outcomes=[(claim, Reply(phase=Phase.DOT, code=250))], wanted=1)

        with pytest.raises(InterruptedError):
            sender.commit(taken, NOW, Freshness())
        sender.commit(taken, NOW)
        with service.database.read.begin() as connection:
            assert standing_of(connection, REFUSING) == Standing()


async def test_while_no_domain_refuses_us_only_a_claim_asks_for_any_and_once(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        plan_again(service, NOW)
        service.letters.render_waiting(NOW)
        sender, said = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW), list[str]()
        event.listen(service.database.write, "connect", lambda raw, _: raw.set_trace_callback(said.append))
        service.database.write.dispose()
        with sender.kept_open():
            claims = sender.claim(3, NOW)
            assert len([each for each in said if "refusing_domains" in each]) == 1
            said.clear()
            assert sender.mark(claims[0], NOW)
            sender.record(claims[0], Reply(phase=Phase.DOT, code=250), NOW)
            assert any("deliveries" in each for each in said)
            assert not [each for each in said if "refusing_domains" in each]
