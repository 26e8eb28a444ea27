"""Contacts of an entry: the people whom journalists may call, as links that call and write."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from articles.article import Contact
from feeds.entries.text import one_line

_NUMBER = re.compile(r"\+?\d[\d\s()/–-]{3,}")
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>][^\s@<>.]*\.[^\s@<>]+")


@dataclass(frozen=True, kw_only=True)
class ContactLink:
    """A number or an address as it is written, and the link that uses it; no link when it cannot be one."""

    text: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownContact:
    """A contact as the template feeds/contacts.html is given it."""

    name: str
    role: str
    party: str
    reach: tuple[ContactLink, ...]


def shown_contacts(contacts: Iterable[Contact]) -> tuple[ShownContact, ...]:
    """The contacts in their order, with all that the article gives of them and nothing else."""
    return tuple(
        ShownContact(
            name=one_line("name of a contact", contact.name),
            role=one_line("role of a contact", contact.role),
            party=one_line("party of a contact", contact.party),
            reach=(*(_phone(number) for number in contact.phones), *_mail(contact.email)),
        )
        for contact in contacts
    )


def _phone(number: str) -> ContactLink:
    text = one_line("number of a contact", number)
    # RFC 3966: digits after an optional plus sign; a number with words in it is shown and not linked.
    return ContactLink(text=text, href="tel:" + re.sub(r"[^\d+]", "", text) if _NUMBER.fullmatch(text) else "")


def _mail(address: str | None) -> tuple[ContactLink, ...]:
    if not address:
        return ()
    text = one_line("mail address of a contact", address)
    # RFC 6068: what is not quoted could add a subject or a copy.
    return (ContactLink(text=text, href="mailto:" + quote(text, safe="@+") if _MAIL.fullmatch(text) else ""),)
