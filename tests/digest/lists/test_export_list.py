"""Subscribers out: all of them, for whoever runs the next system, and back in without loss."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from budkavle.cli.subscribers.export import give
from budkavle.cli.subscribers.lists import take
from budkavle.cli.terminal import WrongUseError
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import consent_texts, events, subscribers, subscriptions, transactional_letters
from digest.lists.adapters.export import SubscriberExport
from digest.lists.export_list import ExportAs, write_csv
from digest.lists.import_rules import LineOutcome, guarded, unguarded
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.lists import imported, states
from tests.digest.relay import installed
from tests.drawn import examples
from tests.given import NOW
from tests.installed import budkavle


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(load(installed(tmp_path))) as opened:
        yield opened


def exported(service: Service, **how: bool) -> str:
    file = io.StringIO(newline="")
    write_csv(file, SubscriberExport(service.database.read), ExportAs(**how), lambda _each: None)
    return file.getvalue()


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


CONSENTS = st.text(st.sampled_from("aå '\"=+-@,;|\t\n\r1.é"), max_size=12)
LOCALS = st.text(st.sampled_from("aB1+-='._{"), min_size=1, max_size=8)
TOPICS = st.sampled_from(["", "vard", "kultur vard"])
STATES = st.sampled_from(["active", "pending", "paused", "ended"])
PEOPLE = st.lists(st.tuples(LOCALS, CONSENTS, TOPICS, STATES), max_size=6, unique_by=lambda each: each[0].lower())


def cleared(service: Service) -> None:
    with service.database.write.begin() as connection:
        for table in (events, transactional_letters, subscriptions, subscribers):
            connection.execute(table.delete())


def held(service: Service) -> list[tuple[object, ...]]:
    return [
        (each.address, each.digest, each.state, each.ended_reason, each.topics, each.language, each.consent)
        for each in SubscriberExport(service.database.read).subscriptions()
    ]


@given(PEOPLE)
@example([("=a", "=1+1", "", "active"), ("'+", "'=x", "vard", "ended"), ("+b", "''", "", "paused")])
@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_is_imported_without_loss(service: Service, people: list[tuple[str, str, str, str]]) -> None:
    cleared(service)
    list_ = io.StringIO(newline="")
    table = csv.writer(list_)
    table.writerow(["address", "consent", "topics", "state", "ended_reason"])
    for local, consent, topics, state in people:
        table.writerow([guarded(f"{local}@example.org"), guarded(consent), topics, state, "=gone"])
    imported(service, list_.getvalue(), trust_list="pärm 7")
    before, text = held(service), exported(service)
    cleared(service)
    tally, remarks = imported(service, text, trust_list="pärm 8")
    assert held(service) == before
    assert (remarks, tally.counts.total()) == ([], len(before))
    assert exported(service) == text


@given(st.text(max_size=8) | st.text(st.sampled_from("'=+-@\t\ra"), max_size=6))
def test_no_cell_of_an_export_is_taken_for_a_formula_and_each_is_read_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_who_left_takes_their_no_along_to_the_next_installation(service: Service) -> None:
    imported(service, "address,consent\na@example.org,ja\n")
    service.by_operator.end(Address("a@example.org"), None, "one click", NOW)
    text = exported(service)
    cleared(service)
    tally, _ = imported(service, text, trust_list="flytt från det gamla systemet")
    assert (tally.counts, states(service)) == ({LineOutcome.ENDED: 1}, {"a@example.org": "ended"})


def test_who_must_not_be_mailed_is_marked_and_not_subscribed_elsewhere(service: Service) -> None:
    imported(service, "address,consent\na@example.org,ja\nb@example.org,ja\n")
    with service.database.write.begin() as connection:
        hashes = [service.key.address_hash(Address(each)) for each in ("a@example.org", "gone@example.org")]
        for known_as in hashes:
            service.suppressions.add(connection, known_as, SuppressionReason.HARD, NOW)
    text = exported(service)
    assert [line.split(",")[-1] for line in text.splitlines()] == ["suppressed", "hard", ""]
    assert SubscriberExport(service.database.read).nameless_noes() == 1
    cleared(service)
    tally, remarks = imported(service, text)
    assert (tally.counts[LineOutcome.REFUSED], "must not be mailed (hard)" in remarks[0].why) == (1, True)


def test_json_holds_all_that_another_system_needs(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    imported(service, "address,topics,consent\na@example.org,vard,webben\n")
    with service.database.write.begin() as connection:
        text = {"hash": "0" * 64, "language": "sv", "text": "Jag vill ha nyheter.", "since": NOW}
        connection.execute(insert(consent_texts).values(**text))
        token = connection.execute(select(subscriptions.c.token)).scalar_one()
    assert give(Path("-"), json=True, with_tokens=True, config=service.config.file) == 0
    words, person = records(capsys.readouterr().out)
    assert (words["kind"], words["text"]) == ("consent_text", "Jag vill ha nyheter.")
    assert (person["kind"], person["address"], person["state"]) == ("subscription", "a@example.org", "active")
    assert (person["topics"], person["consent"], person["from_seq"]) == (["vard"], "webben", 0)
    assert (person["token"], person["since"]) == (token, NOW.isoformat())
    (event,) = person["events"]  # type: ignore[misc]
    assert (event["kind"], event["detail"]["line"]) == ("imported", 2)


def test_tokens_go_along_only_when_asked_for(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    imported(service, "address,consent\na@example.org,webben\n")
    with service.database.read.begin() as connection:
        token = connection.execute(select(subscriptions.c.token)).scalar_one()
    give(Path("-"), json=True, config=service.config.file)
    give(Path("-"), config=service.config.file)
    assert token not in capsys.readouterr().out


def test_an_export_without_addresses_names_nobody(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    imported(service, "address,consent\nanna@example.org,Anna sade ja\n")
    for json_lines in (True, False):
        give(Path("-"), json=json_lines, without_addresses=True, config=service.config.file)
    out = capsys.readouterr().out.lower()
    assert "anna" not in out
    assert "@" not in out
    assert "veckobrev,active" in out


def test_a_file_is_for_its_owner_alone_and_replaced_whole_when_that_is_said(service: Service, tmp_path: Path) -> None:
    imported(service, "address,consent\na@example.org,webben\n")
    path = tmp_path / "ut.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(WrongUseError, match="--force"):
        give(path, config=service.config.file)
    assert path.read_text(encoding="utf-8") == "old"
    assert give(path, force=True, config=service.config.file) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text(encoding="utf-8").count("\n") == 2
    assert [each.name for each in tmp_path.glob("ut.csv*")] == ["ut.csv"]


def test_addresses_are_not_written_where_everybody_reads_nor_tokens_where_addresses_are_not(service: Service) -> None:
    config = service.config.file
    published = service.config.publish_folder / "ut.csv"
    with pytest.raises(WrongUseError, match="is published"):
        give(published, config=config)
    with pytest.raises(WrongUseError, match="is published"):
        take(Path("lista.csv"), report=published, config=config)
    with pytest.raises(WrongUseError, match="--with-tokens needs --json"):
        give(Path("-"), with_tokens=True, config=config)
    with pytest.raises(WrongUseError, match="--with-tokens needs --json"):
        give(Path("-"), json=True, with_tokens=True, without_addresses=True, config=config)


def test_a_dash_is_standard_output(home: Path) -> None:
    budkavle("import", folder=home)
    done = budkavle("subscribers", "export", "-", "--json", folder=home)
    assert (done.code, done.out, done.err) == (0, "", "0 subscriptions written to standard output\n")
