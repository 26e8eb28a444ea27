"""Choices, moves and one's data: what the holder of a token may do, and what nobody may."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import apply_retention
from digest.adapters.tables import deliveries, subscribers, subscriptions
from digest.editions.delivery import DeliveryState
from digest.editions.slots import PeriodKey
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.lifecycle.preferences import PreferencesOutcome
from digest.subscribers.adapters.events import story
from digest.subscribers.subscription import filter_of
from digest.subscribers.suppression import SuppressionReason
from digest.subscribers.tokens import TokenState
from mail.address import Address
from tests.budkavle.life import ANNA, ask, everything, installation, post, state_of, text_of, token_in
from tests.budkavle.returned import edition as week_of
from tests.budkavle.returned import installation as returning
from tests.budkavle.returned import returned
from tests.digest.relay import join, publish
from tests.given import NOW, plan_period

BO = "bo@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as service:
        yield service


def subscribe(service: Service, address: str, *digests: str, now: datetime = NOW) -> None:
    """Ask and confirm."""
    ask(service, address, *digests, now=now)
    assert service.subscribe.confirm(token_in(post(service, now)[-1]), now).outcome is ConfirmOutcome.DONE


def leave_token(service: Service, address: str = ANNA, digest: str = "veckobrev") -> str:
    found = service.subscribers.find(Address(address), digest)
    assert found is not None
    return found.token


def moved(service: Service, new: str, now: datetime = NOW, asked_by: str = ANNA, digest: str = "veckobrev") -> str:
    """Ask for a move; the token in the letter."""
    assert service.change_address.ask_new(leave_token(service, asked_by, digest), Address(new), now)
    [letter] = post(service, now)
    assert letter["To"] == new
    return token_in(letter)


def told(service: Service, address: str) -> list[str]:
    """What happened to whoever has this address."""
    with service.database.read.begin() as connection:
        who = select(subscribers.c.id).where(subscribers.c.address == address)
        return [str(event.kind) for event in story(connection, connection.execute(who).scalar_one())]


def test_choices_show_and_change_what_is_wanted_and_never_an_address(service: Service) -> None:
    subscribe(service, ANNA)
    token = leave_token(service)
    assert (
        service.change_preferences.choose(token, filter_of(["vard"], ["barrvik"]), "en", NOW) is PreferencesOutcome.DONE
    )
    seen = service.change_preferences.look(token)
    assert seen is not None
    assert (seen.wanted, seen.language) == (filter_of(["vard"], ["barrvik"]), "en")
    assert seen.others == {"dagbrev": "Dagens nyheter"}
    assert "anna" not in repr(seen)
    assert (
        service.change_preferences.choose(token, filter_of(["vard"], ["barrvik"]), "en", NOW)
        is PreferencesOutcome.UNCHANGED
    )


def test_an_unknown_token_chooses_nothing(service: Service) -> None:
    subscribe(service, ANNA)
    before = everything(service)
    assert service.change_preferences.look("0" * 32) is None
    assert service.change_preferences.choose("0" * 32, filter_of(), "sv", NOW) is PreferencesOutcome.UNKNOWN
    assert service.change_preferences.pause_until("0" * 32, None, NOW) is PreferencesOutcome.UNKNOWN
    assert not service.change_address.ask_new("0" * 32, Address(BO), NOW)
    service.request_my_data.ask("0" * 32, NOW)
    assert everything(service) == before


def test_nothing_but_a_confirmation_revives_what_was_ended(service: Service) -> None:
    subscribe(service, ANNA)
    token = leave_token(service)
    service.unsubscribe.leave(token, NOW)
    before = everything(service)
    assert service.change_preferences.choose(token, filter_of(["vard"]), "sv", NOW) is PreferencesOutcome.ENDED
    assert service.change_preferences.pause_until(token, date(2026, 3, 1), NOW) is PreferencesOutcome.ENDED
    assert service.change_preferences.resume(token, NOW) is PreferencesOutcome.ENDED
    assert service.change_preferences.change_digest(token, "dagbrev", NOW) is PreferencesOutcome.ENDED
    assert not service.change_address.ask_new(token, Address(BO), NOW)
    assert everything(service) == before


def test_a_pause_ends_by_itself_before_the_edition_of_its_day_is_planned(service: Service) -> None:
    subscribe(service, ANNA)
    publish(service, "Ny buss")
    token = leave_token(service)
    [weekly] = [each for each in service.digests if each.name == "veckobrev"]
    service.planning.open_due(weekly, NOW)
    assert service.change_preferences.pause_until(token, date(2026, 1, 16), NOW) is PreferencesOutcome.DONE
    assert service.change_preferences.pause_until(token, date(2026, 1, 16), NOW) is PreferencesOutcome.UNCHANGED
    seen = service.change_preferences.look(token)
    assert seen is not None
    assert (seen.state, seen.paused_until) == ("paused", date(2026, 1, 16))
    service.planning.open_due(weekly, datetime.fromisoformat("2026-01-15T22:59:59+00:00"))
    assert state_of(service) == "paused"
    edition = service.planning.open_due(weekly, NOW + 7 * DAY)
    assert edition is not None
    assert state_of(service) == "active"
    service.planning.plan(weekly, edition)
    with service.database.read.begin() as connection:
        states = select(deliveries.c.state).where(deliveries.c.edition_id == edition.id)
        assert connection.execute(states).scalars().all() == [DeliveryState.PLANNED]


def test_a_subscription_moves_to_another_digest_with_its_cursor_and_without_its_waiting_letters(
    service: Service,
) -> None:
    subscribe(service, ANNA)
    publish(service, "Ny buss")
    before = service.subscribers.find(Address(ANNA), "veckobrev")
    [weekly] = [each for each in service.digests if each.name == "veckobrev"]
    plan_period(service, weekly, PeriodKey("2026-01-09"), NOW)
    assert service.change_preferences.change_digest(leave_token(service), "dagbrev", NOW) is PreferencesOutcome.DONE
    after = service.subscribers.find(Address(ANNA), "dagbrev")
    assert before is not None
    assert after is not None
    assert (after.id, after.token, after.from_seq) == (before.id, before.token, before.from_seq)
    assert state_of(service) is None
    with service.database.read.begin() as connection:
        assert connection.execute(select(deliveries.c.state)).scalars().all() == [DeliveryState.SKIPPED]


def test_a_subscription_never_moves_onto_a_digest_that_was_left(service: Service) -> None:
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    service.unsubscribe.leave(leave_token(service, ANNA, "dagbrev"), NOW)
    before = everything(service)
    assert service.change_preferences.change_digest(leave_token(service), "dagbrev", NOW) is PreferencesOutcome.TAKEN
    assert (
        service.change_preferences.change_digest(leave_token(service), "manadsbrev", NOW)
        is PreferencesOutcome.UNCHANGED
    )
    assert everything(service) == before


def test_a_subscription_moves_when_the_new_address_confirms_and_the_old_one_is_forgotten(service: Service) -> None:
    subscribe(service, ANNA)
    mine = leave_token(service)
    token = moved(service, BO)
    before = everything(service)
    seen = service.subscribe.look(token, NOW)
    assert seen is not None
    assert (seen.purpose, seen.state, seen.masked) == ("move", TokenState.OPEN, "b***@e…")
    assert everything(service) == before
    assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.DONE
    assert (state_of(service), state_of(service, BO), leave_token(service, BO)) == (None, "active", mine)
    assert (told(service, ANNA)[-1], told(service, BO)[-1]) == ("left", "moved")
    assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.ALREADY
    apply_retention(service, NOW + 8 * DAY, rest=lambda: None)
    assert ANNA not in repr(everything(service))


def test_a_forwarded_leave_token_moves_its_own_subscription_and_nothing_else_of_the_person(service: Service) -> None:
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    assert service.subscribe.confirm(moved(service, BO), NOW).outcome is ConfirmOutcome.DONE
    assert (state_of(service, BO), state_of(service, BO, "dagbrev")) == ("active", None)
    assert (state_of(service), state_of(service, ANNA, "dagbrev")) == (None, "active")
    service.request_my_data.ask(Address(BO), NOW)
    found = service.request_my_data.report(opened(service, token_in(post(service)[-1])), NOW)
    assert found is not None
    assert [event["kind"] for event in found["events"]] == ["moved", "letter"]  # type: ignore[attr-defined]
    assert [each["language"] for each in found["consent_texts"]] == ["sv"], "what the subscription began with"
    assert "dagbrev" not in repr(found)


def test_a_forwarded_leave_token_leaves_the_links_in_the_owners_mailbox_in_their_power(service: Service) -> None:
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    service.request_my_data.ask(Address(ANNA), NOW)
    mine = token_in(post(service)[-1])
    service.subscribe.confirm(moved(service, BO), NOW)
    found = service.request_my_data.report(opened(service, mine), NOW)
    assert found is not None
    assert found["address"] == ANNA
    assert BO not in repr(found)


def test_an_address_that_is_only_written_otherwise_keeps_all_there_is(service: Service) -> None:
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    assert service.subscribe.confirm(moved(service, "Anna@example.org"), NOW).outcome is ConfirmOutcome.DONE
    assert (state_of(service), state_of(service, ANNA, "dagbrev")) == ("active", "active")
    assert service.subscribers.count() == 2


def test_a_move_to_somebody_who_has_the_digest_ends_the_one_of_the_old_address(service: Service) -> None:
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    subscribe(service, BO)
    kept = leave_token(service, BO)
    assert service.subscribe.confirm(moved(service, BO), NOW).outcome is ConfirmOutcome.DONE
    assert leave_token(service, BO) == kept
    assert (state_of(service), state_of(service, ANNA, "dagbrev")) == ("ended", "active")
    assert service.subscribers.count() == 2


def test_a_no_of_the_new_address_after_the_move_was_asked_for_is_kept(service: Service) -> None:
    subscribe(service, ANNA)
    subscribe(service, BO)
    token = moved(service, BO, NOW + HOUR)
    service.unsubscribe.leave(leave_token(service, BO), NOW + 2 * HOUR)
    assert service.subscribe.confirm(token, NOW + 3 * HOUR).outcome is ConfirmOutcome.EXPIRED
    assert (state_of(service), state_of(service, BO)) == ("active", "ended")


def test_a_subscription_that_was_left_after_the_move_was_asked_for_does_not_move(service: Service) -> None:
    subscribe(service, ANNA)
    token = moved(service, BO)
    service.unsubscribe.leave(leave_token(service), NOW + HOUR)
    assert service.subscribe.confirm(token, NOW + 2 * HOUR).outcome is ConfirmOutcome.EXPIRED
    assert (state_of(service), state_of(service, BO)) == ("ended", None)


def test_a_no_of_the_new_address_from_before_gives_way_to_its_owners_new_word(service: Service) -> None:
    subscribe(service, ANNA)
    subscribe(service, BO)
    service.unsubscribe.leave(leave_token(service, BO), NOW)
    mine = leave_token(service)
    assert service.subscribe.confirm(moved(service, BO, NOW + HOUR), NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert (state_of(service, BO), leave_token(service, BO)) == ("active", mine)
    assert state_of(service) == "ended"


def test_a_complaint_of_the_new_address_after_the_move_was_asked_for_stops_it(service: Service) -> None:
    subscribe(service, ANNA)
    token = moved(service, BO)
    with service.database.write.begin() as connection:
        known_as = service.key.address_hash(Address(BO))
        service.suppressions.add(connection, known_as, SuppressionReason.COMPLAINT, NOW + HOUR)
    assert service.subscribe.confirm(token, NOW + 2 * HOUR).outcome is ConfirmOutcome.EXPIRED
    assert (state_of(service), state_of(service, BO)) == ("active", None)


def test_deliveries_of_a_digest_that_both_had_still_add_up_after_a_move(service: Service) -> None:
    for address in (ANNA, BO):
        subscribe(service, address)
    publish(service, "Ny buss")
    [weekly] = [each for each in service.digests if each.name == "veckobrev"]
    edition = plan_period(service, weekly, PeriodKey("2026-01-09"), NOW)
    service.subscribe.confirm(moved(service, BO), NOW)
    with service.database.read.begin() as connection:
        states = connection.execute(select(deliveries.c.state).where(deliveries.c.edition_id == edition.id))
        assert sorted(states.scalars()) == [DeliveryState.PLANNED, DeliveryState.SKIPPED]
        living = select(subscribers.c.address).join(subscriptions).where(subscriptions.c.state == "active")
        assert connection.execute(living).scalars().all() == [BO]


def test_my_data_tells_of_letters_that_came_back(tmp_path: Path) -> None:
    with returning(tmp_path) as service:
        asyncio.run(week_of(service, 0))
        service.process_bounces.take(returned(service, "hard.postfix.5.1.1", 0), "", NOW + DAY)
        service.request_my_data.ask(leave_token(service, "lasare0@example.org"), NOW)
        found = service.request_my_data.report(opened(service, token_in(post(service)[-1])), NOW)
    assert found is not None
    [back] = found["returned"]
    assert (back["digest"], back["kind"], back["status"]) == ("veckobrev", "hard", "5.1.1")
    assert "@" not in back["diagnostic"]


def test_who_is_erased_is_not_named_by_a_move_that_somebody_else_asked_for(service: Service) -> None:
    subscribe(service, ANNA)
    token = moved(service, "Bo@example.org")
    service.erase_subscriber.erase(Address(BO), NOW)
    assert "bo@" not in repr(everything(service)).lower()
    assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.UNKNOWN
    assert state_of(service) == "active"


def opened(service: Service, token: str, now: datetime = NOW) -> str:
    """The key of the visit that a letter's link opens."""
    return service.request_my_data.visit(token, now) or ""


def test_the_link_to_ones_data_opens_one_visit_and_looking_at_it_none(service: Service) -> None:
    subscribe(service, ANNA)
    service.request_my_data.ask(Address(ANNA), NOW)
    token = token_in(post(service)[-1])
    before = everything(service)
    assert [service.request_my_data.language_behind(token, NOW) for _ in range(3)] == ["sv"] * 3
    assert service.request_my_data.report(token, NOW) is None
    assert not service.request_my_data.erase_me(token, NOW)
    assert everything(service) == before
    key = opened(service, token, NOW + HOUR - timedelta(seconds=1))
    assert key != token
    assert service.request_my_data.report(key, NOW + HOUR) is not None
    assert (opened(service, token), opened(service, key), service.request_my_data.language_behind(token, NOW)) == (
        "",
        "",
        None,
    )
    assert service.request_my_data.report(key, NOW + 2 * HOUR) is None


def test_a_button_that_is_pressed_twice_opens_the_same_door_and_not_a_minute_later(service: Service) -> None:
    subscribe(service, ANNA)
    service.request_my_data.ask(Address(ANNA), NOW)
    token, second = token_in(post(service)[-1]), timedelta(seconds=1)
    keys = [opened(service, token, NOW + seconds * second) for seconds in (0, 1, 30, 59)]
    assert all(service.request_my_data.report(key, NOW + second * 59) is not None for key in keys)
    assert opened(service, token, NOW + 60 * second) == ""
    assert opened(service, token, NOW - second) == ""


def test_my_data_shows_all_there_is_to_the_reader_of_the_letter_for_an_hour(service: Service) -> None:
    subscribe(service, ANNA)
    service.request_my_data.ask(leave_token(service), NOW)
    [letter] = post(service)
    assert letter["To"] == ANNA
    token = opened(service, token_in(letter))
    before = everything(service)
    found = service.request_my_data.report(token, NOW + HOUR - timedelta(seconds=1))
    assert found is not None
    assert everything(service) == before
    assert found["address"] == ANNA
    assert [event["kind"] for event in found["events"]] == ["asked", "letter", "confirmed", "letter"]  # type: ignore[attr-defined]
    [text] = found["consent_texts"]  # type: ignore[misc]
    assert text["text"].startswith("När du prenumererar godkänner du")  # type: ignore[index]
    json.dumps(found)
    assert service.request_my_data.report(token, NOW + HOUR) is None
    assert not service.request_my_data.erase_me(token, NOW + HOUR)


def test_tokens_of_one_purpose_do_nothing_for_another(service: Service) -> None:
    ask(service)
    joining = token_in(post(service)[0])
    service.request_my_data.ask(Address(ANNA), NOW)
    data = token_in(post(service)[0])
    before = everything(service)
    assert service.request_my_data.visit(joining, NOW) is None
    assert service.request_my_data.report(joining, NOW) is None
    assert not service.request_my_data.erase_me(joining, NOW)
    assert service.subscribe.look(data, NOW) is None
    assert service.subscribe.confirm(data, NOW).outcome is ConfirmOutcome.UNKNOWN
    assert everything(service) == before


def test_an_unknown_address_gets_a_letter_that_says_so_and_is_forgotten_after_a_week(service: Service) -> None:
    service.request_my_data.ask(Address(BO), NOW)
    [letter] = post(service)
    assert "Vi visste ingenting." in text_of(letter)
    apply_retention(service, NOW + 6 * DAY, rest=lambda: None)
    assert everything(service)["subscribers"]
    apply_retention(service, NOW + 8 * DAY, rest=lambda: None)
    assert not any(everything(service)[table] for table in ("subscribers", "tokens", "transactional_letters", "events"))


def test_erasing_oneself_leaves_no_address_and_a_no_that_lasts(service: Service) -> None:
    subscribe(service, ANNA)
    service.request_my_data.ask(Address(ANNA), NOW)
    token = opened(service, token_in(post(service)[0]))
    assert service.request_my_data.erase_me(token, NOW)
    assert not service.request_my_data.erase_me(token, NOW)
    assert service.request_my_data.report(token, NOW) is None
    assert ANNA not in repr(everything(service))
    no = service.suppressions.find(Address(ANNA))
    assert no is not None
    assert no.reason is SuppressionReason.ERASED


@pytest.mark.parametrize("posted", [False, True])
def test_an_address_that_is_erased_is_forgotten_where_somebody_else_wanted_to_move_to_it(
    *, posted: bool, service: Service
) -> None:
    subscribe(service, ANNA)
    assert service.change_address.ask_new(leave_token(service), Address("Bo.Ek@example.org"), NOW)
    assert service.change_address.ask_new(leave_token(service), Address("bo.ekman@example.org"), NOW)
    token = token_in(post(service)[0]) if posted else ""
    assert "Bo.Ek@" in repr(everything(service))
    service.erase_subscriber.erase(Address("bo.ek@example.org"), NOW)
    left = repr(everything(service))
    assert "bo.ek@" not in left.lower()
    assert "bo.ekman@" in left
    assert [letter["To"] for letter in post(service)] == ([] if posted else ["bo.ekman@example.org"])
    assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.UNKNOWN


def test_a_wish_that_nobody_confirms_is_deleted_after_a_week_with_the_address(service: Service) -> None:
    join(service, BO)
    ask(service)
    ask(service, BO, "dagbrev")
    post(service)
    apply_retention(service, NOW + 7 * DAY, rest=lambda: None)
    assert state_of(service) == "pending"
    apply_retention(service, NOW + 7 * DAY + HOUR, rest=lambda: None)
    assert state_of(service) is None
    assert (state_of(service, BO), state_of(service, BO, "dagbrev")) == ("active", None)
    left = everything(service)
    assert ANNA not in repr(left)
    assert not left["transactional_letters"]
