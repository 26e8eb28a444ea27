"""Joining: nobody becomes a subscriber but by the link in a letter to their own address."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from articles.article import Seq
from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import apply_retention
from budkavle.rendering.templates import environment
from digest.adapters.tables import consent_texts, subscribers, tokens, transactional_letters
from digest.lifecycle.adapters.by_operator import JoinOutcome, Wish
from digest.lifecycle.double_opt_in import AskedToJoin, ConfirmOutcome
from digest.lifecycle.subscribe import UnknownConsentError
from digest.subscribers.adapters.events import story
from digest.subscribers.events import EventKind
from digest.subscribers.suppression import SuppressionReason
from digest.subscribers.tokens import TokenState, hash_of
from mail.address import Address
from tests.budkavle.life import ANNA, ask, everything, installation, post, state_of, text_of, token_in, wishes
from tests.digest.relay import join, publish
from tests.given import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as service:
        yield service


def rows(service: Service, table: object) -> int:
    with service.database.read.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def events(service: Service, address: str = ANNA) -> list[str]:
    with service.database.read.begin() as connection:
        known = connection.execute(select(subscribers.c.id).where(subscribers.c.address_key == address)).scalar_one()
        return [event.kind for event in story(connection, known)]


def suppress(service: Service, reason: SuppressionReason, address: str = ANNA) -> None:
    with service.database.write.begin() as connection:
        service.suppressions.add(connection, service.key.address_hash(Address(address)), reason, NOW)


def test_an_operator_may_add_whom_a_page_has_only_asked(service: Service) -> None:
    ask(service)
    assert state_of(service) == "pending"
    wish = Wish(address=Address(ANNA), digest="veckobrev", consent="på papper 2026-01-02")
    assert service.by_operator.join(wish, Seq(0), NOW) is JoinOutcome.NEW
    assert state_of(service) == "active"
    apply_retention(service, NOW + timedelta(days=30))
    assert state_of(service) == "active"


def test_a_person_who_asks_and_confirms_is_subscribed_from_the_newest_article_on(service: Service) -> None:
    ask(service, topics=("vard",))
    assert state_of(service) == "pending"
    [letter] = post(service)
    publish(service, "Kom mellan fråga och svar")
    done = service.subscribe.confirm(token_in(letter), NOW + HOUR)
    assert done.outcome is ConfirmOutcome.DONE
    found = service.subscribers.find(Address(ANNA), "veckobrev")
    assert found is not None
    assert (found.state, found.from_seq, set(found.wanted.topics)) == ("active", service.articles.last_seq(), {"vard"})
    assert done.choices == {"veckobrev": found.token}
    assert events(service) == [EventKind.ASKED, EventKind.LETTER, EventKind.CONFIRMED]


def test_a_token_works_once_and_a_second_click_says_that_it_is_done(service: Service) -> None:
    ask(service)
    token = token_in(post(service)[0])
    service.subscribe.confirm(token, NOW)
    before = everything(service)
    assert service.subscribe.confirm(token, NOW + DAY).outcome is ConfirmOutcome.ALREADY
    assert service.subscribe.confirm(token, NOW + 9 * DAY).outcome is ConfirmOutcome.ALREADY
    assert everything(service) == before


def test_a_token_that_is_too_old_confirms_nothing(service: Service) -> None:
    ask(service)
    token = token_in(post(service)[0])
    assert service.subscribe.confirm(token, NOW + timedelta(hours=72)).outcome is ConfirmOutcome.EXPIRED
    assert state_of(service) == "pending"
    assert service.subscribe.confirm(token, NOW + timedelta(hours=72, seconds=-1)).outcome is ConfirmOutcome.DONE


@pytest.mark.parametrize(
    "change", [lambda it: it[:-1], lambda it: it + "0", str.upper, lambda _: "", lambda _: "å\ud800"]
)
def test_a_token_that_is_not_whole_is_unknown(service: Service, change: object) -> None:
    ask(service)
    token = change(token_in(post(service)[0]).replace("0", "a") + "")  # type: ignore[operator]
    assert service.subscribe.look(token, NOW) is None
    assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.UNKNOWN


def test_a_leave_token_confirms_nothing(service: Service) -> None:
    ask(service)
    found = service.subscribers.find(Address(ANNA), "veckobrev")
    assert found is not None
    assert service.subscribe.confirm(found.token, NOW).outcome is ConfirmOutcome.UNKNOWN
    assert state_of(service) == "pending"


def test_a_token_of_another_installation_is_unknown(service: Service, tmp_path: Path) -> None:
    ask(service)
    token = token_in(post(service)[0])
    with installation(tmp_path / "other") as other:
        ask(other)
        post(other)
        assert other.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.UNKNOWN
        assert state_of(other) == "pending"


def test_the_store_knows_a_token_only_by_its_hash(service: Service) -> None:
    ask(service)
    token = token_in(post(service)[0])
    with service.database.read.begin() as connection:
        assert connection.execute(select(tokens.c.hash)).scalars().all() == [hash_of(token)]
    assert token not in repr(everything(service))


def test_looking_three_times_changes_nothing_and_says_what_would_happen(service: Service) -> None:
    ask(service, ANNA, "veckobrev", "dagbrev", topics=("vard",))
    token = token_in(post(service)[0])
    before = everything(service)
    for _ in range(3):
        seen = service.subscribe.look(token, NOW)
        assert seen is not None
        assert (seen.purpose, seen.state, seen.masked, seen.language) == ("confirm", TokenState.OPEN, "a***@e…", "sv")
        assert [wish.title for wish in seen.wishes] == ["Veckans nyheter", "Dagens nyheter"]
    assert everything(service) == before


def test_somebody_who_left_stays_away_until_they_confirm_anew_and_keeps_what_they_were_told(service: Service) -> None:
    join(service, ANNA)
    service.by_operator.end(Address(ANNA), None, "one click", NOW)
    ask(service, now=NOW + HOUR)
    assert state_of(service) == "ended"
    [letter] = post(service, NOW + HOUR)
    assert service.subscribe.confirm(token_in(letter), NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert state_of(service) == "active"


def test_a_letter_from_before_somebody_left_does_not_bring_them_back(service: Service) -> None:
    ask(service)
    ask(service, now=NOW + timedelta(minutes=1))
    first, second = (token_in(letter) for letter in post(service, NOW + timedelta(minutes=2)))
    service.subscribe.confirm(first, NOW + HOUR)
    service.by_operator.end(Address(ANNA), None, "one click", NOW + 2 * HOUR)
    seen = service.subscribe.look(second, NOW + 3 * HOUR)
    assert seen is not None
    assert seen.state is TokenState.EXPIRED
    assert service.subscribe.confirm(second, NOW + 3 * HOUR).outcome is ConfirmOutcome.EXPIRED
    assert state_of(service) == "ended"


def test_who_subscribes_already_is_told_so_at_most_once_a_day(service: Service) -> None:
    join(service, ANNA)
    for hours in (0, 1, 23, 25):
        ask(service, now=NOW + hours * HOUR)
    told = post(service, NOW + 26 * HOUR)
    assert len(told) == 2
    found = service.subscribers.find(Address(ANNA), "veckobrev")
    assert found is not None
    assert f"/mina-val/{found.token}" in text_of(told[0])
    assert "/bekrafta/" not in text_of(told[0])


def test_an_active_subscription_is_not_changed_by_what_a_stranger_types(service: Service) -> None:
    join(service, ANNA, "vard")
    before = service.subscribers.find(Address(ANNA), "veckobrev")
    ask(service, topics=("kultur",))
    ask(service, ANNA, "veckobrev", "dagbrev", topics=("kultur",))
    assert service.subscribers.find(Address(ANNA), "veckobrev") == before


def test_a_confirmation_gives_an_active_subscription_its_new_choices_and_leaves_its_cursor(service: Service) -> None:
    join(service, ANNA, "vard")
    before = service.subscribers.find(Address(ANNA), "veckobrev")
    publish(service, "Ny buss")
    ask(service, ANNA, "veckobrev", "dagbrev", topics=("kultur",))
    service.subscribe.confirm(token_in(post(service)[0]), NOW)
    after = service.subscribers.find(Address(ANNA), "veckobrev")
    assert before is not None
    assert after is not None
    assert set(after.wanted.topics) == {"kultur"}
    assert (after.from_seq, after.token) == (before.from_seq, before.token)
    assert state_of(service, digest="dagbrev") == "active"


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_confirmation_lifts_every_suppression_and_asking_lifts_none(
    service: Service, reason: SuppressionReason
) -> None:
    join(service, ANNA)
    suppress(service, reason)
    ask(service, now=NOW + HOUR)
    assert service.suppressions.find(Address(ANNA)) is not None
    [letter] = post(service, NOW + HOUR)
    assert service.subscribe.confirm(token_in(letter), NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert service.suppressions.find(Address(ANNA)) is None
    assert EventKind.LIFTED in events(service)


def test_a_complaint_made_after_asking_is_the_newer_word(service: Service) -> None:
    ask(service, now=NOW - HOUR)
    token = token_in(post(service)[0])
    suppress(service, SuppressionReason.COMPLAINT)
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.EXPIRED
    assert state_of(service) == "pending"
    assert service.suppressions.find(Address(ANNA)) is not None


def test_known_unknown_and_suppressed_addresses_make_the_same_row_and_ring_the_same_bell(service: Service) -> None:
    rung = []
    service.wakeup.heard_by(lambda: rung.append(rows(service, transactional_letters)))
    join(service, "kand@example.org")
    join(service, "stoppad@example.org")
    suppress(service, SuppressionReason.HARD, "stoppad@example.org")
    for address in ("kand@example.org", "okand@example.org", "stoppad@example.org", "kand@example.org"):
        ask(service, address)
    assert rung == [1, 2, 3, 4]


def test_the_consent_text_is_kept_word_for_word_once_and_the_story_names_it(service: Service) -> None:
    before = everything(service)
    text = service.consent.text("sv")
    assert everything(service) == before
    assert "Region Lingonmark och Barrviks kommun" in text.text
    for address in (ANNA, "bo@example.org"):
        ask(service, address)
    with service.database.read.begin() as connection:
        [kept] = connection.execute(select(consent_texts)).all()
        who = connection.execute(select(subscribers.c.id).where(subscribers.c.address_key == ANNA)).scalar_one()
        [asked] = story(connection, who)
    assert (kept.hash, kept.language, kept.text) == (text.hash, "sv", text.text)
    assert (asked.detail["text"], asked.detail["page"]) == (text.hash, "/prenumerera")


def test_a_text_of_before_is_good_and_one_that_nobody_was_shown_is_not(service: Service) -> None:
    ask(service)
    of_before = service.consent.text("sv").hash
    own = service.config.templates_folder / "pages/consent.txt"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("Du får brev från {{ publishers | listed }}.\n")
    environment.cache_clear()  # as after a restart
    assert service.consent.text("sv").hash != of_before
    asked = AskedToJoin(
        address=Address("bo@example.org"), wishes=wishes(), language="sv", page="/prenumerera", text=of_before
    )
    made_up = AskedToJoin(**(vars(asked) | {"text": "0" * 64}))
    before = everything(service)
    with pytest.raises(UnknownConsentError):
        service.subscribe.ask(made_up, NOW)
    assert everything(service) == before
    service.subscribe.ask(asked, NOW)
    assert len(post(service)) == 2
