"""Limits of a relay: which of them a reply speaks of, by phase, code and words.

| limit       | what the relay means                                   | what mends it                     |
|-------------|--------------------------------------------------------|-----------------------------------|
| connections | too many of them at once, or made too fast              | fewer, and the next one later     |
| session     | this connection has carried what it may                 | a fresh connection                |
| pace        | letters come too fast                                   | fewer a second                    |
| quota       | what an hour, a day or a month allows is used up        | waiting                           |

The words are those of Postfix, Exim, Sendmail, Haraka, Exchange and Microsoft 365, Google's relay, Amazon SES and other
providers. Where a reply has no such words, its phase and the circumstances of its connection decide (RFC 5321, sections
3.8, 4.2.4 and 4.5.3.1.10).
"""

import re

from mail.failure.patterns import Pattern
from mail.limits.limit import Limit
from mail.reply import REFUSALS, Answer, Phase, Reply, Verdict, heals, verdict


def judged(reply: Reply) -> Verdict:
    """The verdict on a reply when the relay's limits are known: whom a limit meets is tried again, and nobody paused.

    A quota that is used up pauses all the same: no slower pace mends it.
    """
    if reply.answer is Answer.TAKEN:
        return verdict(reply)
    match limit_said(reply):
        case None:
            return verdict(reply)
        case Limit.QUOTA:
            return Verdict.PAUSE
        case _:
            return Verdict.LIMITED


def waiting_mends(reply: Reply) -> bool:
    """Whether a pause for this reply may end by itself: also where a quota is refused with 5xx."""
    return heals(reply) or limit_said(reply) is not None


def limit_said(reply: Reply) -> Limit | None:
    """The limit that a refusal speaks of, or None for any other reply."""
    if reply.is_missing:
        unseen = reply.phase is Phase.CONNECT and reply.others > 0 and not reply.lasting
        return Limit.CONNECTIONS if unseen else None
    if reply.plainly is not None:
        return reply.limit
    if reply.answer not in REFUSALS or reply.code in _LOGIN:
        return None
    if _OUR_QUOTA.search(reply.text):
        return Limit.QUOTA
    return None if _is_about_something_else(reply) else _by_words_or_circumstances(reply)


def _by_words_or_circumstances(reply: Reply) -> Limit | None:
    by_words = next((limit for limit, words in _WORDS if words.search(reply.text)), None)
    if reply.answer is Answer.REFUSED:
        return by_words if by_words is Limit.QUOTA or reply.phase in _OF_THE_CONNECTION else None
    return _in_its_phase(by_words, reply) if by_words else _by_circumstances(reply)


def is_said_in_words(reply: Reply) -> bool:
    """Whether a reply names a session's limit itself: then one is enough to believe it."""
    return bool(_SESSION.search(reply.text))


def _in_its_phase(limit: Limit, reply: Reply) -> Limit:
    """Before the first letter there is no session to be used up, and no pace but that of connections."""
    if limit is Limit.QUOTA:
        return limit
    if reply.phase is Phase.CONNECT:
        return Limit.CONNECTIONS
    if limit is Limit.PACE and _says_too_many_recipients(reply):
        limit = Limit.SESSION
    return Limit.PACE if limit is Limit.SESSION and not reply.carried else limit


def _by_circumstances(reply: Reply) -> Limit | None:
    """A refusal that says nothing of its reason: 421 anywhere, 4xx on connecting or at MAIL, 452 4.5.3 at RCPT."""
    if reply.phase is Phase.CONNECT:
        return Limit.CONNECTIONS
    if reply.code == _CLOSING or _says_too_many_recipients(reply):
        return Limit.SESSION if reply.carried else Limit.PACE
    return Limit.PACE if reply.phase is Phase.MAIL else None


def _says_too_many_recipients(reply: Reply) -> bool:
    """Each letter has one: so these are too many for a connection (RFC 5321, section 4.5.3.1.10)."""
    return reply.phase is Phase.RCPT and bool(_TOO_MANY_RECIPIENTS.search(reply.text))


def _is_about_something_else(reply: Reply) -> bool:
    """A mailbox that is full or busy, a letter's size, our good name, our login or TLS: other rules have these."""
    if _REPUTATION.search(reply.text) or _SIZE.search(reply.text):
        return True
    return reply.phase not in _OF_THE_CONNECTION and bool(_MAILBOX.search(reply.text))


def _words(*patterns: str) -> Pattern:
    return Pattern("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.DOTALL)


_CLOSING = 421
_LOGIN = (500, 501, 502, 503, 504, 530, 534, 535, 538)
_OF_THE_CONNECTION = (Phase.CONNECT, Phase.MAIL)
_MANY = r"(?:too many|too much|maximum|max\.?|exceed\w*|limit\w*|quota|only \d+|no more)"
_LETTERS = r"(?:e-?mails?|mails?|messages?|letters?|recipients?|transactions?|deliver\w+|commands?|rcpts?)"
_LINES = r"(?:connections?|sessions?|channels?)"
_SESSION = _words(
    rf"{_LETTERS}\b[^.;]{{0,40}}\b(?:per|in|on|for|over|during|within|by)\b[^.;]{{0,12}}\b(?:smtp )?{_LINES}",
    rf"\b{_LINES} (?:message|mail|transaction|recipient)s? (?:limit|quota|count)",
    r"\bsession (?:is )?(?:limit|quota|used up|expired|exhausted)",
    r"\bper[- ](?:session|connection) (?:limit|quota|maximum)",
    r"\b(?:open|use|make|start|with) a (?:new|fresh) (?:connection|session)",
    r"\bconnection (?:re-?use|has been used|used too)",
)
_PERIOD = r"(?:hour(?:s|ly)?|day|days|daily|24 ?h(?:ours)?|month(?:ly)?|week(?:ly)?|today)"
_ALLOWED = r"(?:limit\w*|quota|exceed\w*|allow\w*|maximum|max\b|too many|reached|allotment|used up)"
_QUOTA = _words(
    rf"\b{_PERIOD}\b.{{0,60}}\b{_ALLOWED}",
    rf"\b{_ALLOWED}.{{0,60}}\b(?:per|a|an|each|this|/|last|in|your|for the|for|within)\W{{0,3}}(?:\d+ ?)?{_PERIOD}\b",
    rf"\b{_LETTERS} ?(?:/|per) ?(?:hour|day|month|h|d)\b",
    r"^\W?5\.4\.5\b",
)
_OUR_QUOTA = _words(r"submission ?quota ?exceeded", r"\bsending (?:limit|quota)\b[^.;]{0,20}\b(?:exceeded|reached)")
_CONNECTIONS = _words(
    rf"{_MANY}[^.;]{{0,50}}\b(?:connections?|sessions?|connects)\b",
    r"\b(?:concurren\w+|simultaneous\w*)",
    rf"\b(?:smtp )?{_LINES}\b[^.;]{{0,20}}\b(?:limit|quota|rate|count|exceed\w*|reached)",
    r"\bconnect(?:ing|ion)? (?:too )?(?:often|frequen\w+|fast)",
    r"\blogin attempts\b",
)
_PACE = _words(
    r"\brate\b|\brate[- ]?limit|\bratelimit",
    r"\btoo (?:fast|quick\w*|frequen\w+|often|much|many|rapid\w*)",
    r"\bslow(?:er| down)?\b|\bthrottl\w+|\bfrequency\b|\bflood\w*|\bburst",
    r"\bper (?:minute|second|\d+ ?s\w*)|\b(?:minute|second)s?\b.{0,40}\b(?:limit|quota)|/(?:min|sec|s|m)\b",
    rf"{_MANY}.{{0,40}}\b{_LETTERS}",
    rf"\b{_LETTERS}\b.{{0,40}}\b(?:limit|quota|exceed\w*)",
    r"\b(?:limit|quota)\b.{0,30}\b(?:exceed\w*|reached)|\bexceed\w*\b.{0,30}\b(?:limit|quota)",
    r"\b(?:server|system|service|host) (?:is |too )*(?:busy|overload\w*)|\bload (?:is )?too high",
)
_WORDS = (
    (Limit.QUOTA, _QUOTA),
    (Limit.SESSION, _SESSION),
    (Limit.CONNECTIONS, _CONNECTIONS),
    (Limit.PACE, _PACE),
)
_TOO_MANY_RECIPIENTS = re.compile(r"^\W?4\.5\.3\b", re.MULTILINE)
_MAILBOX = _words(
    r"^\W?[45]\.(?:1|2)\.\d{1,3}\b",
    r"\bmail ?box\b|\binbox\b|\bstorage\b|\bdisk\b",
    r"\b(?:user|account|recipient|customer)\b.{0,60}\b(?:receiv\w+|over ?quota|quota|full|is over|exceeded|inactive)",
    r"\bover ?quota\b|\bquota (?:is )?full\b",
    r"\bgr[ae]y-?list",
)
_SIZE = _words(r"^\W?[45]\.3\.4\b", r"\bsize\b|\btoo (?:big|large|long)\b|\boctets\b")
_REPUTATION = _words(
    r"\bunsolicited|\bspam|\breputation|\bblock(?:ed|list)|\bblack-?list|\bdnsbl|\brbl\b",
    r"\bdmarc|\bdkim|\bspf\b|\bptr\b|\breverse (?:dns|lookup|host)|\brdns\b|\bunauthenticated",
    r"^\W?[45]\.7\.(?:2[3-9]|3[0-9]|515|6\d\d|7\d\d)\b",
    r"\bauthenti\w+|\bcredential|\bstarttls\b|\btls\b|\bencrypt\w*|\bcertificate|\bpassword\b",
)
"""A failed login and a missing TLS stand here, so that `454 4.7.0 Temporary authentication failure` stays a pause."""
