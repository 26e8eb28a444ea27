"""Lines of a list, one by one: what each asks for, or why it asks for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.keys import Key
from digest.lifecycle.adapters.by_operator import Wish
from digest.lists.address_list import AddressList
from digest.lists.cells import bare_address, without_networks
from digest.lists.csv_records import Record
from digest.lists.import_rules import (
    LineOutcome,
    LineVerdict,
    ListedSubscription,
    fault_of_address_cell,
    state_of,
    unguarded,
)
from digest.lists.membership import REMEMBERED, Membership, denies
from digest.lists.parse_line import WishText, shown, wishes
from digest.lists.stated import Statement, sayings
from digest.lists.survey import Noes
from digest.subscribers.offer import Offer
from digest.subscribers.subscription import EndedReason, SubscriptionState

_LONGEST_REASON = 40  # of the column ended_reason


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms a list is taken.

    The digest meant where a line names none, why all of it is trusted, and when its people had their last letter from
    elsewhere: what came since is news to them.
    """

    digest: str | None = None
    trust_list: str | None = None
    since: datetime | None = None


_BLANK = LineVerdict(outcome=LineOutcome.BLANK)


class LineReader:
    """Makes records into what can be taken, or into the reason why not. `noes` are those of the whole list."""

    def __init__(self, offer: Offer, key: Key, addresses: AddressList, terms: Terms, noes: Noes) -> None:
        form = addresses.form
        self._said = sayings(form, addresses.words)
        self._noes = noes
        self._of = form.system.name if form.system else "list"
        self._columns = form.columns
        self._width = len(form.header) if form.header is not None else None
        self._wish = wishes(offer)
        self._key = key
        self._terms = terms

    def read(self, record: Record) -> ListedSubscription | LineVerdict:
        """What a record asks for."""
        if record.fault:
            return _refused(record.fault)
        if not record.fields:
            return _BLANK
        if self._width is not None and any(map(str.strip, record.fields[self._width :])):
            return _refused("more fields than the header has columns; put texts with commas in quotes")
        said = self._said(record.fields)
        listed = self._listed(record, said) if said.membership is Membership.SUBSCRIBED else self._no(record, said)
        return _refused(listed) if isinstance(listed, str) else listed

    def cell(self, record: Record, column: str) -> str:
        """What stands in a column, as it is written; nothing where there is none."""
        place = self._columns.get(column)
        return record.fields[place].strip() if place is not None and place < len(record.fields) else ""

    def _clean(self, record: Record) -> dict[str, str] | str:
        """The cells of our columns as they were meant, or why the address cell cannot be read."""
        cells = {column: self.cell(record, column) for column in self._columns}
        address = cells["address"]
        if fault_of_address_cell(address):
            address = bare_address(address)
        if fault := fault_of_address_cell(address):
            return fault
        cells["address"] = address
        return {column: unguarded(cell) if cell else "" for column, cell in cells.items()}

    def _no(self, record: Record, said: Statement) -> ListedSubscription | LineVerdict | str:
        """What becomes of somebody who gets no letters from the other system."""
        if said.membership is Membership.UNKNOWN:
            word = shown(said.status) or "nothing"
            return f'its status is not known ({word}); say what it means with --status "{word}=yes", or =no'
        wish = self._wish_to_leave(record) if said.membership in REMEMBERED else None
        if wish is None:  # nothing of it is to be kept, or can be
            return LineVerdict(outcome=LineOutcome.NOT_THERE, why=f"it {said.membership}")
        reason = f"{self._of}: {said.membership.name.lower()}"[:_LONGEST_REASON]
        return self._made(record, wish, SubscriptionState.ENDED, reason, said.reported)

    def _wish_to_leave(self, record: Record) -> Wish | None:
        clean = self._clean(record)
        wish = clean if isinstance(clean, str) else self._wish(self._line(clean, choices=False))
        return wish if isinstance(wish, Wish) else None

    def _listed(self, record: Record, said: Statement) -> ListedSubscription | LineVerdict | str:
        clean = self._clean(record)
        if isinstance(clean, str):
            return clean
        suppressed = clean.get("suppressed", "")
        if not denies(suppressed):
            return f"the list says that it must not be mailed ({shown(suppressed)})"
        wish = self._wish(self._line(clean))
        if isinstance(wish, str):
            return wish
        if self._noes.lines and (line := self._noes.line_of(wish.address.key, clean.get("digest", ""))):
            return LineVerdict(outcome=LineOutcome.NOT_THERE, why=f"line {line} says no for the same address")
        state = state_of(clean.get("state", ""), wish.consent, self._terms.trust_list)
        if not isinstance(state, SubscriptionState):
            return state
        reason = clean.get("ended_reason", "")[:_LONGEST_REASON] or EndedReason.BEFORE_IMPORT
        return self._made(record, wish, state, reason, said.reported)

    def _line(self, clean: Mapping[str, str], *, choices: bool = True) -> WishText:
        """What a line wishes; of somebody who left, only who they are."""
        digest = clean.get("digest") or self._terms.digest or ""
        if not choices:
            return WishText(address=clean["address"], digest=digest)
        return WishText(
            address=clean["address"],
            digest=digest,
            topics=clean.get("topics", ""),
            publishers=clean.get("publishers", ""),
            language=clean.get("language", ""),
            consent=without_networks(clean.get("consent", "")),
        )

    def _made(
        self, record: Record, wish: Wish, state: SubscriptionState, reason: str, reported: str
    ) -> ListedSubscription:
        return ListedSubscription(
            line=record.number,
            address=wish.address,
            key=wish.address.key,
            known_as=self._key.address_hash(wish.address),
            spelt_as=self._key.spelling_hash(wish.address),
            digest=wish.digest,
            topics=tuple(sorted(wish.wanted.topics)),
            publishers=tuple(sorted(wish.wanted.publishers)),
            language=wish.language,
            consent=wish.consent,
            state=state,
            ended_reason=reason,
            reported=reported,
        )


def _refused(why: str) -> LineVerdict:
    return LineVerdict(outcome=LineOutcome.REFUSED, why=why)
