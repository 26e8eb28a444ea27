"""Returned messages that others collected: no failure is taken for an absence, and hardly one is not understood."""

from collections.abc import Mapping

import pytest

from digest.bounces.report import Report, read_bounce
from mail.failure.status_codes import BounceClass
from tests.digest.others import flufl_messages
from tests.keys import KEY

NO_MAIL_SYSTEMS = {"qmail_08.txt", "groupwise_03.txt"}
"""A person's automatic answer, and a letter of a person."""
UNKNOWN_SENDERS = {"microsoft_03.txt", "simple_20.txt"}
"""Failures under the name and the return path of an ordinary mailbox."""
UNKNOWN_WORDS = {"sina_01.txt"}
"""Chinese in a charset that it does not name."""


@pytest.fixture(scope="module")
def reports() -> Mapping[str, Report]:
    return {name: read_bounce(KEY, raw) for name, raw in flufl_messages().items()}


def test_there_are_as_many_as_the_package_has(reports: Mapping[str, Report]) -> None:
    assert len(reports) >= 110


def test_no_failure_is_taken_for_an_absence_and_only_three_are_not_understood(reports: Mapping[str, Report]) -> None:
    silent = {name for name, one in reports.items() if one.kind is BounceClass.AUTO_REPLY}
    assert silent <= NO_MAIL_SYSTEMS
    unknown = {name for name, one in reports.items() if one.kind is BounceClass.UNKNOWN}
    assert unknown - NO_MAIL_SYSTEMS == UNKNOWN_SENDERS | UNKNOWN_WORDS


def test_a_mail_system_whose_words_nobody_knows_is_told_from_a_persons_letter(reports: Mapping[str, Report]) -> None:
    assert reports["sina_01.txt"].form == "text"
    assert reports["groupwise_03.txt"].form == ""


def test_nobody_is_complained_about_and_no_diagnostic_holds_an_address(reports: Mapping[str, Report]) -> None:
    assert BounceClass.COMPLAINT not in {one.kind for one in reports.values()}
    assert not any("@" in one.diagnostic for one in reports.values())
