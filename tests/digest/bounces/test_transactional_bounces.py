"""Letters about subscriptions that come back: whose address suffers for it, and who may have one again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from budkavle.config.load import load
from budkavle.config.settings import Bounces
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscribers, transactional_letters
from digest.bounces.bounce import Taken
from digest.bounces.process import Outcome
from digest.lifecycle.adapters.unsubscribe_journal import NAME as LEAVES
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.subscribers.adapters.events import story
from digest.subscribers.events import EventKind
from digest.subscribers.suppression import SuppressionReason
from digest.verp import ReturnPaths
from mail.address import Address
from tests.budkavle.life import ANNA, ask, post, prepared, read, state_of, token_in
from tests.budkavle.returned import ADDRESS, SAMPLE_TAG, SAMPLES
from tests.digest.relay import ScriptedRelay, join
from tests.digest.transactional.test_post import send
from tests.given import NOW
from tests.installed import budkavle

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HARD, FULL, OURS = "hard.postfix.5.1.1", "soft.postfix.5.2.2", "sender-fault.postfix.5.7.1"
ELSEWHERE, LATE, ABUSE = "hard.gmail.5.1.1", "delayed.postfix.4.4.1", "complaint.yahoo.arf"
BO = "bo@example.org"


@contextmanager
def installation(folder: Path, port: int = 0) -> Iterator[Service]:
    with open_service(load(prepared(folder, port))) as service:
        known = Bounces(address=ADDRESS, relay_names=("mx1.relay.test",))
        settings = service.config.settings.model_copy(update={"bounces": known})
        yield replace(service, config=replace(service.config, settings=settings))


def tag_of(service: Service, number: int) -> str:
    with service.database.read.begin() as connection:
        of = transactional_letters.c
        asked = connection.execute(select(of.asked).where(of.id == number)).scalar_one()
    return ReturnPaths(service.key, ADDRESS).notice_tag(number, asked)


def report(tag: str, name: str = HARD) -> bytes:
    """A sample as it would come back for the letter with this tag."""
    return (SAMPLES / f"{name}.eml").read_bytes().replace(SAMPLE_TAG, tag.encode())


def comes_back(service: Service, number: int = 1, name: str = HARD, now: datetime = NOW) -> Outcome:
    return service.process_bounces.take(report(tag_of(service, number), name), "", now)


def suppressed(service: Service, address: str = ANNA) -> SuppressionReason | None:
    found = service.suppressions.find(Address(address))
    return found.reason if found else None


def told(service: Service, address: str = ANNA) -> list[EventKind]:
    with service.database.read.begin() as connection:
        whose = select(subscribers.c.id).where(subscribers.c.address == address)
        return [event.kind for event in story(connection, connection.execute(whose).scalar_one())]


def test_each_letter_has_an_envelope_sender_of_its_own_and_a_relay_is_asked_to_report_under_it(tmp_path: Path) -> None:
    with ScriptedRelay(dsn=True) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        ask(service, BO)
        assert send(service) == 2
        tags = [tag_of(service, number) for number in (1, 2)]
        assert [letter.sender for letter in relay.letters] == [f"studs+{tag}@example.org" for tag in tags]
        assert [tag in " ".join(line for _, line in relay.heard if "ENVID=" in line) for tag in tags] == [True, True]
        assert read(relay.letters[0].wire)["From"].endswith("<bekraftelse@example.org>")
        assert tags[0].encode() not in relay.letters[0].wire


def test_who_our_own_relay_says_is_gone_is_not_mailed_again_and_the_operator_sees_why(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        ask(service)
        assert len(post(service)) == 1
        assert comes_back(service).taken is Taken.SUPPRESSED
        assert comes_back(service).taken is Taken.KNOWN
        assert suppressed(service) is SuppressionReason.HARD
        assert told(service)[-2:] == [EventKind.BOUNCED, EventKind.SUPPRESSED]
        shown = json.loads(budkavle("subscribers", "show", ANNA, "--json", folder=tmp_path).out)
        assert shown["suppressed"]["reason"] == "hard"
        assert shown["letters"][0]["state"] == "failed"
        assert "5.1.1" in shown["letters"][0]["reply"]
        assert "@" not in shown["letters"][0]["reply"]


def test_a_dead_address_that_is_typed_in_again_and_again_gets_one_letter_a_day(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        ask(service)
        post(service)
        comes_back(service)
        for hours in (1, 2, 23):
            ask(service, now=NOW + hours * HOUR)
            assert post(service, NOW + hours * HOUR) == []
        ask(service, now=NOW + DAY + HOUR)
        assert len(post(service, NOW + DAY + HOUR)) == 1


def test_who_confirms_after_all_is_mailed_again_and_a_late_report_of_that_letter_changes_nothing(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as service:
        ask(service)
        post(service)
        comes_back(service)
        ask(service, now=NOW + 2 * DAY)
        (letter,) = post(service, NOW + 2 * DAY)
        assert service.subscribe.confirm(token_in(letter), NOW + 2 * DAY + HOUR).outcome is ConfirmOutcome.DONE
        assert suppressed(service) is None
        number = 2
        assert comes_back(service, number, HARD, NOW + 3 * DAY).taken is Taken.COUNTED
        assert suppressed(service) is None
        assert state_of(service) == "active"


def test_what_others_say_counts_with_the_second_letter_and_our_own_fault_never(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for number in range(1, 7):
            ask(service, now=NOW + number * HOUR)
            post(service, NOW + number * HOUR)
        assert comes_back(service, 1, OURS).taken is Taken.COUNTED
        assert comes_back(service, 2, OURS).taken is Taken.COUNTED
        assert comes_back(service, 3, LATE).taken is Taken.COUNTED
        assert comes_back(service, 4, ELSEWHERE).taken is Taken.COUNTED
        assert suppressed(service) is None
        ask(service, now=NOW + 8 * HOUR)  # our fault keeps nobody out
        assert len(post(service, NOW + 8 * HOUR)) == 1
        assert comes_back(service, 5, ELSEWHERE).taken is Taken.SUPPRESSED


def test_no_stranger_silences_a_subscriber_whose_mailbox_is_full_for_a_day(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        join(service, ANNA)
        for number in range(1, 7):
            service.request_my_data.ask(Address(ANNA), NOW + number * HOUR)
            assert len(post(service, NOW + number * HOUR)) == 1
            assert comes_back(service, number, FULL).taken is Taken.COUNTED
        assert (suppressed(service), state_of(service)) == (None, "active")


def test_a_forged_tag_an_editions_tag_and_that_of_a_letter_before_change_nobody(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        ask(service)
        post(service)
        mine = tag_of(service, 1)
        paths = ReturnPaths(service.key, ADDRESS)
        earlier = paths.notice_tag(1, NOW - timedelta(seconds=1))  # the number was another letter's, since deleted
        mac = mine[-14:]
        forged = (f"n1.{mine[3:11]}-00000000000000", f"1.1-{mac}", f"n1-{mac}", mine[1:], f"n2{mine[2:]}")
        for tag in (*forged, earlier, paths.tag(1, 1)):
            assert service.process_bounces.take(report(tag), f"studs+{tag}@example.org", NOW).taken in {
                None,
                Taken.GONE,
            }, tag
        assert suppressed(service) is None
        assert EventKind.BOUNCED not in told(service)


def test_a_complaint_about_such_a_letter_is_a_no_to_everything_and_outlives_the_store(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        join(service, ANNA)
        ask(service)
        post(service)
        journal = service.config.store_path.with_name(LEAVES)
        before = journal.read_bytes() if journal.exists() else b""
        assert comes_back(service, 1, ABUSE).taken is Taken.SUPPRESSED
        assert suppressed(service) is SuppressionReason.COMPLAINT
        assert state_of(service) == "ended"
        assert len(journal.read_bytes()) > len(before)
        assert comes_back(service, 1, ABUSE).taken is Taken.KNOWN


def test_a_letter_to_a_new_address_says_nothing_about_the_old_one(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        join(service, ANNA)
        wish = service.subscribers.find(Address(ANNA), "veckobrev")
        assert wish is not None
        service.change_address.ask_new(wish.token, Address(BO), NOW)
        post(service)
        assert comes_back(service).taken is Taken.SUPPRESSED
        assert suppressed(service, BO) is SuppressionReason.HARD
        assert (suppressed(service), state_of(service)) == (None, "active")
        assert told(service)[-1] is EventKind.BOUNCED


@pytest.mark.parametrize("reply", ["550 5.1.1 nobody", "552 5.2.2 mailbox full"])
def test_what_the_relay_refuses_at_once_counts_by_the_same_rule(reply: str, tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": [reply]}) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        assert send(service) == 0
        assert suppressed(service) is (SuppressionReason.HARD if "5.1.1" in reply else None)
        assert EventKind.BOUNCED in told(service)


def test_a_letter_whose_reader_was_forgotten_is_nobodys(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        ask(service)
        post(service)
        tag = tag_of(service, 1)
        with service.database.write.begin() as connection:
            connection.execute(delete(transactional_letters))
        assert service.process_bounces.take(report(tag), "", NOW).taken is Taken.GONE
        assert suppressed(service) is None
