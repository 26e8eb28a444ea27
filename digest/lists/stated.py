"""Statements of another system's list, line by line: whether somebody gets letters there, and of their consent."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from digest.lists.cells import without_networks
from digest.lists.columns import RoleColumn
from digest.lists.csv_dialect import ListForm
from digest.lists.membership import Membership, denies, refuses, said_by, squashed, worst
from digest.lists.systems import Role

_LONGEST = 200
"""Characters of a cell about consent that are kept."""
_FLAGS = {
    Role.LEFT: Membership.LEFT,
    Role.BOUNCED: Membership.BOUNCED,
    Role.COMPLAINED: Membership.COMPLAINED,
    Role.BLOCKED: Membership.BLOCKED,
    Role.PAUSED: Membership.PAUSED,
    Role.UNCONFIRMED: Membership.UNCONFIRMED,
}


class Statement(NamedTuple):
    """Statement of a line. `status` is the word that was not known, where one was not."""

    membership: Membership = Membership.SUBSCRIBED
    reported: str = ""
    status: str = ""


_NOTHING = Statement()


def label_of(form: ListForm) -> str:
    """Whose list it is, for a record of consent."""
    return f"{form.system.label}'s list" if form.system else "the list"


def sayings(form: ListForm, words: Mapping[str, Membership]) -> Callable[[Sequence[str]], Statement]:
    """A reader of lines of this form. `words` are those that an operator explains, squashed."""
    speaking = [
        (column.place, _reader(column, form, words))
        for column in form.roles
        if column.role not in {Role.UNREAD, Role.REPORTED}
    ]
    reporting = [column for column in form.roles if column.role is Role.REPORTED]
    if not speaking and not reporting:
        return lambda _fields: _NOTHING

    def said(fields: Sequence[str]) -> Statement:
        cells = [(read, fields[place].strip() if place < len(fields) else "") for place, read in speaking]
        memberships = [(read(cell), cell) for read, cell in cells]
        if any(refuses(_cell(fields, column)) for column in reporting):
            memberships.append((Membership.ABSENT, ""))
        membership = worst([membership for membership, _ in memberships])
        unknown = next((cell for membership, cell in memberships if membership is Membership.UNKNOWN), "")
        return Statement(membership, _reported(form, reporting, fields), unknown)

    return said


def _cell(fields: Sequence[str], column: RoleColumn) -> str:
    return fields[column.place].strip() if column.place < len(fields) else ""


def _reader(column: RoleColumn, form: ListForm, words: Mapping[str, Membership]) -> Callable[[str], Membership]:
    """What a cell of this column says."""
    if column.role in _FLAGS:
        return partial(_flag, _FLAGS[column.role])
    if column.role is Role.SUBSCRIBED:
        return partial(_yes, Membership.ABSENT)
    if column.role is Role.CONFIRMED:
        return partial(_yes, Membership.UNCONFIRMED)
    meanings = {**(form.system.words if form.system else {}), **words}
    if form.system and squashed(column.name) in form.system.silent:
        meanings[""] = Membership.SUBSCRIBED
    return lambda cell: meanings.get(squashed(cell)) or said_by(cell)


def _flag(no: Membership, cell: str) -> Membership:
    return Membership.SUBSCRIBED if denies(cell) else no


def _yes(no: Membership, cell: str) -> Membership:
    return no if denies(cell) else said_or_since(cell)


def said_or_since(cell: str) -> Membership:
    """What a cell says that is no denial: a word of leaving is one wherever it stands, all else is a yes or a date."""
    said = said_by(cell)
    return Membership.SUBSCRIBED if said is Membership.UNKNOWN else said


def _reported(form: ListForm, columns: Sequence[RoleColumn], fields: Sequence[str]) -> str:
    facts = [(column.name, " ".join(without_networks(_cell(fields, column)).split())[:_LONGEST]) for column in columns]
    words = ", ".join(f"{name} {fact}" for name, fact in facts if fact and not denies(fact) and fact != "…")
    return f"reported by {label_of(form)}: {words}; text unknown" if words else ""
