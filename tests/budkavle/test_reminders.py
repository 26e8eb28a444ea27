"""Who has not confirmed is reminded once, by a letter whose link lives for three days of its own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from budkavle.joining import ConfirmOutcome, TokenState, confirm, confirmation
from budkavle.keeping import keep, remind
from budkavle.wiring import Service
from digest.adapters.reminders import REMINDED_AFTER
from digest.leaves import How
from mail.address import Address
from tests.budkavle.life import ANNA, ask, installation, post, state_of, text_of, token_in
from tests.given import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = NOW + REMINDED_AFTER
ANNA_HERSELF = Address(ANNA)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as opened:
        yield opened


def test_who_has_not_confirmed_is_reminded_once_after_two_days(service: Service) -> None:
    ask(service, ANNA, "veckobrev", topics=("vard",))
    first = token_in(post(service)[-1])
    assert remind(service, DUE - HOUR) == 0
    keep(service, DUE)
    (letter,) = post(service, DUE)
    assert str(letter["Subject"]).startswith("Påminnelse: bekräfta")
    assert "den enda påminnelsen" in " ".join(text_of(letter).split())
    for days in range(1, 12):
        keep(service, DUE + days * DAY)
        assert post(service, DUE + days * DAY) == []
        if days == 2:
            old, new = (confirmation(service, each, DUE + 2 * DAY) for each in (first, token_in(letter)))
            assert [each.state for each in (old, new) if each] == [TokenState.EXPIRED, TokenState.OPEN]


def test_a_reminders_link_confirms_what_was_asked_for(service: Service) -> None:
    ask(service, language="en")
    post(service)
    remind(service, DUE)
    (letter,) = post(service, DUE)
    assert letter["Content-Language"] == "en"
    assert confirm(service, token_in(letter), DUE + 71 * HOUR).outcome is ConfirmOutcome.DONE
    assert state_of(service) == "active"


def test_nobody_is_reminded_who_has_confirmed_said_no_or_asked_anew_or_got_no_letter(service: Service) -> None:
    ask(service, "bekraftad@example.org")
    assert confirm(service, token_in(post(service)[-1]), NOW).outcome is ConfirmOutcome.DONE
    ask(service, "nej@example.org")
    post(service)
    service.leaves.note_no(Address("nej@example.org"), How.COMPLAINED, NOW + HOUR)
    service.leaves.replay()
    ask(service, "igen@example.org")
    post(service)
    ask(service, "igen@example.org", now=NOW + DAY)
    post(service, NOW + DAY)
    ask(service, "vantar@example.org")
    assert remind(service, DUE) == 0
    assert remind(service, DUE + DAY) == 1, "who asked anew, two days after that"


def test_a_reminder_that_still_waits_goes_to_nobody_who_has_confirmed_meanwhile(service: Service) -> None:
    ask(service)
    token = token_in(post(service)[-1])
    assert remind(service, DUE) == 1
    assert confirm(service, token, DUE + HOUR).outcome is ConfirmOutcome.DONE
    assert post(service, DUE + 2 * HOUR) == []


@pytest.mark.parametrize("how", [How.COMPLAINED, How.ERASED])
def test_a_reminder_that_still_waits_goes_to_nobody_who_has_said_no_meanwhile(service: Service, how: How) -> None:
    ask(service)
    post(service)
    assert remind(service, DUE) == 1
    service.leaves.note_no(ANNA_HERSELF, how, DUE + HOUR)
    service.leaves.replay()
    assert post(service, DUE + 2 * HOUR) == []
    assert post(service, DUE + DAY) == []


def test_a_reminder_that_still_waits_goes_to_nobody_whose_subscription_was_ended_meanwhile(service: Service) -> None:
    ask(service)
    post(service)
    assert remind(service, DUE) == 1
    assert service.subscribers.end(ANNA_HERSELF, None, "asked", DUE + HOUR) == 1
    assert post(service, DUE + 2 * HOUR) == []
    assert post(service, DUE + DAY) == []
