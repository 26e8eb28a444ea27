"""Lists of addresses: each line by itself, none revived, none lost, and no address in any message."""

import itertools
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from budkavle.cli.subscribers.lists import take
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscribers, subscriptions, transactional_letters
from digest.lists.adapters.imports import Imports
from digest.lists.adapters.list_file import ListFile, open_list
from digest.lists.address_list import ReadAs
from digest.lists.csv_dialect import ListError
from digest.lists.import_rules import LineOutcome
from digest.subscribers.adapters.events import story
from digest.subscribers.subscription import filter_of
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.lists import imported, states, written
from tests.digest.relay import installed
from tests.drawn import examples
from tests.given import NOW

MONTHLY = """
[[digests]]
name = "manadsbrev"
title = "Månadens nyheter"
from = "Nyheter <nyheter@example.org>"
every = "month"
monthday = 1
time = "08:00"
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    path = installed(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + MONTHLY, encoding="utf-8")
    with open_service(load(path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An installation for lists that are only tried."""
    with open_service(load(installed(tmp_path_factory.mktemp("lists")))) as opened:
        yield opened


def letters(service: Service) -> list[tuple[str, str, dict[str, object]]]:
    """The letters that wait: whose, in which state, and what they say."""
    rows = select(transactional_letters, subscribers.c.address.label("whose")).join(
        subscribers, subscribers.c.id == transactional_letters.c.subscriber_id
    )
    with service.database.read.begin() as connection:
        found = connection.execute(rows.order_by(transactional_letters.c.id)).all()
    assert {(row.kind, row.attempt) for row in found} <= {("confirm", 0)}
    return [(row.whose, row.state, json.loads(row.detail)) for row in found]


def dump(service: Service) -> list[str]:
    with sqlite3.connect(service.config.store_path) as connection:
        return list(connection.iterdump())


def test_whom_a_page_has_only_asked_begins_by_the_consent_of_a_list(service: Service) -> None:
    imported(service, "address\na@example.org\n")
    assert states(service) == {"a@example.org": "pending"}
    before = next(service.subscribers.all()).token
    text = "address,consent\na@example.org,papper 2026\nA@example.org,papper 2026\n"
    tried, _ = imported(service, text, dry_run=True)
    tally, _ = imported(service, text)
    assert tried.counts == tally.counts == {LineOutcome.ACTIVE: 1, LineOutcome.REPEATED: 1}
    assert states(service) == {"a@example.org": "active"}
    assert next(service.subscribers.all()).token == before
    again, _ = imported(service, text)
    assert again.counts == {LineOutcome.UNCHANGED: 2}


def test_a_line_with_its_own_consent_is_subscribed_with_its_choices(service: Service) -> None:
    tally, remarks = imported(
        service,
        "address,digest,topics,publishers,language,consent\n"
        'a@example.org,veckobrev,"vard, kultur",barrvik,en,"Blankett,\n2026-01-02"\n'
        "b@example.org,,vard|kultur,,,webben\n",
    )
    assert (tally.counts, remarks, tally.lines) == ({LineOutcome.ACTIVE: 2}, [], 3)
    first, second = service.subscribers.all()
    assert first.wanted == filter_of(("vard", "kultur"), ("barrvik",))
    assert (second.digest, second.wanted) == ("veckobrev", filter_of(("vard", "kultur")))
    assert letters(service) == []
    with service.database.read.begin() as connection:
        (event,) = story(connection, 1)
    assert (event.kind, event.digest) == ("imported", "veckobrev")
    assert event.detail["consent"] == "Blankett, 2026-01-02"
    assert (event.detail["import"], event.detail["line"]) == (1, 2)


def test_a_line_without_consent_waits_for_one_letter_that_asks(service: Service) -> None:
    data = "address,topics\na@example.org,vard\n"
    for _ in range(2):
        imported(service, data)
    assert states(service) == {"a@example.org": "pending"}
    wishes = [{"digest": "veckobrev", "topics": ["vard"], "publishers": []}]
    detail = {"wishes": wishes, "page": "import", "text": None, "language": "sv"}
    assert letters(service) == [("a@example.org", "waiting", detail)]


def test_one_letter_asks_for_all_digests_that_a_list_says_somebody_wants(service: Service) -> None:
    imported(service, "address,digest\na@example.org,veckobrev\na@example.org,manadsbrev\n")
    ((_, _, detail),) = letters(service)
    assert [each["digest"] for each in detail["wishes"]] == ["veckobrev", "manadsbrev"]  # type: ignore[attr-defined, index]
    assert states(service) == {"a@example.org": "pending", "a@example.org manadsbrev": "pending"}


def test_another_list_adds_to_a_letter_that_still_waits(service: Service) -> None:
    imported(service, "address\na@example.org\n")
    imported(service, "address,digest\na@example.org,manadsbrev\n")
    ((_, _, detail),) = letters(service)
    assert [each["digest"] for each in detail["wishes"]] == ["veckobrev", "manadsbrev"]  # type: ignore[attr-defined, index]


def test_a_list_with_consent_on_paper_is_trusted_for_a_reason_that_is_remembered(service: Service) -> None:
    tally, _ = imported(service, "address\na@example.org\n", trust_list="pärm 7, från anna@example.org")
    assert (states(service), letters(service)) == ({"a@example.org": "active"}, [])
    assert tally.counts == {LineOutcome.ACTIVE: 1}
    with service.database.read.begin() as connection:
        (event,) = story(connection, 1)
    assert event.detail["reason"] == "pärm 7, från …"
    assert "@" not in json.dumps(dict(event.detail))


def test_a_consent_that_says_no_is_no_consent_and_is_not_asked_either(service: Service) -> None:
    tally, remarks = imported(service, "epost;samtycke\na@example.org;Nej\nb@example.org;ja\n", trust_list="pärm")
    assert states(service) == {"b@example.org": "active"}
    assert (tally.counts[LineOutcome.REFUSED], remarks[0].why) == (1, "its consent says no")


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_encodings_separators_and_line_ends_are_read(service: Service, encoding: str) -> None:
    lines = ["E-post;Samtycke;Ämnen", "a@example.org;på mässan;vard", 'b@example.org;"sa ""ja"" 2026";kultur', ""]
    for separator, end in itertools.product([",", ";", "\t"], ["\n", "\r\n", "\r"]):
        data = end.join(lines).replace(";", separator).encode(encoding)
        found = open_list(written(service, data), ReadAs(columns={}))
        assert [each.fields for each in found.records()] == [
            ("a@example.org", "på mässan", "vard"),
            ("b@example.org", 'sa "ja" 2026', "kultur"),
        ]
        assert found.form.columns == {"address": 0, "consent": 1, "topics": 2}


def test_the_first_letter_that_is_not_ascii_may_come_late(service: Service) -> None:
    data = "address,consent\n" + "".join(f"a{number}@example.org,ja\n" for number in range(5000)) + "b@example.org,på\n"
    tally, _ = imported(service, data.encode("latin-1"))
    assert tally.counts == {LineOutcome.ACTIVE: 5001}


def test_a_wrong_encoding_named_by_the_operator_costs_the_lines_it_cannot_read(service: Service) -> None:
    data = "address,consent\na@example.org,ja\nb@example.org,på\n".encode("latin-1")
    tally, remarks = imported(service, data, how=ReadAs(encoding="utf-8", columns={}))
    assert states(service) == {"a@example.org": "active"}
    assert (remarks[0].line, "encoding" in remarks[0].why) == (3, True)
    assert tally.counts[LineOutcome.REFUSED] == 1


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 xl/workbook.xml", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", b"\x00\x01\x02\xff"]
)
def test_what_is_no_list_is_refused_with_what_to_do(service: Service, data: bytes) -> None:
    with pytest.raises(ListError, match=r"lista.csv:1: ") as refused:
        open_list(written(service, data), ReadAs(columns={}))
    assert "@" not in str(refused.value)


BAD_LINES = [
    ("b@example.org,veckobrev,vård", "unknown topic vård; did you mean vard?"),
    ("b@example.org,dagsbrev,", "unknown digest dagsbrev"),
    ("b@example.org,veckobrev,b@example.org", "unknown topic …"),
    ("b@example.org,b@example.org,", "unknown digest …"),
    ('"b@example.org,veckobrev,vard', "quotes"),
    ('b@example.org,veckobrev,"vard" kultur', "quotes"),
    ("b@example.org,veckobrev,vard,kultur", "more fields than the header has columns"),
    ("b.example.org,veckobrev,vard", "no mail address"),
    (",veckobrev,vard", "no mail address"),
    ("bä@example.org,veckobrev,vard", "SMTPUTF8"),
    ("B <b@example.org> <c@example.org>,veckobrev,vard", "no mail address"),
    ("c@example.org <b@example.org>,veckobrev,vard", "no mail address"),
    ('"b@example.org\r\nBcc: c@example.org",veckobrev,', "quotes"),
    ('=HYPERLINK("mailto:b@example.org"),,', "formula"),
    ("=b@example.org,,", "formula"),
    ("+b@example.org,,", "formula"),
    ("-b@example.org,,", "formula"),
    ("@b@example.org,,", "formula"),
    ("'b@example.org,,", "apostrophe"),
    ("b\0@example.org,,", "control character"),
    ("b\x07@example.org,,", "control character"),
    (f"{'b' * 250}@example.org,,", "no mail address"),
    ('"""b b""@example.org",,', "no mail address"),
    ("b@xn--a.test,,", "no mail address"),
    ("b@example.org\u200bc@example.org,,", "no mail address"),
]


@pytest.mark.parametrize(("line", "why"), BAD_LINES)
def test_a_bad_line_is_named_and_costs_no_other_line(untouched: Service, line: str, why: str) -> None:
    data = f"address,digest,topics\na@example.org,veckobrev,vard\n{line}\nc@example.org,,\n"
    tally, remarks = imported(untouched, data, dry_run=True)
    assert tally.counts[LineOutcome.PENDING] == 2
    assert {each.line for each in remarks} <= {3, 4}
    assert remarks[0].line == 3
    assert why in remarks[0].why
    assert not [each.why for each in remarks if "example" in each.why]
    assert tally.lines == data.count("\n") - 1


def test_an_idn_is_subscribed_in_the_form_that_mail_servers_know(service: Service) -> None:
    tally, _ = imported(service, "address\na@räksmörgås.test\nA@XN--RKSMRGS-5WAO1O.test\n")
    assert list(states(service)) == ["a@xn--rksmrgs-5wao1o.test"]
    assert tally.counts == {LineOutcome.PENDING: 1, LineOutcome.REPEATED: 1}


def test_a_line_that_names_no_digest_where_there_are_several_says_so(service: Service) -> None:
    _, remarks = imported(service, "address\na@example.org\n", digest=None)
    assert [each.why for each in remarks] == ["no digest; name one of veckobrev, manadsbrev"]


def test_the_same_address_twice_in_a_list_joins_once_and_the_line_is_named(service: Service) -> None:
    tally, remarks = imported(service, "address\na@example.org\nA@EXAMPLE.ORG\na@example.org\n")
    assert tally.counts == {LineOutcome.PENDING: 1, LineOutcome.REPEATED: 2}
    assert [(each.line, each.why) for each in remarks] == [
        (3, "the same address as in line 2"),
        (4, "the same address as in line 2"),
    ]


def test_an_import_revives_nobody_who_left(service: Service) -> None:
    imported(service, "address\na@example.org\n", trust_list="pärm 7")
    service.by_operator.end(Address("a@example.org"), None, "asked", NOW)
    tally, remarks = imported(service, "address\nA@example.org\n", trust_list="pärm 8")
    assert (tally.counts, len(remarks)) == ({LineOutcome.LEFT_BEFORE: 1}, 1)
    assert (states(service), letters(service)) == ({"a@example.org": "ended"}, [])


@pytest.mark.parametrize("reason", SuppressionReason)
def test_an_address_that_must_not_be_mailed_is_neither_subscribed_nor_asked(
    service: Service, reason: SuppressionReason
) -> None:
    with service.database.write.begin() as connection:
        service.suppressions.add(connection, service.key.address_hash(Address("a@example.org")), reason, NOW)
    tally, remarks = imported(service, "address,consent\nA@example.org,ja\n", trust_list="pärm 7")
    assert (tally.counts, states(service), letters(service)) == ({LineOutcome.SUPPRESSED: 1}, {}, [])
    assert reason in remarks[0].why


def test_who_subscribes_already_stays_as_they_are(service: Service) -> None:
    imported(service, "address,topics,consent\na@example.org,vard,ja\nb@example.org,,ja\n")
    before = dump(service)
    tally, _ = imported(service, "address,topics,consent\nA@example.org,kultur,ja\nb@example.org,,ja\n")
    assert tally.counts == {LineOutcome.UNCHANGED: 2}
    assert dump(service) == before


def test_a_second_import_of_a_list_changes_nothing(service: Service) -> None:
    data = "address,consent\na@example.org,ja\nb@example.org,\nb@example.org,\nc@@,\n"
    imported(service, data)
    before = dump(service)
    tally, _ = imported(service, data)
    assert tally.counts == {LineOutcome.UNCHANGED: 3, LineOutcome.REFUSED: 1}
    assert dump(service) == before


def test_a_dry_run_says_the_same_and_leaves_every_byte(service: Service) -> None:
    imported(service, "address,consent\nold@example.org,ja\nleft@example.org,ja\n")
    service.by_operator.end(Address("left@example.org"), None, "asked", NOW)
    data = (
        "address,consent\na@example.org,ja\nb@example.org,\nB@example.org,\nc@@,\nold@example.org,\nleft@example.org,\n"
    )
    store = service.config.store_path
    files = [store, store.with_name(store.name + "-wal")]
    before = [each.read_bytes() for each in files]
    tried = imported(service, data, dry_run=True)
    assert [each.read_bytes() for each in files] == before
    done = imported(service, data)
    assert (tried[0].counts, tried[0].lines, tried[1]) == (done[0].counts, done[0].lines, done[1])
    assert tried[0].id is None


RAW = st.lists(
    st.sampled_from(
        [
            b"address",
            b"a@example.org",
            b"b@example.org",
            b'"',
            b",",
            b";",
            b"\n",
            b"\r\n",
            b"\0",
            b"\xe5",
            b"\xff\xfe",
            b"nej",
            b"  ",
        ]
    ),
    max_size=30,
).map(b"".join)


@given(RAW | RAW.map(lambda data: b"address,consent\n" + data) | st.binary(max_size=200))
@example(b"address\n\x1a")
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_as_a_whole_or_accounted_for_line_by_line(service: Service, data: bytes) -> None:
    found, why = None, ""
    try:
        found = open_list(written(service, data), ReadAs(columns={}))
    except ListError as error:
        why = str(error)
    assert "@" not in why.replace(str(service.config.folder), "")
    if found is not None:
        tally, remarks = imported(service, data, dry_run=True)
        assert tally.counts.total() == sum(1 for _ in found.records())
        assert tally.lines + lines_of_header(found) == physical_lines(data, found.encoding)
        assert not [each for each in remarks if "example" in each.why]


def physical_lines(data: bytes, encoding: str) -> int:
    """How many lines an editor shows."""
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines) - (lines[-1] == "")


def lines_of_header(found: ListFile) -> int:
    """How many lines a header and what stands before it take: its names may be quoted over several."""
    whole = replace(found, form=replace(found.form, skipped=0))
    passed_over = (each.lines for each in whole.records() if each.fields or each.fault)
    return sum(itertools.islice(passed_over, found.form.skipped))


def test_what_an_import_did_is_listed(service: Service) -> None:
    imported(service, "address\na@example.org\nc@@\n", trust_list="pärm 7")
    (found,) = Imports(service.database.read, service.database.write).all()
    assert (found.name, found.finished, found.undone) == ("lista.csv", NOW, None)
    assert found.counts == {"subscribed": 1, "refused": 1}
    assert found.options["trust_list"] == "pärm 7"


def test_the_command_names_file_and_line_and_repeats_no_address(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(service, "address,topics\na@example.org,vard\nb@example.org,vord\nc.example.org,\n")
    assert take(path, digest="veckobrev", config=service.config.file) == 1
    out, err = capsys.readouterr()
    assert 'read as utf-8, comma; topics from column 2 "topics", address from column 1 "address"' in err
    assert f"{path}:3: refused: unknown topic vord; did you mean vard?" in err
    assert f"{path}:4: refused: no mail address" in err
    assert "3 lines: 1 asked to confirm, 2 refused" in out
    assert "example" not in (out + err).replace(str(path), "")


def test_a_report_holds_the_addresses_for_its_owner_alone(service: Service, tmp_path: Path) -> None:
    path = written(service, "address\na@example.org\n=b@example.org\nA@example.org\n")
    report = tmp_path / "rapport.csv"
    assert take(path, digest="veckobrev", report=report, dry_run=True, config=service.config.file) == 1
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.read_text(encoding="utf-8").splitlines() == [
        "line,outcome,reason,address",
        '3,refused,"it looks like a formula; if it is an address, put an apostrophe before it",\'=b@example.org',
        "4,repeated,the same address as in line 2,A@example.org",
    ]


def test_a_long_row_of_bad_lines_is_cut_short_on_the_screen(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(service, "address\na@example.org\n" + "x\n" * 150)
    take(path, digest="veckobrev", config=service.config.file)
    err = capsys.readouterr().err
    assert err.count("refused") == 100
    assert "and 50 more; --report FILE" in err


def test_the_tokens_of_a_list_lie_together(service: Service) -> None:
    imported(
        service, "".join(f"{each}\n" for each in ["address", *(f"p{number}@example.org" for number in range(100))])
    )
    with service.database.read.begin() as connection:
        tokens = connection.execute(select(subscriptions.c.token).order_by(subscriptions.c.id)).scalars().all()
    steps_back = [one for one, two in itertools.pairwise(tokens) if two < one]
    assert len(tokens) == 100
    assert len(steps_back) <= 1  # where the draw ends, or goes round
