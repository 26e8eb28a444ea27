"""Letters by which people leave: those that mail programs write to the mailto of a List-Unsubscribe (RFC 2369, 3.2).

Apple's Mail calls its own an automatic answer, as absences are; its field and its words tell it from them.
"""

import re

from digest.bounces.auto_replies import is_absence
from digest.bounces.dsn_and_arf import is_receipt
from digest.bounces.mime import Part, words_of

SUBJECT = "unsubscribe"
"""What our letters ask mail programs to write, in words that all of them and their gateways know."""
_SUBJECT = re.compile(
    r"\W*(?:(?:re|fwd?|sv|vb|aw|wg)\s*:\s*)*(?:please )?(?:unsubscribe(?: me)?|list-unsubscribe|opt[- ]?out"
    r"|avsluta(?: prenumeration(?:en)?)?"
    r"|avregistrera(?: mig)?|avprenumerera|abmelden|abbestellen|d[ée]sabonner|se d[ée]sinscrire|darse de baja"
    r"|afmelden|afmeld|meld av"
    r"|peru tilaus)\W*",
    re.IGNORECASE,
)
_APPLE = re.compile(r"\W*Apple Mail sent this email to unsubscribe", re.IGNORECASE)
_BEGINNING = 500


def wishes_to_leave(message: Part, *, to_leave: bool) -> bool:
    """Whether a message that is no report asks for no more letters; `to_leave` says that its address is only for that.

    To any other, only what a mail program writes counts: what a person writes in words of their own is for a person.
    """
    if is_receipt(message) or is_absence(message):
        return False
    return to_leave or _is_apples(message) or _SUBJECT.fullmatch(words_of(message.first("subject"))) is not None


def _is_apples(message: Part) -> bool:
    if message.first("x-apple-unsubscribe").strip().lower() == "true":
        return True
    said = next((part.text for part in message.walk() if part.kind == "text/plain" and part.content.strip()), "")
    return _APPLE.match(said[:_BEGINNING]) is not None
