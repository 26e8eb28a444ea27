"""Options of a list's reading, and a report of how it was understood."""

from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter

from budkavle.cli.terminal import WrongUseError
from digest.lists.address_list import AddressList, ReadAs
from digest.lists.csv_dialect import SEPARATORS
from digest.lists.membership import Membership, squashed
from digest.lists.systems import NAMES, Role

Encoding = Annotated[
    Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1", "iso-8859-15", "mac-roman"]
    | None,
    Parameter(help="How the file is written, when the guess is wrong."),
]
Separator = Annotated[
    Literal["comma", "semicolon", "tab", "bar"] | None, Parameter(help="What divides columns, when the guess is wrong.")
]
Columns = Annotated[
    tuple[str, ...],
    Parameter(
        negative=(),
        help='Where something stands: address="E-post", address=3, left=Slut, unread=Aktiv; consent= is not read.',
    ),
]
SystemName = Annotated[
    str | None,
    Parameter(name="--from", help="The system that the list comes from, when its columns do not give it away."),
]
StatusWords = Annotated[
    tuple[str, ...],
    Parameter(negative=(), help='What a status of the list means: "Vald=yes" for subscribed, "Vilar=no" for not.'),
]
_ANSWERS = {"yes": Membership.SUBSCRIBED, "no": Membership.ABSENT}


def read_as(
    encoding: str | None,
    separator: str | None,
    columns: Sequence[str],
    system: str | None,
    status: Sequence[str],
) -> ReadAs:
    """How an operator says that a list is written. Raises WrongUseError."""
    if system is not None and system not in NAMES:
        raise WrongUseError(f"--from {system}: use one of {', '.join(NAMES)}")
    named = [_column(column) for column in columns]
    roles = tuple((Role(column), name) for column, name in named if column in set(Role))
    if empty := next((role for role, name in roles if not name), None):
        raise WrongUseError(f"--column {empty}= names no column; one that says nothing is --column {Role.UNREAD}=NAME")
    return ReadAs(
        encoding=encoding,
        separator=SEPARATORS[separator] if separator else None,
        columns={column: name for column, name in named if column not in set(Role)},
        roles=roles,
        system=system,
        words=dict(map(_status, status)),
    )


def _column(words: str) -> tuple[str, str]:
    column, equals, name = words.partition("=")
    if not equals:
        raise WrongUseError(f"--column {column}: write --column address=NAME, with a name of the list or a number")
    return column.strip(), name.strip()


def _status(words: str) -> tuple[str, Membership]:
    word, _, answer = words.rpartition("=")
    if answer.strip() not in _ANSWERS:
        raise WrongUseError(f'--status {words}: write --status "{word or answer}=yes" or "{word or answer}=no"')
    return squashed(word), _ANSWERS[answer.strip()]


def how_read(addresses: AddressList) -> str:
    """How a list was read, for its operator to see whether the guess is right. A header is no data."""
    form = addresses.form
    names = {sign: name for name, sign in SEPARATORS.items()}
    places = [f"{column} from {_place(place, form.header)}" for column, place in form.columns.items()]
    places += [
        f"{column.role} from {_place(column.place, form.header)}" for column in form.roles if column.place in form.read
    ]
    unread = f"; not read: {', '.join(form.unread)}" if form.unread else ""
    header = "" if form.header is not None else ", without a header"
    system = f", from {form.system.label}" if form.system else ""
    return f"{addresses.encoding}, {names[form.separator]}{header}{system}; {', '.join(places)}{unread}"


def _place(place: int, header: Sequence[str] | None) -> str:
    named = header is not None and place < len(header)
    return f'column {place + 1} "{header[place]}"' if header is not None and named else f"column {place + 1}"
