"""Envelope senders that say which letter came back (VERP), and that only this installation can make.

    studs@example.org  →  studs+EDITION.SUBSCRIPTION-MAC@example.org
                          studs+nNUMBER.ASKED-MAC@example.org, for a transactional letter

What is between plus and @ is the return tag. It is also the envelope identifier that a relay with DSN is told
(RFC 3461, section 4.4). Whoever has no valid tag can change nothing about anybody.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from digest.ids import EditionId, SubscriptionId
from digest.keys import Key, Purpose
from digest.return_spellings import LONGEST_LOCAL, tags_in

_MAC = 14
"""56 bits: who guesses a tag a million times a second needs a thousand years for an even chance."""
_NUMBER = "[1-9][0-9]{0,18}"
_TAG = re.compile(rf"(?P<edition>{_NUMBER})\.(?P<subscription>{_NUMBER})-(?P<mac>[0-9a-f]{{{_MAC}}})")
_NOTICE_TAG = re.compile(rf"n(?P<number>{_NUMBER})\.(?P<asked>[0-9a-f]{{8}})-(?P<mac>[0-9a-f]{{{_MAC}}})")


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Which letter came back: that of an edition to a subscription."""

    edition: EditionId
    subscription: SubscriptionId


@dataclass(frozen=True, kw_only=True)
class ReturnedNotice:
    """Which transactional letter came back: its number, and in hex the second in which it was asked for.

    Numbers are given again after letters were deleted: nobody may be changed by what comes back of another's letter.
    """

    number: int
    asked: str


def second_of(asked: datetime) -> str:
    """What stands in the tag of a letter that was asked for then."""
    return f"{int(asked.timestamp()):08x}"


def read_tag(key: Key, text: str) -> Returned | ReturnedNotice | None:
    """The letter of a return tag; None when this installation did not make it, whole and unchanged."""
    return _edition_tag(key, text) or _notice_tag(key, text)


def _notice_tag(key: Key, text: str) -> ReturnedNotice | None:
    found = _NOTICE_TAG.fullmatch(text)
    if found is None or not key.fits(Purpose.NOTICE_ENVELOPE, f"{found['number']}.{found['asked']}", found["mac"]):
        return None
    return ReturnedNotice(number=int(found["number"]), asked=found["asked"])


def _edition_tag(key: Key, text: str) -> Returned | None:
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    ids = f"{found['edition']}.{found['subscription']}"
    if not key.fits(Purpose.ENVELOPE, ids, found["mac"]):
        return None
    return Returned(edition=EditionId(int(found["edition"])), subscription=SubscriptionId(int(found["subscription"])))


class ReturnPaths:
    """Makes the return tags of an installation's letters, and the envelope senders of its bounce address."""

    def __init__(self, key: Key, address: str) -> None:
        local, _, domain = address.rpartition("@")
        if len(local) > LONGEST_LOCAL:
            raise ValueError(f"the part before the @ has more than {LONGEST_LOCAL} characters")
        self._mac, self._before, self._after = key.many(Purpose.ENVELOPE), f"{local}+", f"@{domain}"
        self._notice_mac = key.many(Purpose.NOTICE_ENVELOPE)

    def tag(self, edition: int, subscription: int) -> str:
        """The return tag of a letter: the same on every try, as greylisting wants it."""
        ids = f"{edition}.{subscription}"
        return f"{ids}-{self._mac(ids)[:_MAC]}"

    def notice_tag(self, number: int, asked: datetime) -> str:
        """The return tag of a transactional letter: no edition's letter can have it, nor a later letter of its number.

        Other keyed hashes of a letter, such as its Message-ID, say nothing about it.
        """
        what = f"{number}.{second_of(asked)}"
        return f"n{what}-{self._notice_mac(what)[:_MAC]}"

    def sender(self, tag: str) -> str:
        """The envelope sender of the letter with this return tag (RFC 5321, section 3.6.2)."""
        return self._before + tag + self._after


def read_address(key: Key, address: str) -> Returned | ReturnedNotice | None:
    """The letter of an envelope sender, in whatever spelling it comes back; None as with `read_tag`.

    Mail systems put other names around the tag and write it anew, on the way to the mailbox where returned mail is
    read: the tag alone counts, and its MAC proves it.
    """
    read = (read_tag(key, tag) for tag in tags_in(address))
    return next((letter for letter in read if letter is not None), None)
