"""Mail addresses: checked once, at the door."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from mail.headers import HeaderError, fit_address
from mail.spellings import one_spelling

_PARTICULARS = re.compile(r" \(.*\)", re.DOTALL)
"""What email-validator adds in brackets may repeat a part of the address."""
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_LOCAL, _LONGEST = 64, 254  # RFC 5321 4.5.3.1.1 and .3, without the angle brackets
_DOMAINS_REMEMBERED = 10_000


class AddressError(ValueError):
    """A text is no address that this service can mail. The message leaves the text out: it may be logged."""


@dataclass(frozen=True)
class Address:
    """A mailable address in its normal form, plain ASCII. `key` finds the same mailbox however it was typed."""

    text: str

    @property
    def key(self) -> str:
        """The spelling that stands for all of this mailbox's (`mail.spellings`), in lower case."""
        return one_spelling(self.text)

    @property
    def spelling(self) -> str:
        """The address as it is spelt, in lower case: what the key of all was before a mailbox had several."""
        return self.text.lower()


def domain_of(address: str) -> str:
    """What stands behind the @ of an address, in lower case."""
    return address.rpartition("@")[2].lower()


def parse_address(text: str) -> Address:
    """Check a typed address without asking the network. Raises AddressError with the reason."""
    return _plain_address(text.strip()) or _checked(text.strip())


def _plain_address(text: str) -> Address | None:
    """The address, when nothing but its domain needs email-validator; a list of a million has few domains.

    None says nothing: what is not plain, or not right, is checked from the beginning.
    """
    local, _, domain = text.rpartition("@")
    plain = len(local) <= _LONGEST_LOCAL and _PLAIN_LOCAL.fullmatch(local) and "=?" not in text
    if not plain or local.lower() in CASE_INSENSITIVE_MAILBOX_NAMES:
        return None
    normal = _plain_domain(domain)
    return Address(f"{local}@{normal}") if normal and len(local) + 1 + len(normal) <= _LONGEST else None


@lru_cache(maxsize=_DOMAINS_REMEMBERED)
def _plain_domain(domain: str) -> str | None:
    """The normal form of an ASCII domain that may stand behind an @; one that is or may be IDN is not plain."""
    if not domain.isascii() or "xn--" in domain.lower():
        return None
    try:
        return _checked(f"a@{domain}").text.removeprefix("a@")
    except AddressError:
        return None


def _checked(text: str) -> Address:
    try:
        # Without DNS: a look-up in the request path would be slow and could be abused. `.test` is for rehearsals.
        valid = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        msg = f"no mail address: {_PARTICULARS.sub('', str(error))}"
        raise AddressError(msg) from None
    if valid.ascii_email is None:
        msg = "letters outside a-z before the @ need SMTPUTF8, which many mail servers lack; ask for another address"
        raise AddressError(msg)
    try:
        return Address(fit_address("To", valid.ascii_email))
    except HeaderError:
        msg = "no mail address that can stand in a letter's head; ask for another address"
        raise AddressError(msg) from None
