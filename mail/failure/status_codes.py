"""What a failure says about the address, about us, or about nobody: the first row that fits counts.

| class        | signs                                                                                                |
|--------------|------------------------------------------------------------------------------------------------------|
| sender fault | words that judge our host, our name or this letter; else x.7.x, and other codes about senders         |
| hard         | no such mailbox or domain, moved away, or closed: codes and words agree, or one of them is silent    |
| soft         | all that may be over next time: full, expired, no way there; contradictions; what nobody understood  |

Words count before codes, because receivers choose their words with more care. Codes: RFC 3463, the IANA registry of
enhanced status codes, and those that Exchange Online adds.
"""

import re
from collections.abc import Collection
from enum import StrEnum

from mail.failure.failure_words import Saying, saying_of


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
    LEAVE = "leave"
    """A person, or their mail program, wishes for no more letters."""
    AUTO_REPLY = "auto-reply"
    """A machine answered, and nothing failed: absences, receipts, questions whether we are human."""
    UNKNOWN = "unknown"
    """No report of any kind, perhaps a person's letter; or a mail system's words that nobody knows."""


_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_LATER = re.compile(r"\W*(?:[a-z]+: )?4\d\d[ -]")
HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Of these, once is enough when our own relay says so."""
NO_DOMAIN = "5.1.2"
_ALSO_HARD = frozenset({"5.1.351"})
"""Exchange Online: the remote server returned unknown recipient."""
_OUR_FAULT = re.compile(r"[245]\.7\.\d+|[45]\.1\.(?:[789]|20|90)|[45]\.2\.(?:3|12[12])|5\.3\.4|5\.4\.5|[45]\.6\.\d+")
"""5.1.7 to 5.1.9 are about the sender's address (RFC 3463, section 3.2; RFC 7505), 5.2.3 and 5.3.4 say that the message
is too big, 5.4.5 (Gmail), 5.1.20, 5.1.90 and 5.2.121 (Exchange Online) that the From is odd or the pace too high."""
_VAGUE_FAULT = frozenset({"5.7.0", "5.7.1", "5.7.13"})
"""Codes that receivers give for everything: under them, no such mailbox and a closed account (5.7.13) are believed."""
_SILENT = re.compile(r"5\.0\.0|5\.1\.0|5\.2\.0|5\.3\.0|5\.4\.[14]|5\.5\.\d+")
"""Codes that say no more than that it failed, and 5.4.1 and 5.4.4, by which Exchange Online means recipients, too."""


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
    """What a failure that is final means. Words and codes that contradict each other are never `HARD`."""
    codes = {code for code in (status, *codes_in(diagnostic)) if code[:1] in {"4", "5"}}
    saying = saying_of(diagnostic)
    if saying is Saying.SENDER:
        return BounceClass.SENDER_FAULT
    blamed = {code for code in codes if _OUR_FAULT.fullmatch(code)}
    if blamed:
        telling = {code for code in codes if not _SILENT.fullmatch(code)}
        is_told = saying in {Saying.GONE, Saying.FULL} and telling <= _VAGUE_FAULT
        return BounceClass.SOFT if is_told else BounceClass.SENDER_FAULT
    if saying is Saying.HINT:
        return BounceClass.SENDER_FAULT
    return BounceClass.HARD if _is_hard(codes, saying, diagnostic) else BounceClass.SOFT


def _is_hard(codes: Collection[str], saying: Saying, diagnostic: str) -> bool:
    """Whether codes and words agree that there is no such mailbox; one of them may be silent."""
    if saying not in {Saying.GONE, Saying.UNSURE, Saying.NOTHING} or _LATER.match(diagnostic):
        return False
    telling = {code for code in codes if not _SILENT.fullmatch(code)}
    if telling:
        return telling <= HARD | _ALSO_HARD
    return saying is Saying.GONE
