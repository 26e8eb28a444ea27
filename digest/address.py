"""Mail addresses: checked once, at the door."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

_LONGEST = 254
"""RFC 5321, section 4.5.3.1.3: a path holds 256 octets, its angle brackets included."""


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
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        msg = f"no mail address: {error}"
        raise AddressError(msg.replace(text.strip(), "…")) from None
    if found.ascii_email is None:
        msg = "letters outside a-z before the @ need SMTPUTF8, which many mail servers lack; ask for another address"
        raise AddressError(msg)
    if len(found.ascii_email) > _LONGEST:
        msg = f"longer than {_LONGEST} characters, which no mail server accepts"
        raise AddressError(msg)
    return Address(found.ascii_email)
