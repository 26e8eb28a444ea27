"""Letters that come back: what is counted, who is not mailed any more, and what needs a person."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, text, update

from budkavle.alarms.alarms import Alarm, AlarmKind
from budkavle.alarms.detect import detect
from budkavle.daemon.bounce_loop import take_refused
from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import apply_retention
from digest.adapters.tables import bounces, deliveries, editions, subscribers, subscriptions, suppressions
from digest.bounces.bounce import Taken
from digest.editions.edition import EditionState
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.subscribers.adapters.events import note, story
from digest.subscribers.events import Event, EventKind
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from mail.failure.status_codes import BounceClass
from tests.budkavle.life import post, token_in
from tests.budkavle.returned import WEEK, comes_back, edition, installation, returned, suppressed, suppression
from tests.digest.relay import ScriptedRelay
from tests.given import NOW

DAY = timedelta(days=1)
HARD, FULL, OURS = "hard.postfix.5.1.1", "soft.postfix.5.2.2", "sender-fault.postfix.5.7.1"
ELSEWHERE = "hard.gmail.5.1.1"


def told(service: Service, reader: int = 0) -> list[EventKind]:
    with service.database.read.begin() as connection:
        mine = select(subscribers.c.id).where(subscribers.c.address == f"lasare{reader}@example.org")
        added, *since = story(connection, connection.execute(mine).scalar_one())
    assert added.kind is EventKind.ADDED
    return [event.kind for event in since]


def subscription_of(connection: Connection, subscriber: int) -> int:
    mine = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscriber)
    return connection.execute(mine).scalar_one()


def evidence(service: Service) -> Sequence[tuple[str, str]]:
    with service.database.read.begin() as connection:
        return [tuple(row) for row in connection.execute(select(bounces.c.kind, bounces.c.status))]


def alarms(service: Service, *kinds: AlarmKind) -> list[Alarm]:
    return [one for one in detect(service, NOW + DAY) if one.kind in kinds]


async def test_an_address_that_our_own_relay_says_is_gone_is_suppressed_at_once(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        outcome = comes_back(service, HARD, 0, reader=1)
        assert (outcome.kind, outcome.taken) == (BounceClass.HARD, Taken.SUPPRESSED)
        assert suppressed(service, 3) == [1]
        assert suppression(service, 1).reason is SuppressionReason.HARD
        assert told(service, 1) == [EventKind.BOUNCED, EventKind.SUPPRESSED]
        assert evidence(service) == [("hard", "5.1.1")]


async def test_an_address_that_others_say_is_gone_is_suppressed_with_the_second_edition(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        assert comes_back(service, ELSEWHERE, 0).taken is Taken.COUNTED
        assert comes_back(service, ELSEWHERE, 0).taken is Taken.COUNTED  # a second message about the same letter
        assert suppression(service) is None
        await edition(service, 1)
        assert comes_back(service, ELSEWHERE, 1).taken is Taken.SUPPRESSED
        assert suppressed(service, 3) == [0]


async def test_a_full_mailbox_is_suppressed_with_the_fourth_edition_in_a_row_and_a_success_forgives(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as service:
        for week in range(4):
            await edition(service, week)
            comes_back(service, FULL, week, reader=0)
            if week != 2:
                comes_back(service, FULL, week, reader=1)
        assert suppressed(service, 3) == [0]
        assert suppression(service, 0).reason is SuppressionReason.SOFT


async def test_bounces_that_come_late_and_in_any_order_count_by_their_editions(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in range(4):
            await edition(service, week)
        for week in (3, 1, 2):
            assert comes_back(service, FULL, week).taken is Taken.COUNTED
        assert comes_back(service, FULL, 0).taken is Taken.SUPPRESSED


async def test_old_editions_count_when_retention_has_folded_them(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in (0, 5, 10, 15):
            await edition(service, week)
            comes_back(service, FULL, week, reader=0)
            comes_back(service, FULL, week, reader=1) if week != 5 else None
            apply_retention(service, NOW + (week + 1) * WEEK, rest=lambda: None)
        assert suppressed(service, 3) == [0]


async def test_the_same_message_counts_once(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        raw = returned(service, ELSEWHERE, 0)
        assert service.process_bounces.take(raw, "", NOW + DAY).taken is Taken.COUNTED
        by_another_way = b"Received: from elsewhere.test\n" + raw
        assert service.process_bounces.take(by_another_way, "", NOW + DAY).taken is Taken.KNOWN
        assert (len(evidence(service)), told(service)) == (1, [EventKind.BOUNCED])


async def test_a_forged_sender_changes_nothing_and_is_kept_for_a_person(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        genuine = returned(service, HARD, 0)
        at = genuine.index(b"studs+") + len(b"studs+1.1-")
        mac = genuine[at : at + 14]
        outcome = service.process_bounces.take(genuine.replace(mac, b"0" * 14), "", NOW + DAY)
        assert (outcome.kind, outcome.taken) == (BounceClass.HARD, None)
        assert (evidence(service), suppressed(service, 3), told(service)) == ([], [], [])
        kept = list(service.process_bounces.unknown.folder.iterdir())
        assert [path.read_bytes() for path in kept] == [genuine.replace(mac, b"0" * 14)]
        assert kept[0].stat().st_mode & 0o077 == 0


async def test_what_a_relay_refused_of_who_is_forgotten_meanwhile_is_held_against_nobody(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        with service.database.write.begin() as connection:
            mine = select(subscribers.c.id).where(subscribers.c.address == "lasare1@example.org")
            who = connection.execute(mine).scalar_one()
            claimed = deliveries.c.subscription_id == subscription_of(connection, who)
            connection.execute(update(deliveries).where(claimed).values(state="claimed"))
        service.erase_subscriber.erase_number(who, NOW)
        with service.database.write.begin() as connection:
            refused = {"state": "failed", "reason": "refused", "reply": "rcpt: 550 5.1.1 no such user"}
            connection.execute(update(deliveries).where(deliveries.c.state == "claimed").values(refused))
        assert take_refused(service, NOW + DAY) == 0
        with service.database.read.begin() as connection:
            assert connection.execute(select(suppressions.c.reason)).scalars().all() == ["erased"]


async def test_a_complaint_ends_all_subscriptions_at_once_and_an_operator_cannot_lift_it(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        assert comes_back(service, "complaint.yahoo.arf", 0, reader=2).taken is Taken.SUPPRESSED
        assert suppression(service, 2).reason is SuppressionReason.COMPLAINT
        found = service.subscribers.find(Address("lasare2@example.org"), "veckobrev")
        assert (found.state, found.ended_reason) == ("ended", "complaint")
        assert told(service, 2) == [EventKind.BOUNCED, EventKind.SUPPRESSED, EventKind.LEFT]
        comes_back(service, HARD, 0, reader=2)
        assert suppression(service, 2).reason is SuppressionReason.COMPLAINT


async def test_our_own_fault_never_touches_a_subscriber_and_its_domain_and_code_are_named(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in range(5):
            await edition(service, week)
            assert comes_back(service, OURS, week).taken is Taken.COUNTED
        assert suppressed(service, 3) == []
        found = [one for one in detect(service, NOW + 4 * WEEK + 2 * DAY) if one.kind is AlarmKind.SENDER_REFUSED]
        assert [one.about for one in found] == ["example.org"]
        assert "5.7.1" in found[0].what
        assert "@" not in found[0].what
        later = detect(service, NOW + 4 * WEEK + 5 * DAY)
        assert not [one for one in later if one.kind is AlarmKind.SENDER_REFUSED]


async def test_our_own_fault_between_two_bounces_says_nothing_of_the_address(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week, name in enumerate((ELSEWHERE, OURS, ELSEWHERE)):
            await edition(service, week)
            comes_back(service, name, week)
        assert suppressed(service, 3) == [0]


async def test_when_too_many_come_back_at_once_nobody_is_suppressed_and_a_person_is_called(tmp_path: Path) -> None:
    readers = 40
    with installation(tmp_path, readers=readers) as service:
        await edition(service, 0)
        for reader in range(19):
            comes_back(service, HARD, 0, reader)
        assert len(suppressed(service, readers)) == 19
        for reader in range(19, 30):
            assert comes_back(service, HARD, 0, reader).taken is Taken.COUNTED
        assert suppressed(service, readers) == []
        assert told(service, 3) == [EventKind.BOUNCED, EventKind.SUPPRESSED, EventKind.LIFTED]
        (found,) = alarms(service, AlarmKind.BOUNCES_BRAKED)
        assert "20 addresses" in found.what
        assert comes_back(service, "complaint.yahoo.arf", 0, reader=35).taken is Taken.SUPPRESSED  # a person's own no
        await edition(service, 1)
        assert comes_back(service, HARD, 1, reader=3).taken is Taken.SUPPRESSED  # it is gone indeed


async def test_who_was_suppressed_for_another_reason_stays_so_when_the_brake_holds(tmp_path: Path) -> None:
    with installation(tmp_path, readers=30) as service:
        await edition(service, 0)
        comes_back(service, HARD, 0, reader=5)
        comes_back(service, "complaint.yahoo.arf", 0, reader=5)
        for reader in range(6, 30):
            comes_back(service, HARD, 0, reader)
        assert suppressed(service, 30) == [5]


async def test_an_edition_with_too_many_dead_addresses_waits_for_a_person_once(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, installation(tmp_path, relay.port, readers=60) as service:
        relay.script["rcpt"] = ["250 2.1.5 ok"] * 40 + ["450 4.2.1 later"] * 20
        await edition(service, 0)
        assert state(service) == EditionState.SENDING
        for reader in range(20):
            comes_back(service, ELSEWHERE, 0, reader)
        assert state(service) == EditionState.PAUSED
        (paused,) = alarms(service, AlarmKind.EDITION_PAUSED)
        assert "20 of 40 recipients do not exist" in paused.what
        assert alarms(service, AlarmKind.BOUNCE_RATE)
        service.edition_control.resume(service.editions.newest("veckobrev"))
        comes_back(service, ELSEWHERE, 0, reader=21)
        assert state(service) == EditionState.SENDING


def state(service: Service) -> str:
    with service.database.read.begin() as connection:
        return connection.execute(select(editions.c.state)).scalar_one()


async def test_what_the_relay_refuses_itself_counts_by_the_same_rules(tmp_path: Path) -> None:
    said = ["550 5.1.1 <x@example.org> no such user", "550 5.2.2 full", "550 no"]
    with ScriptedRelay({"rcpt": said}) as relay, installation(tmp_path, relay.port) as service:
        await edition(service, 0)
        assert take_refused(service, NOW + DAY) == 3
        assert take_refused(service, NOW + DAY) == 0
        assert len(suppressed(service, 3)) == 1
        assert sorted(evidence(service)) == [("hard", "5.1.1"), ("soft", "5.0.0"), ("soft", "5.2.2")]
        with service.database.read.begin() as connection:
            assert not connection.execute(select(bounces).where(bounces.c.diagnostic.like("%@%"))).all()


async def test_a_letter_deferred_until_the_next_edition_counts_as_soft(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["450 4.2.2 full"]}) as relay, installation(tmp_path, relay.port) as service:
        await edition(service, 0)
        assert take_refused(service, NOW + DAY) == 0
        await edition(service, 1)
        assert take_refused(service, NOW + WEEK) == 1
        assert evidence(service) == [("soft", "4.2.2")]


async def test_an_operator_who_lifts_a_suppression_lets_the_count_begin_anew(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in range(2):
            await edition(service, week)
            comes_back(service, ELSEWHERE, week)
        assert suppressed(service, 3) == [0]
        with service.database.write.begin() as connection:
            row = connection.execute(
                select(subscribers.c.id, subscribers.c.hash).where(subscribers.c.address == "lasare0@example.org")
            ).one()
            service.suppressions.lift(connection, row.hash)
            note(connection, row.id, Event(kind=EventKind.LIFTED, at=NOW + WEEK + 2 * DAY))
        await edition(service, 2)
        assert comes_back(service, ELSEWHERE, 2).taken is Taken.COUNTED
        assert suppressed(service, 3) == []
        assert [kind for kind, _ in evidence(service)] == ["hard"] * 3


async def test_a_delay_and_an_absence_are_no_evidence(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in range(4):
            await edition(service, week)
            comes_back(service, "delayed.postfix.4.4.1", week)
            comes_back(service, "auto-reply.outlook.oof-swedish", week)
        assert suppressed(service, 3) == []
        assert told(service) == []
        assert not service.process_bounces.unknown.folder.exists()


async def test_evidence_and_kept_messages_go_after_their_time(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        comes_back(service, HARD, 0)
        service.process_bounces.take(b"Hej!", "", NOW)
        apply_retention(service, NOW + 300 * DAY, rest=lambda: None)
        assert len(evidence(service)) == 1
        assert apply_retention(service, NOW + 402 * DAY, rest=lambda: None).bounces == 1
        assert suppressed(service, 3) == [0]
        apply_retention(service, NOW + 4000 * DAY, rest=lambda: None)
        assert list(service.process_bounces.unknown.folder.iterdir()) == []


async def test_the_evidence_goes_with_an_erased_subscription(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        raw = returned(service, ELSEWHERE, 0)
        service.process_bounces.take(raw, "", NOW + DAY)
        with service.database.write.begin() as connection:
            mine = select(bounces.c.subscription_id).scalar_subquery()
            number = connection.execute(select(mine)).scalar_one()
            connection.execute(delete(deliveries).where(deliveries.c.subscription_id == number))
            connection.execute(delete(subscriptions).where(subscriptions.c.id == number))
        assert evidence(service) == []
        assert service.process_bounces.take(raw, "", NOW + DAY).taken is Taken.GONE


async def test_a_store_that_is_locked_has_the_message_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database._BUSY_MS", 50)
    with installation(tmp_path) as service:
        await edition(service, 0)
        raw = returned(service, HARD, 0)
        service.database.read.dispose()  # connections opened before wait for longer
        with service.database.write.begin() as connection:
            connection.execute(text("SELECT 1"))
            with pytest.raises(Exception, match="locked"):
                service.process_bounces.take(raw, "", NOW + DAY)
        assert evidence(service) == []
        assert service.process_bounces.take(raw, "", NOW + DAY).taken is Taken.SUPPRESSED


async def test_what_comes_back_from_an_old_address_says_nothing_of_the_new_one(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        moment = await edition(service, 0)
        late = returned(service, HARD, 0)
        own = service.subscribers.find(Address("lasare0@example.org"), "veckobrev")
        assert own is not None
        assert service.change_address.ask_new(own.token, Address("ny@example.org"), moment + DAY)
        [letter] = await asyncio.to_thread(post, service, moment + DAY)
        assert service.subscribe.confirm(token_in(letter), moment + DAY).outcome is ConfirmOutcome.DONE
        assert service.process_bounces.take(late, "", moment + 2 * DAY).taken is Taken.COUNTED
        assert service.suppressions.find(Address("ny@example.org")) is None
