"""Failures that are told in words only: those of qmail (QSBMF), old Exim and Sendmail, and whatever else there is.

Words are no proof of anything, so they count as soft whatever they say, except where they say that it is our fault.
"""

import re

from digest.bounce_reports import Told
from digest.mime import Part, words_of
from mail.status_codes import BounceClass, class_of, codes_in, status_of

_DAEMONS = re.compile(r"\b(?:mailer-daemon|mail-daemon|postmaster|mail delivery (?:sub)?system)\b", re.IGNORECASE)
_SUBJECTS = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed|report)|mail delivery failed"
    r"|returned (?:mail|to sender)"
    r"|failure notice|delivery problem|could not be delivered|not delivered|non[- ]delivery"
    r"|kunde inte levereras|kan inte levereras|olevererbart|ej levererat|går inte att leverera|leveransfel|retur:",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bdelay(?:ed)?\b|still being retried|will (?:keep|continue) (?:on )?trying|no action is required"
    r"|försenat|nya försök",
    re.IGNORECASE,
)
_QMAIL = "hi. this is the"
_COPY = re.compile(
    r"^--.*(?:copy of|below this line|original message|returned message|kopia av|ursprungligt meddelande).*$",
    re.IGNORECASE | re.MULTILINE,
)
_MOST = 20_000
_LINE = re.compile(r"^.*(?:[45]\.\d{1,3}\.\d{1,3}|\b[45]\d\d[ -]).*$", re.MULTILINE)
_UNSURE = 300


def told_in_words(message: Part) -> Told | None:
    """A failure or delay that a mail system tells in words; None when it is no mail system that writes."""
    said = next((part.text for part in message.walk() if part.kind.startswith("text/") and part.content.strip()), "")
    own = _COPY.split(said[:_MOST], maxsplit=1)[0]
    subject = words_of(message.first("subject"))
    is_qmail = own.lstrip().lower().startswith(_QMAIL)
    if not (is_qmail or _is_from_a_daemon(message, subject)):
        return None
    lines = " ".join(" ".join(_LINE.findall(own)).split())[:1000]
    status = next(iter(codes_in(lines)), "") or status_of("", lines)
    if class_of(status, lines) is BounceClass.SENDER_FAULT:
        return Told(BounceClass.SENDER_FAULT, status, lines, "text")
    if _LATER.search(subject) or (not is_qmail and _LATER.search(own[:_UNSURE])):
        return Told(BounceClass.DELAYED, status, lines, "text")
    return Told(BounceClass.SOFT, status, lines, "text")


def _is_from_a_daemon(message: Part, subject: str) -> bool:
    """Whether a mail system says that something failed: no person's answer does both."""
    if message.fields.get("x-failed-recipients"):
        return True
    from_daemon = message.first("return-path").strip() == "<>" or bool(_DAEMONS.search(message.first("from")))
    return from_daemon and bool(_SUBJECTS.search(subject) or _LATER.search(subject))
