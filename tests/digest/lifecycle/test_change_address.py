"""The letter that tells an old address where its subscription went: once for each move, and no more than that."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import apply_retention
from digest.adapters.tables import transactional_letters
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.life import ANNA, ask, everything, installation, post, state_of, text_of, token_in
from tests.given import NOW

BO, CIA = "bo@example.org", "cia@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as service:
        yield service


def subscribe(service: Service, address: str, *digests: str, language: str = "sv") -> None:
    ask(service, address, *digests, language=language)
    assert service.subscribe.confirm(token_in(post(service)[-1]), NOW).outcome is ConfirmOutcome.DONE


def asked(service: Service, new: str, old: str = ANNA, digest: str = "veckobrev") -> str:
    """Ask for a move; the token of its letter."""
    held = service.subscribers.find(Address(old), digest)
    assert held is not None
    assert service.change_address.ask_new(held.token, Address(new), NOW)
    [letter] = post(service)
    return token_in(letter)


def move(service: Service, new: str, old: str = ANNA, digest: str = "veckobrev") -> str:
    """Ask for a move and confirm it; the token, which is used now."""
    token = asked(service, new, old, digest)
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.DONE
    return token


def test_the_old_address_is_told_once_that_its_subscription_goes_to_another_and_not_to_which(service: Service) -> None:
    rung: list[None] = []
    service.wakeup.heard_by(lambda: rung.append(None))
    subscribe(service, ANNA, "veckobrev", "dagbrev")
    leave_token = service.subscribers.find(Address(ANNA), "veckobrev").token
    token = asked(service, BO)
    rung.clear()
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert rung  # the letter goes at once
    [letter] = post(service, NOW + HOUR)
    text, html = text_of(letter), text_of(letter, "html")
    assert letter["To"] == ANNA
    assert letter["Subject"] == "Veckans nyheter går till en annan adress"
    assert letter["List-Unsubscribe"] is None
    for words in (text, html):
        assert "Veckans nyheter" in words
        assert "9 januari 2026" in unescape(words).replace("\N{NO-BREAK SPACE}", " ")
        assert "/prenumerera" in words
        assert "bo@" not in words
        assert leave_token not in words
        assert not re.search(r"[0-9a-f]{32}", words)
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.ALREADY
    assert post(service, NOW + 2 * HOUR) == []


def test_it_speaks_the_language_of_the_one_who_had_the_subscription(service: Service) -> None:
    subscribe(service, ANNA, language="en")
    move(service, BO)
    [letter] = post(service, NOW + HOUR)
    assert letter["Content-Language"] == "en"
    assert letter["Subject"] == "Veckans nyheter goes to another address"


def test_a_newsletter_that_the_new_address_had_already_is_told_of_as_well(service: Service) -> None:
    subscribe(service, ANNA)
    subscribe(service, BO)
    move(service, BO)
    assert state_of(service) == "ended"
    assert [letter["To"] for letter in post(service, NOW + HOUR)] == [ANNA]


def test_an_address_that_is_only_written_otherwise_is_told_nothing(service: Service) -> None:
    subscribe(service, ANNA)
    move(service, "Anna@example.org")
    assert post(service, NOW + HOUR) == []


def test_a_move_that_nobody_confirms_tells_nobody(service: Service) -> None:
    subscribe(service, ANNA)
    asked(service, BO)
    assert post(service, NOW + HOUR) == []


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (SuppressionReason.COMPLAINT, False),
        (SuppressionReason.ERASED, False),
        # A report of a bounce can be forged by whoever has a letter: it must not buy silence.
        (SuppressionReason.HARD, True),
        (SuppressionReason.SOFT, True),
    ],
)
def test_an_address_whose_owner_wants_no_letters_gets_not_even_this_one(
    reason: SuppressionReason, *, told: bool, service: Service
) -> None:
    subscribe(service, ANNA)
    token = asked(service, BO)
    with service.database.write.begin() as connection:
        service.suppressions.add(connection, service.key.address_hash(Address(ANNA)), reason, NOW)
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert len(post(service, NOW + HOUR)) == told


def test_each_letter_of_this_kind_takes_an_own_confirmation_of_its_reader(service: Service) -> None:
    """Whoever has a letter of hers moves her subscription as often as they like, and she hears of it once."""
    subscribe(service, ANNA)
    told = []
    for old, new in ((ANNA, BO), (BO, CIA), (CIA, BO), (BO, CIA)):
        move(service, new, old)
        told += [letter["To"] for letter in post(service, NOW + HOUR)]
    assert told == [ANNA, BO, CIA, BO]


def test_however_often_a_move_is_confirmed_at_once_it_is_made_and_told_once(service: Service) -> None:
    subscribe(service, ANNA)
    token = asked(service, BO)
    with ThreadPoolExecutor(8) as pressing:
        done = list(pressing.map(lambda _: service.subscribe.confirm(token, NOW + HOUR).outcome, range(8)))
    assert sorted(done) == [ConfirmOutcome.ALREADY] * 7 + [ConfirmOutcome.DONE]
    assert [letter["To"] for letter in post(service, NOW + HOUR)] == [ANNA]


def test_a_move_and_its_letter_are_one_step(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe(service, ANNA)
    token = asked(service, BO)
    before = everything(service)
    with monkeypatch.context() as broken:
        broken.setattr("digest.lifecycle.adapters.confirm.OptIn.lift", full)
        with pytest.raises(OSError, match="full"):
            service.subscribe.confirm(token, NOW + HOUR)
    assert everything(service) == before
    assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert [letter["To"] for letter in post(service, NOW + HOUR)] == [ANNA]


def full(*_: object) -> None:
    raise OSError("the disk is full")


def test_who_is_erased_before_the_letter_goes_gets_none(service: Service) -> None:
    subscribe(service, ANNA)
    move(service, BO)
    service.erase_subscriber.erase(Address(ANNA), NOW + HOUR)
    with service.database.read.begin() as connection:
        kinds = connection.execute(select(transactional_letters.c.kind)).scalars().all()
    assert "moved" not in kinds
    assert post(service, NOW + HOUR) == []


def test_the_old_address_is_forgotten_all_the_same(service: Service) -> None:
    subscribe(service, ANNA)
    move(service, BO)
    post(service, NOW + HOUR)
    apply_retention(service, NOW + 8 * DAY, rest=lambda: None)
    assert ANNA not in repr(everything(service))
    assert state_of(service, BO) == "active"
