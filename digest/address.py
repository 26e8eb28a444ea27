"""Mail addresses: checked once, at the door."""

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from digest.headers import HeaderError, fit_address

_PARTICULARS = re.compile(r" \(.*\)", re.DOTALL)
"""What email-validator adds in brackets may repeat a part of the address."""


class AddressError(ValueError):
    """A text is no address that this service can mail. The message leaves the text out: it may be logged."""


@dataclass(frozen=True)
class Address:
    """A mailable address in its normal form, plain ASCII. `key` finds the same mailbox however it was typed."""

    text: str

    @property
    def key(self) -> str:
        """The address in lower case."""
        return self.text.lower()


def parse_address(text: str) -> Address:
    """Check a typed address without asking the network. Raises AddressError with the reason."""
    try:
        # Without DNS: a look-up in the request path would be slow and could be abused. `.test` is for rehearsals.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        msg = f"no mail address: {_PARTICULARS.sub('', str(error))}"
        raise AddressError(msg) from None
    if found.ascii_email is None:
        msg = "letters outside a-z before the @ need SMTPUTF8, which many mail servers lack; ask for another address"
        raise AddressError(msg)
    try:
        return Address(fit_address("To", found.ascii_email))
    except HeaderError:
        msg = "no mail address that can stand in a letter's head; ask for another address"
        raise AddressError(msg) from None
