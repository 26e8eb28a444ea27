"""Opt-outs of another system: kept by keyed hash, ended at once, and never the end of who confirmed here."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from budkavle.cli.suppress_list import suppress
from budkavle.config import load
from budkavle.list_reading import ReadAs, open_list
from budkavle.list_suppression import OptOutRemark, OptOutTally, suppress_list
from budkavle.noes import Lifted, lift_suppression, why_not
from budkavle.wiring import Service, open_service
from digest.adapters.events import note, story
from digest.events import Event, EventKind
from digest.importing import Outcome
from digest.list_form import ListError
from digest.list_membership import Membership
from digest.opt_outs import OptedOut
from digest.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.lists import imported, states, written
from tests.budkavle.test_lists_of_other_systems import waiting
from tests.digest.relay import installed, join
from tests.given import NOW

CLEANED = (
    "Email Address,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID,EUID\n"
    "a@example.org,2,,2023-01-02 10:00:00,2024-03-01 08:00:00,Mars,1,abc\n"
)
UNSUBSCRIBED = (
    "Email Address,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID,EUID\n"
    "a@example.org,2,,2023-01-02 10:00:00,2024-03-01 08:00:00,Mars,NORMAL,1,abc\n"
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(load(installed(tmp_path))) as opened:
        yield opened


def suppressed(
    service: Service, text: str, stated: Membership | None = None, *, dry_run: bool = False
) -> tuple[OptOutTally, list[OptOutRemark]]:
    """Take opt-outs as the command does, and say what came of them."""
    remarks: list[OptOutRemark] = []
    found = open_list(written(service, text), ReadAs(columns={}))
    return suppress_list(service, found, stated, NOW, dry_run=dry_run, remark=remarks.append), remarks


def reasons(service: Service, *addresses: str) -> list[SuppressionReason | None]:
    """Why these addresses are not mailed."""
    found = [service.suppressions.find(Address(each)) for each in addresses]
    return [each.reason if each else None for each in found]


def test_who_left_there_is_suppressed_and_no_list_brings_them_back(service: Service) -> None:
    tally, _ = suppressed(service, UNSUBSCRIBED)
    assert tally.counts == {OptedOut.SUPPRESSED: 1}
    assert states(service) == {}
    took, _ = imported(service, "email\nA@example.org\n", trust_list="pärm 7")
    assert took.counts == {Outcome.SUPPRESSED: 1}
    again, _ = suppressed(service, UNSUBSCRIBED)
    assert again.counts == {OptedOut.ALREADY: 1}


def test_what_a_list_had_made_ends_and_nobody_is_asked(service: Service) -> None:
    imported(service, "email\na@example.org\n", trust_list="pärm 7")
    imported(service, "email\nb@example.org\nc@example.org\n")
    text = "email,status\na@example.org,unsubscribed\nb@example.org,complained\nc@example.org,active\n"
    tally, remarks = suppressed(service, text)
    assert tally.counts == {OptedOut.SUPPRESSED: 2, OptedOut.NO_NO: 1}
    assert (tally.ended, [each.line for each in remarks]) == (2, [4])
    assert states(service) == {"a@example.org": "ended", "b@example.org": "ended", "c@example.org": "pending"}
    assert waiting(service) == ["c@example.org"]
    assert reasons(service, "a@example.org", "b@example.org", "c@example.org") == ["left", "complaint", None]
    with service.database.read.begin() as connection:
        kinds = [event.kind for event in story(connection, 1)]
    assert kinds == [EventKind.IMPORTED, EventKind.SUPPRESSED, EventKind.LEFT]


def test_what_bounced_there_is_not_mailed_and_may_be_lifted(service: Service) -> None:
    imported(service, "email\na@example.org\n", trust_list="pärm 7")
    suppressed(service, CLEANED)
    assert reasons(service, "a@example.org") == ["hard"]
    assert states(service) == {"a@example.org": "active"}
    assert lift_suppression(service, Address("a@example.org"), NOW)[0] is Lifted.DONE
    suppressed(service, CLEANED)
    tally, _ = suppressed(service, UNSUBSCRIBED)
    assert (tally.counts, reasons(service, "a@example.org")) == ({OptedOut.SUPPRESSED: 1}, ["left"])
    assert lift_suppression(service, Address("a@example.org"), NOW)[0] is Lifted.REFUSED
    known = service.suppressions.find(Address("a@example.org"))
    assert known is not None
    assert "only its owner" in why_not(known)


def test_who_stands_there_as_bounced_and_as_left_has_left_in_either_order(service: Service) -> None:
    imported(service, "email\na@example.org\nb@example.org\n", trust_list="pärm 7")
    lines = [
        "a@example.org,bounced",
        "a@example.org,unsubscribed",
        "b@example.org,unsubscribed",
        "b@example.org,bounced",
    ]
    tally, _ = suppressed(service, "\n".join(["email,status", *lines, *lines, ""]))
    assert reasons(service, "a@example.org", "b@example.org") == ["left", "left"]
    assert states(service) == {"a@example.org": "ended", "b@example.org": "ended"}
    assert (tally.ended, tally.counts) == (2, {OptedOut.SUPPRESSED: 3, OptedOut.ALREADY: 5})


def test_who_confirmed_here_themselves_stays(service: Service) -> None:
    join(service, "a@example.org")
    with service.database.write.begin() as connection:
        note(connection, 1, Event(kind=EventKind.CONFIRMED, at=NOW, digest="veckobrev"))
    tally, _ = suppressed(service, UNSUBSCRIBED)
    assert tally.counts == {OptedOut.CONFIRMED_HERE: 1}
    assert (states(service), reasons(service, "a@example.org")) == ({"a@example.org": "active"}, [None])
    service.subscribers.end(Address("a@example.org"), None, "asked", NOW + timedelta(days=1))
    tally, _ = suppressed(service, UNSUBSCRIBED)
    assert tally.counts == {OptedOut.SUPPRESSED: 1}


def test_a_list_that_does_not_say_that_its_people_left_silences_nobody_by_mistake(service: Service) -> None:
    text = "email,name\na@example.org,Anna\nBo <b@example.org>,Bo\nb@example.org.,Bo\nc@@,\n\n"
    with pytest.raises(ListError, match="--reason left"):
        suppressed(service, text)
    assert reasons(service, "a@example.org") == [None]
    tally, remarks = suppressed(service, text, Membership.BOUNCED)
    assert tally.counts == {
        OptedOut.SUPPRESSED: 2, OptedOut.ALREADY: 1, OptedOut.REFUSED: 1, OptedOut.BLANK: 1
    }  # fmt: skip
    assert [each.line for each in remarks] == [5]
    assert reasons(service, "a@example.org", "b@example.org") == ["hard", "hard"]


WHOLE = [
    ("status,reason,email,created\n5.1.1,550 no such user,a@example.org,1700000000\n", "hard"),
    ("ip,email,created\n192.0.2.1,a@example.org,1700000000\n", "complaint"),
    ("Avregistrerade prenumeranter\n\nNamn,E-post\nAnna,a@example.org\n", "left"),
]


@pytest.mark.parametrize(("text", "reason"), WHOLE)
def test_a_list_that_is_about_noes_alone_needs_no_reason(service: Service, text: str, reason: str) -> None:
    suppressed(service, text)
    assert reasons(service, "a@example.org") == [reason]


def test_a_dry_run_says_the_same_and_writes_nothing(service: Service) -> None:
    imported(service, "email\na@example.org\n", trust_list="pärm 7")
    text = "email,status\na@example.org,unsubscribed\nb@example.org,bounced\nb@example.org,bounced\nc@example.org,7\n"
    tried, why = suppressed(service, text, dry_run=True)
    assert (states(service), reasons(service, "a@example.org")) == ({"a@example.org": "active"}, [None])
    done, why_then = suppressed(service, text)
    assert (tried.counts, why) == (done.counts, why_then)
    assert done.counts == Counter({OptedOut.SUPPRESSED: 2, OptedOut.ALREADY: 1, OptedOut.REFUSED: 1})


def test_what_ends_is_written_into_the_journal_for_the_day_an_older_store_comes_back(service: Service) -> None:
    imported(service, "email\na@example.org\n", trust_list="pärm 7")
    service.leaves.replay()
    assert not service.leaves.pending()
    suppressed(service, UNSUBSCRIBED)
    assert service.leaves.pending()


def test_the_command_takes_a_file_by_its_name_and_repeats_no_address(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(service, "Name,Email\nAnna,a@example.org\nBo,b.example.org\n")
    path = path.rename(path.with_name("nyheter-unsubscribed.csv"))
    assert suppress(path, config=service.config.file) == 1
    out, err = capsys.readouterr()
    assert "2 lines: 1 suppressed, 1 refused" in out
    assert f"{path}:3: refused: no mail address" in err
    assert "example" not in (out + err).replace(str(path), "")
    assert reasons(service, "a@example.org") == ["left"]
