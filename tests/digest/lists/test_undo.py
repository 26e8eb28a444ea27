"""An import taken back: in whatever order people and operators acted, what nobody touched goes and the rest stays."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from budkavle.cli.subscribers.lists import undo
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import (
    deliveries,
    editions,
    events,
    subscribers,
    subscriptions,
    tokens,
    transactional_letters,
)
from digest.lists.adapters.imports import Imports
from digest.lists.adapters.undo import UndoImport, UndoResult, UnknownImportError
from digest.subscribers.adapters.events import note
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import filter_of
from mail.address import Address
from tests.budkavle.lists import imported, states
from tests.digest.relay import installed, join
from tests.drawn import examples
from tests.given import NOW

PEOPLE = ("a@example.org", "b@example.org", "c@example.org")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(load(installed(tmp_path))) as opened:
        yield opened


def undone(service: Service, number: int = 1, rows: int = 2) -> dict[UndoResult, int]:
    """Take an import back in steps of so many rows."""
    undoing = UndoImport(service.database.read, service.database.write, rows=rows)
    counts: dict[UndoResult, int] = {}
    last: int | None = 0
    while last is not None:
        last, some = undoing.step(number, last, NOW)
        counts |= {each: counts.get(each, 0) + times for each, times in some.items()}
    return counts


def rows(service: Service) -> dict[str, int]:
    with service.database.read.begin() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (subscribers, subscriptions, events, transactional_letters, tokens)
        }


def act(service: Service, address: str, kind: EventKind, **changes: object) -> None:
    """What another part does: it changes a subscription and writes down what happened, in one transaction."""
    with service.database.write.begin() as connection:
        who = connection.execute(select(subscribers.c.id).where(subscribers.c.address == address)).scalar_one()
        if changes:
            connection.execute(update(subscriptions).where(subscriptions.c.subscriber_id == who).values(**changes))
        note(connection, who, Event(kind=kind, at=NOW, digest="veckobrev"))


def test_what_nobody_touched_goes_without_a_trace(service: Service) -> None:
    imported(service, "address,consent\n" + "".join(f"a{each}@example.org,{'ja' * (each % 2)}\n" for each in range(9)))
    assert rows(service)["transactional_letters"] == 5
    assert undone(service) == {UndoResult.REMOVED: 9}
    assert set(rows(service).values()) == {0}
    assert Imports(service.database.read, service.database.write).all()[0].undone == NOW


def test_the_same_list_can_be_imported_anew_afterwards(service: Service) -> None:
    for _ in range(2):
        tally, _ = imported(service, "address\na@example.org\n")
        assert (states(service), rows(service)["transactional_letters"]) == ({"a@example.org": "pending"}, 1)
        undone(service, tally.id or 0)
    assert states(service) == {}


def test_who_was_there_before_stays(service: Service) -> None:
    join(service, "a@example.org")
    imported(service, "address\na@example.org\nb@example.org\n")
    assert undone(service) == {UndoResult.REMOVED: 1}
    assert states(service) == {"a@example.org": "active"}


def test_who_has_confirmed_chosen_paused_or_left_stays_as_they_are_but_not_who_bounced(
    service: Service,
) -> None:
    imported(service, "address\n" + "".join(f"{name}@example.org\n" for name in "abcdefg"), trust_list="pärm 7")
    act(service, "a@example.org", EventKind.CONFIRMED)
    act(service, "b@example.org", EventKind.BOUNCED)
    service.by_operator.choose(Address("c@example.org"), "veckobrev", filter_of(("vard",)), NOW)
    service.by_operator.pause(Address("d@example.org"), "veckobrev", NOW)
    service.by_operator.end(Address("e@example.org"), None, "asked", NOW)
    act(service, "f@example.org", EventKind.LETTER)
    assert undone(service) == {UndoResult.KEPT: 4, UndoResult.REMOVED: 3}
    assert states(service) == {
        "a@example.org": "active",
        "c@example.org": "active",
        "d@example.org": "paused",
        "e@example.org": "ended",
    }


def test_a_letter_that_went_out_and_its_token_go_with_the_pending_subscription(service: Service) -> None:
    imported(service, "address\na@example.org\n")
    with service.database.write.begin() as connection:
        connection.execute(update(transactional_letters).values(state="sent"))
        token = {
            "hash": "0" * 64,
            "purpose": "confirm",
            "subscriber_id": 1,
            "made": NOW,
            "expires": NOW,
            "detail": "{}",
        }
        connection.execute(insert(tokens).values(**token))
    act(service, "a@example.org", EventKind.LETTER)
    assert undone(service) == {UndoResult.REMOVED: 1}
    assert set(rows(service).values()) == {0}


def test_who_was_sent_an_edition_is_ended_so_that_the_edition_adds_up(service: Service) -> None:
    imported(service, "address,consent\na@example.org,ja\nb@example.org,ja\n")
    with service.database.write.begin() as connection:
        edition = {"digest": "veckobrev", "period_key": "2026-01-09", "state": "finished", "cut_seq": 0, "moment": NOW}
        connection.execute(insert(editions).values(id=1, **edition))
        row = {"state": "sent", "attempt": 0, "at": NOW, "topics": "", "publishers": "", "from_seq": 0}
        connection.execute(insert(deliveries).values(edition_id=1, subscription_id=1, **row))
    assert undone(service) == {UndoResult.ENDED: 1, UndoResult.REMOVED: 1}
    (kept,) = service.subscribers.all()
    assert (kept.address, kept.state, kept.ended_reason) == ("a@example.org", "ended", "import undone")
    assert undone(service) == {UndoResult.KEPT: 1}


@dataclass
class Person:
    """What the model knows of one person: their state, and which import made it untouched."""

    state: str
    made_by: int | None


ACTS = st.lists(
    st.tuples(st.sampled_from(["list", "paper", "confirm", "leave", "undo"]), st.sampled_from(PEOPLE)), max_size=12
)


@given(ACTS)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_things_happen_a_model_agrees(service: Service, acts: list[tuple[str, str]]) -> None:
    with service.database.write.begin() as connection:
        for table in (events, transactional_letters, subscriptions, subscribers):
            connection.execute(table.delete())
    model: dict[str, Person] = {}
    last: int | None = None
    for number, (what, who) in enumerate(acts):
        known = model.get(who)
        if what in {"list", "paper"}:
            others = [each for each in PEOPLE if each != who]
            data = f"address\n{who}\n{others[0]}\n" + "\n" * number  # no two lists are the same file
            tally, _ = imported(service, data, trust_list="pärm" if what == "paper" else None)
            asked = {each for each, known in model.items() if known.state == "pending" and what == "paper"}
            made = [each for each in (who, others[0]) if each not in model or each in asked]
            assert (tally.id is not None) == bool(made)
            last = tally.id or last
            for each in made:
                model[each] = Person("active" if what == "paper" else "pending", tally.id)
        elif what == "confirm" and known and known.state == "pending":
            act(service, who, EventKind.CONFIRMED, state="active")
            model[who] = Person("active", None)
        elif what == "leave" and known and known.state != "ended":
            service.by_operator.end(Address(who), None, "asked", NOW)
            model[who] = Person("ended", None)
        elif what == "undo" and last is not None:
            undone(service, last)
            model = {name: each for name, each in model.items() if each.made_by != last}
        assert states(service) == {name: each.state for name, each in sorted(model.items())}
        waiting = [each for each in model.values() if each.state == "pending"]
        assert rows(service)["transactional_letters"] >= len(waiting)
        assert rows(service)["subscribers"] == len(model)


def test_an_import_that_is_not_there_is_named(service: Service) -> None:
    with pytest.raises(UnknownImportError, match="there is no import 9"):
        undo(9, config=service.config.file)


def test_the_command_says_what_it_took_back(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    imported(service, "address\na@example.org\nb@example.org\n")
    assert undo(1, config=service.config.file) == 0
    assert undo(1, config=service.config.file) == 0
    assert capsys.readouterr().out == "import 1: 2 removed\nimport 1: nothing is left of it\n"
