"""Address list, the port of an import: how it is written, and its records one by one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from digest.lists.csv_dialect import ListForm
from digest.lists.csv_records import Record
from digest.lists.membership import Membership
from digest.lists.systems import Role


@dataclass(frozen=True, kw_only=True)
class ReadAs:
    """How an operator says that a list is written; None is guessed."""

    encoding: str | None = None
    separator: str | None = None
    columns: Mapping[str, str]
    roles: tuple[tuple[Role, str], ...] = ()
    """Columns that say whether somebody is subscribed elsewhere: for what each is read, and its name or number."""
    system: str | None = None
    """The system that the list comes from."""
    words: Mapping[str, Membership] = field(default_factory=dict)
    """Words of its status columns, squashed."""


class AddressList(Protocol):
    """Port: a list, wherever it lies."""

    @property
    def place(self) -> str:
        """How messages call it."""

    @property
    def name(self) -> str:
        """How the record of an import calls it."""

    @property
    def sha256(self) -> str:
        """What it holds, by its hash."""

    @property
    def encoding(self) -> str:
        """How its text is written."""

    @property
    def form(self) -> ListForm:
        """How its records are written."""

    @property
    def words(self) -> Mapping[str, Membership]:
        """What an operator says that words of its status columns mean."""

    def records(self, progress: Callable[[int], None] = ...) -> Iterator[Record]:
        """Its records after the header. `progress` hears now and then up to which byte it was read.

        What cannot be decoded is a fault of its line.
        """


def name_in_words(addresses: AddressList) -> str:
    """The list's name as far as it may say whom it holds: without its ending."""
    return addresses.name.rpartition(".")[0] or addresses.name
