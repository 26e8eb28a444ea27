"""Rate limits of letters that pages cause: an address as people type it, and whether one more letter to it may go."""

from datetime import datetime

from starlette.requests import Request

from budkavle.installation.wiring import Service
from budkavle.rendering.translations import translations
from budkavle.web.subscriber.fields import Problem
from digest.lifecycle.rate_limits import LetterRequest, network_of
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address, AddressError, parse_address

_LONGEST = 254


def typed_address(text: str, language: str) -> Address | Problem:
    """The address that somebody typed, or what is wrong with it in words that help."""
    try:
        return parse_address(text)
    except AddressError:
        return Problem(field="address", text=_what_is_wrong(text.strip(), language))


def allowed_from(
    service: Service, purpose: TokenPurpose, address: Address, request: Request, now: datetime
) -> datetime | None:
    """Rate limit of a letter to this address: when it may go, counted at once; None when there have been too many."""
    network = network_of(request.client.host if request.client else "")
    letter = LetterRequest(purpose=purpose, address=address, network=network)
    return service.rate_limits.allow(letter, now)


def _what_is_wrong(text: str, language: str) -> str:
    gettext = translations(language).ugettext
    local, at, domain = text.rpartition("@")
    if not text:
        return str(gettext("Write your mail address."))
    if not at or not local or "." not in domain:
        return str(gettext("This is no whole mail address. Write it like name@example.org."))
    if len(text) > _LONGEST:
        return str(gettext("This is too long for a mail address. Check it."))
    if not local.isascii():
        text = gettext("Many mail servers do not take letters such as å, ä and ö before the @. Write another address.")
        return str(text)
    return str(gettext("Mail servers do not take this address. Check its spelling."))
