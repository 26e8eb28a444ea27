"""Survey of a list before anything of it is taken: what stands against the whole of it, and who says no in it.

Somebody may stand on several lines, and the one that says no may come last. So the noes are known before the first
line is taken. A list that has nothing but our own columns is not looked through: it cannot hold what is not read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.lists.address_list import AddressList, name_in_words
from digest.lists.cells import bare_address
from digest.lists.csv_dialect import ListError, ListForm
from digest.lists.membership import Membership, is_plain_no, smells
from digest.lists.stated import Statement, sayings
from digest.lists.systems import Role
from mail.address import AddressError, parse_address

_OF_ONE_LIST = frozenset({Membership.LEFT, Membership.PAUSED, Membership.UNCONFIRMED, Membership.ABSENT})
"""What somebody says of one newsletter. The rest is true of an address, whatever it is sent."""


@dataclass(frozen=True, kw_only=True)
class Noes:
    """Which addresses a list says no for, and in which line: for one digest (as its column names it), or for all."""

    lines: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def line_of(self, key: str, digest: str) -> int | None:
        """The first line that says no for an address, as far as this digest goes."""
        return self.lines.get((key, None)) or self.lines.get((key, digest))

    def note(self, key: str, digest: str, said: Membership, line: int) -> None:
        """Remember what a line says."""
        self.lines.setdefault((key, digest if said in _OF_ONE_LIST else None), line)


def refuse_lists_of_noes(addresses: AddressList) -> None:
    """Raise ListError for a list that says of itself that its people are not mailed."""
    form = addresses.form
    remedy = "keep its noes with: budkavle subscribers suppress FILE"
    if form.system is not None and form.system.only is not None:
        raise ListError(
            f"{addresses.place}:1: everybody on this list of {form.system.label}'s {form.system.only}; {remedy}"
        )
    if no := smells(name_in_words(addresses)):
        raise ListError(
            f"{addresses.place}: by its name, everybody on it {no}; {remedy}, or rename it if that is not so"
        )
    if no := next((no for title in form.titles if (no := smells(title))), None):
        raise ListError(
            f"{addresses.place}:1: by what stands before its header, everybody on it {no}; {remedy}, or remove those "
            "lines if that is not so"
        )


def survey(addresses: AddressList) -> Noes:
    """Who a list says no for. Raises ListError where it cannot be taken as a whole; no message holds an address."""
    refuse_lists_of_noes(addresses)
    form, noes = addresses.form, Noes()
    unread = _unread(form)
    speaks = any(column.role is not Role.UNREAD for column in form.roles)
    if not speaks and unread is None:
        return noes
    said = sayings(form, addresses.words)
    digest = form.columns.get("digest")
    for record in addresses.records():
        fields = record.fields
        if not fields:
            continue
        if unread is not None and (place := _plain_no(fields, unread)) is not None:
            raise ListError(_not_read(addresses, record.number, place))
        if speaks:
            _note(noes, said(fields), fields, form.columns["address"], digest, record.number)
    return noes


def _note(  # noqa: PLR0913, PLR0917 - one line, and where its cells are
    noes: Noes, said: Statement, fields: Sequence[str], address: int, digest: int | None, line: int
) -> None:
    if said.membership in {Membership.SUBSCRIBED, Membership.UNKNOWN}:
        return
    try:
        key = parse_address(bare_address(fields[address] if address < len(fields) else "")).key
    except AddressError:
        return
    named = fields[digest].strip() if digest is not None and digest < len(fields) else ""
    noes.note(key, named, said.membership, line)


def _unread(form: ListForm) -> Callable[[int], bool] | None:
    """Which columns nobody looked at; None where there is none, as in our own lists."""
    looked_at = form.read | {column.place for column in form.roles}
    width = len(form.header or ())
    if form.header is not None and looked_at >= {place for place, name in enumerate(form.header) if name}:
        return None
    return lambda place: place not in looked_at and (form.header is None or place < width)


def _plain_no(fields: Sequence[str], unread: Callable[[int], bool]) -> int | None:
    return next((place for place, cell in enumerate(fields) if is_plain_no(cell) and unread(place)), None)


def _not_read(addresses: AddressList, line: int, place: int) -> str:
    header = addresses.form.header
    named = f'"{header[place]}"' if header is not None and place < len(header) and "@" not in header[place] else ""
    return (
        f"{addresses.place}:{line}: column {place + 1} {named} is not read, and says here that somebody left; "
        f"nothing was taken. Have it read with --column {Role.STATUS}={place + 1}, "
        f"or say --column {Role.UNREAD}={place + 1}"
    )
