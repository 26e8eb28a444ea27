"""CSV dialect of a list: its encoding, its separator, its columns. Guessed, to be shown and overruled."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from digest.lists.cells import visible
from digest.lists.columns import RoleColumn, not_understood, roles_in
from digest.lists.csv_head import LONGEST, header_at, is_address, stated_separator
from digest.lists.csv_records import Record, records
from digest.lists.membership import LONGEST_NAME, squashed
from digest.lists.systems import NAMES, Role, System, named, recognised

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
COLUMNS = ("address", "digest", "topics", "publishers", "language", "consent", "state", "ended_reason", "suppressed")
_NAMES = {
    "address": "address epost epostadress email emailaddress mail mailadress mejl mejladress adress destination",
    "digest": "digest nyhetsbrev newsletter utskick",
    "topics": "topics topic ämnen ämne ämnesområden ämnesområde",
    "publishers": "publishers publisher utgivare avsändare",
    "language": "language lang språk",
    "consent": "consent samtycke medgivande",
    "state": "state",
    "ended_reason": "endedreason",
    "suppressed": "suppressed",
}
_MEANING = {name: column for column, names in _NAMES.items() for name in names.split()}
_HALF = 0.5
_FEW = 0.05


class ListError(ValueError):
    """A list cannot be read as a whole: why, and what to do. The words hold no address."""


@dataclass(frozen=True, kw_only=True)
class ListForm:
    """How a list is written. `columns` says in which field each thing stands, counted from 0."""

    separator: str
    header: tuple[str, ...] | None
    columns: Mapping[str, int]
    skipped: int = 0
    """Records before the first of the list: the header, and what stands before it."""
    titles: tuple[str, ...] = ()
    """What stands before the header."""
    system: System | None = None
    """The system whose list it is, as far as it is known."""
    roles: tuple[RoleColumn, ...] = ()
    """The columns that are read for what that system says of somebody."""

    @property
    def read(self) -> frozenset[int]:
        """The places of columns that are read."""
        return frozenset(self.columns.values()) | {
            column.place for column in self.roles if column.role is not Role.UNREAD
        }

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of columns that are passed over."""
        return tuple(name for place, name in enumerate(self.header or ()) if place not in self.read and name)


def guess_encoding(head: bytes, *, is_utf8: bool) -> str:
    """What a file that begins with these bytes is written in; `is_utf8`: whether all of it can be read as UTF-8."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = len(head) // 2 or 1
    even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if odd > _HALF and even < _FEW:
        return "utf-16-le"
    if even > _HALF and odd < _FEW:
        return "utf-16-be"
    return "utf-8" if is_utf8 else "windows-1252"


def guess_form(
    sample: Sequence[str | None],
    separator: str | None,
    wanted: Mapping[str, str],
    roles: Sequence[tuple[Role, str]] = (),
    system: str | None = None,
) -> ListForm:
    """How a list that begins with these lines is written.

    `wanted` names columns by their name in the header or their number, counted from 1; "" leaves a column unread.
    `roles` names those that say whether somebody is subscribed, and `system` the system that wrote the list.
    Raises ListError.
    """
    lines = [line for line in sample if line and line.strip()]
    stated = stated_separator(lines[0]) if lines else None
    chosen = separator or stated or _separator(lines)
    top = [record for record in records(lines, chosen) if record.fields or record.fault][1 if stated else 0 :]
    if not top:
        raise ListError("no column `address`: the list is empty")
    place = header_at(top, _names_addresses)
    skipped = 0 if place is None else place + 1
    fault = next((record.fault for record in top[: skipped or 1] if record.fault), None)
    if fault:
        raise ListError(f"the first line cannot be read: {fault}")
    header = None if place is None else tuple(map(_name, top[place].fields))
    of_system = _system(header, system)
    ours = {_place(column, name, header): None for column, name in wanted.items() if name}
    by_role = {_place(role, name, header): role for role, name in roles}
    columns = _columns(header, top[skipped:], wanted, _theirs(header, of_system) | set(by_role) - set(ours))
    form = ListForm(
        separator=chosen,
        header=header,
        columns=columns,
        skipped=skipped + (1 if stated else 0),
        titles=tuple(field for record in top[: place or 0] for field in record.fields if field.strip()),
        system=of_system,
        roles=_roles(header or (), of_system, set(columns.values()) | _left_unread(header, wanted), by_role),
    )
    if of_system is not None and of_system.only is not None:
        return form
    _refuse_what_may_say_no(form, wanted, asserted=system is not None)
    return form


def _name(field: str) -> str:
    return unicodedata.normalize("NFC", visible(field).strip()[:LONGEST_NAME])


def _system(header: Sequence[str] | None, name: str | None) -> System | None:
    """The system that an operator names, or that the columns give away. Raises ListError."""
    plain = frozenset(map(squashed, header or ()))
    if name is None:
        return recognised(plain)
    if name not in NAMES:
        raise ListError(f"no system is known by the name that --from gives; use one of {', '.join(NAMES)}")
    return named(name, plain)


def _theirs(header: Sequence[str] | None, system: System | None) -> set[int]:
    """The places of columns that mean in a system's list what its own description says, whatever they mean in ours."""
    if system is None:
        return set()
    return {
        place for place, name in enumerate(header or ())
        if squashed(name) in system.roles or _meaning(name) in {"consent", "state"}
    }  # fmt: skip


def _roles(
    header: Sequence[str], system: System | None, taken: set[int], by_role: Mapping[int, Role]
) -> tuple[RoleColumn, ...]:
    """The columns read for what another system says; none in a list whose people are all of one kind."""
    if system is not None and system.only is not None:
        return ()
    return roles_in(header, system, taken, by_role)


def _left_unread(header: Sequence[str] | None, wanted: Mapping[str, str]) -> set[int]:
    """The places of columns that an operator left unread by their meaning, as with `--column state=`."""
    return {place for place, name in enumerate(header or ()) if wanted.get(_meaning(name) or "") == ""}


def _refuse_what_may_say_no(form: ListForm, wanted: Mapping[str, str], *, asserted: bool) -> None:
    """What is not read may say no. Raises ListError naming all such columns, and what to do."""
    looked_at = form.read | {column.place for column in form.roles} | _left_unread(form.header, wanted)
    doubtful = not_understood(form.header or (), looked_at)
    if doubtful:
        names = ", ".join(f'"{"…" if "@" in name else name}"' for name in doubtful)
        raise ListError(
            f"what is not read may say who left, and nothing was taken: {names}; say what each is read for with "
            f"--column {'=NAME, '.join(role for role in Role if role is not Role.UNREAD)}=NAME, "
            f"or --column {Role.UNREAD}=NAME where it says nothing of that"
        )
    speaks = any(column.role not in {Role.UNREAD, Role.REPORTED} for column in form.roles)
    if form.system is not None and form.system.mixed and not speaks and not asserted:
        raise ListError(
            f"{form.system.label}'s lists may hold people who left, and no column here says who; export it with its "
            f"status columns, or suppress its lists of opt-outs first and then say --from {form.system.name}"
        )


def _separator(lines: Sequence[str]) -> str:
    """The one under which the first lines make sense, and most lines have equally many fields, more than one."""

    def fit(separator: str) -> tuple[bool, int, int]:
        top = [record for record in records(lines, separator) if record.fields]
        cells = (field for record in islice(top, LONGEST) for field in record.fields)
        sensible = any(is_address(cell) or _meaning(cell) for cell in cells)
        sizes: Counter[int] = Counter()
        for record in top:
            sizes[len(record.fields)] += record.lines
        del sizes[1]
        size, times = max(sizes.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
        return sensible, times, size

    return max(SEPARATORS.values(), key=fit)


def _names_addresses(field: str) -> bool:
    return _meaning(field) == "address"


def _meaning(name: str) -> str | None:
    """The column that is meant by a name in a header, however it is written."""
    return _MEANING.get(squashed(name))


def _columns(
    header: tuple[str, ...] | None, data: Sequence[Record], wanted: Mapping[str, str], theirs: set[int]
) -> dict[str, int]:
    """Where our own columns stand; `theirs` are read as another system means them."""
    places = {column: _place(column, name, header) for column, name in wanted.items() if name}
    if header is not None:
        ours = _is_ours(header)
        for place, name in enumerate(header):
            meaning = _meaning(name)
            if meaning == "state" and not ours:
                continue  # a part of a country as often as not
            if meaning and meaning != "address" and meaning not in wanted and place not in theirs:
                if meaning in places:
                    raise ListError(f"two columns for {meaning}; say which with --column {meaning}=NAME")
                places[meaning] = place
    if "address" not in places:
        places["address"] = _address_column(header, data)
    return places


def _is_ours(header: Sequence[str]) -> bool:
    """Whether a list is one of our own exports, as far as its states are concerned."""
    return any(_meaning(name) in {"ended_reason", "digest"} for name in header)


def _place(column: str, name: str, header: tuple[str, ...] | None) -> int:
    if column not in {*COLUMNS, *Role}:
        raise ListError(f"--column {column}=… is unknown; use one of {', '.join([*COLUMNS, *Role])}")
    same = [place for place, title in enumerate(header or ()) if title.casefold() == name.strip().casefold()]
    if len(same) == 1:
        return same[0]
    if name.strip().isdecimal() and int(name) > 0:
        return int(name) - 1
    raise ListError(
        f"--column {column}: the list has {'two' if same else 'no'} such columns; name one or give its number"
    )


def _address_column(header: tuple[str, ...] | None, data: Sequence[Record]) -> int:
    """The column named so, and where several or none is: the one that holds most addresses."""
    numbers = Counter(place for record in data for place, field in enumerate(record.fields) if is_address(field))
    called = [place for place, name in enumerate(header or ()) if _meaning(name) == "address"]
    if len(called) == 1:
        return called[0]
    most = sorted(called or numbers, key=lambda place: -numbers[place])[:2]
    if not most or (len(most) > 1 and numbers[most[0]] == numbers[most[1]]):
        what = "more than one column" if most else "no column"
        raise ListError(f"{what} `address`; name it with --column address=NAME, or by its number")
    return most[0]
