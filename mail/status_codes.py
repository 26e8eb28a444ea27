"""What a failure says about the address, about us, or about nobody: the first row that fits counts.

| class        | signs                                                                                                |
|--------------|------------------------------------------------------------------------------------------------------|
| sender fault | x.7.x; a sender address, a message or a form that was refused; words of spam filters                 |
| hard         | no such mailbox or domain, moved away, or disabled                                                   |
| soft         | all that may be over next time: full, expired, no way there; and what nobody understood              |

Codes: RFC 3463, and the IANA registry of enhanced status codes.
"""

import re
from enum import StrEnum


class BounceClass(StrEnum):
    """What a returned message means."""

    SENDER_FAULT = "sender-fault"
    """Our letter or our good name was refused: never held against the address."""
    HARD = "hard"
    """The address does not take mail and never will."""
    SOFT = "soft"
    """This letter did not arrive; the next one may."""
    DELAYED = "delayed"
    """It is still being tried."""
    COMPLAINT = "complaint"
    """A person called the letter spam."""
    AUTO_REPLY = "auto-reply"
    """A machine answered, and nothing failed: absences, receipts, questions whether we are human."""
    UNKNOWN = "unknown"
    """No report of any kind: perhaps a person wrote it."""


_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
NO_DOMAIN = "5.1.2"
_OUR_FAULT = re.compile(r"[245]\.7\.\d+|5\.1\.[78]|5\.3\.4|5\.6\.\d+")
"""5.1.7 and 5.1.8 are about the sender's address (RFC 3463, section 3.2); 5.3.4 says that the message is too big."""
_OUR_WORDS = re.compile(
    r"\b(?:spam|spammer|blocked|blocklist(?:ed)?|blacklist(?:ed)?|dmarc|dkim|spf|policy)\b", re.IGNORECASE
)


def codes_in(text: str) -> tuple[str, ...]:
    """The enhanced status codes in a text, in their order."""
    return tuple(_CODE.findall(text))


def status_of(said: str, diagnostic: str) -> str:
    """The most telling code: `Status` itself, unless it says no more than that something failed (x.0.0)."""
    own, others = codes_in(said), [code for code in codes_in(diagnostic) if code[0] in "45"]
    stated = own[0] if own else ""
    if stated and not stated.endswith(".0.0"):
        return stated
    if others:
        return others[0]
    plain = _SMTP_CODE.search(diagnostic)
    return stated or (f"{plain[1][0]}.0.0" if plain else "")


def class_of(status: str, diagnostic: str) -> BounceClass:
    """What a failure that is final means."""
    every = [status, *codes_in(diagnostic)]
    if any(_OUR_FAULT.fullmatch(code) for code in every) or _OUR_WORDS.search(diagnostic):
        return BounceClass.SENDER_FAULT
    return BounceClass.HARD if status in HARD else BounceClass.SOFT
