"""My data: what there is about a person, sent for by letter; and having it erased."""

from datetime import datetime

from budkavle.wiring import Service
from digest.address import Address


def ask_for_my_data(service: Service, who: Address | str, now: datetime, goes: datetime | None = None) -> None:
    """Queue a letter with a token for `/mina-uppgifter/T`; to an address we do not know, one that says so.

    `who` is an address typed into a page, or a leave token; an unknown leave token does nothing.
    """
    raise NotImplementedError


def my_data(service: Service, token: str, now: datetime) -> dict[str, object] | None:
    """All there is about the holder of this token, as JSON can say it; None when it is unknown, used or expired.

    Looking changes nothing.
    """
    raise NotImplementedError


def erase_me(service: Service, token: str, now: datetime) -> bool:
    """Forget the holder of this token; False when it is unknown, used or expired."""
    raise NotImplementedError
