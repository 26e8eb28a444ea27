"""Contacts: the people whom journalists may call, from the cards below a text."""

import re
from dataclasses import dataclass, field

from articles.article import Contact
from articles.sources.names import is_name, is_role, parted
from articles.sources.pieces import Piece, is_prose, is_sentence_end

_FIELD = re.compile(
    r"(?P<kind>e-?post(?:adress)?|e-?mail|mejl(?:adress)?|mail|telefon(?:nummer)?|tel|tfn|mobil(?:telefon)?(?:nummer)?|"
    r"växel|direkt)\b\.?\s*(?:[:,]\s*|(?=[\d+(\s]|$))(?P<value>.*)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?:\+\d|\b0|\(0)[\d\s()/\xa0–-]{4,}\d")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE_BREAK = re.compile(r"\s*(?:,|;|/(?=\s)|\beller\b|\balt\.?(?=\s))\s*")
_PROSE = 60
_MAX_LINE = 1_000


@dataclass(kw_only=True)
class _Card:
    name: str
    party: str
    roles: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    email: str | None = None
    reached: bool = False

    @property
    def contact(self) -> Contact:
        phones = tuple(dict.fromkeys(self.phones))
        return Contact(name=self.name, role=", ".join(self.roles), party=self.party, phones=phones, email=self.email)


@dataclass(frozen=True, kw_only=True)
class Cards:
    """The contacts of a block, and its lines that belong to none of them."""

    contacts: tuple[Contact, ...]
    left: tuple[Piece, ...]


def cards(block: tuple[Piece, ...]) -> Cards:
    """One contact per person, though the name is printed twice; phones are kept as they are written."""
    people: list[_Card] = []
    left = [piece for piece in block if _is_text(piece) or not _take(piece.text, people)]
    return Cards(contacts=tuple(card.contact for card in people), left=tuple(left))


def is_card(block: tuple[Piece, ...]) -> bool:
    """Whether the block begins like a contact: a name, or a way to reach somebody within its first lines."""
    first = next(iter(block), None)
    if first is None or _is_prose(first):
        return False
    return is_name(parted(first.text.split(",", maxsplit=1)[0])[0]) or any(is_reach(piece.text) for piece in block[:4])


def is_reach(text: str) -> bool:
    """Whether the line holds a way to reach somebody: a phone, an address, or the label of a hidden one."""
    if len(text) > _MAX_LINE:
        return False
    return bool(_FIELD.match(text) or _PHONE.search(text) or _EMAIL.search(text))


def _is_text(piece: Piece) -> bool:
    return len(piece.text) > _MAX_LINE or _is_prose(piece)


def _is_prose(piece: Piece) -> bool:
    return is_prose(piece) and not is_reach(piece.text)


def _take(text: str, people: list[_Card]) -> bool:
    """Add the line to the cards; False when it belongs to no card."""
    labelled = _FIELD.match(text)
    if labelled and people:
        return _reach(labelled["value"], people[-1], kind=labelled["kind"])
    if labelled:
        return False
    if is_reach(text):
        return _whole(text, people)
    name, party = parted(text)
    if people and _same(name, people[-1]):
        people[-1].party = people[-1].party or party
        return True
    if people and not _is_new(text, people[-1]):
        people[-1].roles.append(text)
        return True
    return _begin(text, people)


def _begin(text: str, people: list[_Card]) -> bool:
    """Open a card with the line: a name, and perhaps a role behind a comma."""
    first, _, rest = text.partition(",")
    name, party = parted(first)
    role, other = parted(rest)
    if not name:
        return False
    people.append(_Card(name=" ".join(name.split()), party=party or other, roles=[role] if role else []))
    return True


def _same(name: str, card: _Card) -> bool:
    return " ".join(name.split()).casefold() == card.name.casefold() and not card.reached


def _is_new(text: str, card: _Card) -> bool:
    """Whether the line opens a card of its own rather than telling more of this one."""
    name = parted(text.split(",", maxsplit=1)[0])[0]
    if card.reached:
        return True
    return is_name(name) and not any(map(is_role, name.split()))


def _reach(value: str, card: _Card, *, kind: str) -> bool:
    """Give a card what a labelled line holds; a value that is hidden leaves it as it is."""
    card.reached = True
    email = _EMAIL.search(value)
    if email:
        card.email = card.email or email.group()
        return True
    if kind.lower().startswith(("e", "m")) and not kind.lower().startswith("mobil"):
        # What stands for an address without being one, whole or cut short, is no address and no text.
        return True
    phones = [part.strip(" .") for part in _PHONE_BREAK.split(value)]
    card.phones += [phone for phone in phones if any(sign.isdigit() for sign in phone)]
    return any(sign.isdigit() for sign in value) or not value.strip()


def _whole(text: str, people: list[_Card]) -> bool:
    """A line that holds phones or an address among other words: "Name, role, 0980-319 20"."""
    emails, phones = _EMAIL.findall(text), [phone.strip() for phone in _PHONE.findall(_EMAIL.sub(" ", text))]
    rest = _PHONE.sub(" ", _EMAIL.sub(" ", text))
    words = re.sub(r"\b(?:e-?post|mejl|mail|telefon|tel|tfn|mobil|växel)\b\.?\s*:?", " ", rest, flags=re.IGNORECASE)
    name = re.sub(r"(?:\s*,)+\s*$|\s+(?:eller|och|på|via)\s*$", "", " ".join(words.split()).strip(" ,:;")).strip(" ,")
    if is_sentence_end(text) and len(name) >= _PROSE:
        return False
    if name and not (people and _same(parted(name)[0], people[-1])) and not _begin(name, people):
        return False
    if not people:
        return False
    people[-1].reached = True
    people[-1].phones += phones
    people[-1].email = people[-1].email or next(iter(emails), None)
    return True
