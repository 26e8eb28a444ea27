import pytest
from sqlalchemy import select

from articles.adapters.held import HeldInputs, HeldState, UnknownHeldInputError
from articles.adapters.tables import held_inputs
from storage.database import Database
from tests.given import NOW, PAGES, draft


@pytest.fixture
def held(database: Database) -> HeldInputs:
    return HeldInputs(database.read, database.write)


def test_an_input_waits_once_however_often_it_comes(held: HeldInputs) -> None:
    assert held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    assert held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    assert [(each.address, each.reason) for each in held.waiting()] == [("a.txt", "no date")]


def test_what_was_refused_is_not_held_again(held: HeldInputs) -> None:
    held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    held.settle(held.waiting()[0].number, HeldState.REFUSED)
    assert not held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    assert held.waiting() == []


def test_of_what_was_refused_no_text_is_kept(held: HeldInputs, database: Database) -> None:
    held.hold(PAGES, "a.txt", draft("Hemlig titel", published=None), "no date", NOW)
    number = held.waiting()[0].number
    for _ in range(2):
        held.settle(number, HeldState.REFUSED)
    with database.read.begin() as connection:
        assert "Hemlig" not in connection.execute(select(held_inputs.c.draft)).scalar_one()
    assert not held.hold(PAGES, "a.txt", draft("Hemlig titel", published=None), "no date", NOW)


def test_a_changed_text_is_held_anew_after_a_refusal(held: HeldInputs) -> None:
    held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    held.settle(held.waiting()[0].number, HeldState.REFUSED)
    assert held.hold(PAGES, "a.txt", draft("Ny titel", published=None), "no date", NOW)
    assert held.waiting()[0].draft.title == "Ny titel"


def test_an_input_that_became_an_article_waits_no_more(held: HeldInputs) -> None:
    held.hold(PAGES, "a.txt", draft(published=None), "no date", NOW)
    held.forget(PAGES, "a.txt")
    held.forget(PAGES, "b.txt")
    assert held.waiting() == []


def test_an_unknown_number_is_named(held: HeldInputs) -> None:
    with pytest.raises(UnknownHeldInputError, match="7"):
        held.get(7)
