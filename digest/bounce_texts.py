"""Failures that are told in words only: those of qmail (QSBMF), old Exim and Sendmail, and whatever else there is.

Words are no proof of anything, so they count as soft whatever they say, except where they say that it is our fault.
A mail system whose words nobody knows has something to say all the same: that is kept for a person.
"""

import re

from digest.bounce_reports import Told
from digest.mime import Part, words_of
from mail.status_codes import BounceClass, class_of, codes_in, status_of

_DAEMONS = re.compile(
    r"daemon|post[-_ ]?master|mail[-_ ]?(?:deliver\w*|sub)[-_ ]?(?:sub)?(?:system|service|agent)?\b"
    r"|mail[-_ ]?(?:system|admin\w*|gateway|server)\b|smtp[-_ ]|[-_]smtp|system ?(?:admin\w*|attendant)|\bndr@"
    r"|interscan|\bimss@|inetgw|jetmail|delivery notification",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|(?:mail|delivery|permanent\w*|sending|processing|fatal)[ -]?(?:\w+[ -])?(?:fail|error|problem|report"
    r"|status|warning)|delivery has failed|failure (?:notice|delivery)|failed (?:mail|delivery|recipient|to deliver)"
    r"|returned (?:mail|to sender|message)|returning (?:message )?to sender|(?:could|can|was|has|been|were|is)(?: not"
    r"|n't|not) (?:\w+ ){0,3}?(?:deliver|sent)|not delivered|(?:unable|not able|failed) to (?:deliver|send)"
    r"|non[- ]?deliver|rejected mail|mail rejected|user unknown|no such user|(?:kunde|kan) inte (?:levereras|skickas"
    r"|n[åa])|olevererbar|ej levererat|inte levererats|g[åa]r inte att leverera|leveransfel|leverans\w* (?:misslyck"
    r"|mislyk)|retur:|unzustellbar|nicht (?:zugestellt|ausgeliefert|zustellbar)|zustellung (?:fehl|nicht)"
    r"|zustell\w*fehler|fehlgeschlagen|non (?:remis|distribu|d[ée]livr)|pas pu [eê]tre|[ée]chec (?:de|d')"
    r"|impossible de (?:remettre|livrer)|no (?:se )?(?:ha )?(?:pudo|podido) (?:ser )?entreg|no entregado|devuelto"
    r"|error de entrega|(?:mancat[ao]|impossibile|fallit[ao]) (?:\w+ )?(?:consegn|recapit)|non (?:\w+ )?(?:consegnat"
    r"|recapitat)|niet (?:\w+ )?(?:bezorg|afgeleverd|aflever)|onbestelbaar|kunne ikke lever|ikke leveret|ikke levert"
    r"|toimitus ep[äa]onnist|ei voitu toimittaa|nie (?:mo[żz]na|zosta[łl]a?) dor[ęe]cz|niedostarcz"
    r"|n[ãa]o (?:p[ôo]de ser|foi) entreg|не доставлен|не может быть доставлено|недоставлен|邮件无法|退信"
    r"|配信不能|エラー通知",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bdelay(?:ed)?\b|still being retried|will (?:keep|continue) (?:on )?(?:to )?try|no action is required"
    r"|not yet been delivered|been postponed|attempts will continue|could not send .{0,20}for past|f[öo]rsenat"
    r"|nya f[öo]rs[öo]k|verz[öo]ger|retard[ée]",
    re.IGNORECASE,
)
_QMAIL = "hi. this is the"
_COPY = re.compile(
    r"^--.*(?:copy of|below this line|original message|returned message|source mail|kopia av"
    r"|ursprungligt meddelande).*$|^[^\w\n]*original message follows|^(?:received|return-path|x-mailer): ",
    re.IGNORECASE | re.MULTILINE,
)
_MOST = 20_000
_LINE = re.compile(r"^.*(?:[45]\.\d{1,3}\.\d{1,3}|\b[45]\d\d[ -]).*(?:\n[^\n]+){0,2}$", re.MULTILINE)
"""What holds a code, and the lines that belong to it."""
_UNSURE = 300
_BEGINNING = 1000


def told_in_words(message: Part) -> Told | None:
    """A failure or delay that a mail system tells in words; None when it is no mail system that writes.

    It is `UNKNOWN`, with the form `text`, where a mail system writes in words that nobody knows.
    """
    own = _own_words(message)
    subject = words_of(message.first("subject"))
    is_qmail = own.lstrip().lower().startswith(_QMAIL)
    is_daemon = _is_from_a_daemon(message)
    if not (is_qmail or is_daemon or _says_so_itself(message, subject)):
        return None
    lines = _telling(own)
    status = next(iter(codes_in(lines)), "") or status_of("", lines)
    if class_of(status, lines) is BounceClass.SENDER_FAULT:
        return Told(BounceClass.SENDER_FAULT, status, lines, "text")
    if _LATER.search(subject) or (not is_qmail and _LATER.search(own[:_UNSURE])):
        return Told(BounceClass.DELAYED, status, lines, "text")
    if is_qmail or _FAILED.search(subject) or _FAILED.search(own[:_BEGINNING]) or _has_failed(message):
        return Told(BounceClass.SOFT, status, lines, "text")
    return Told(BounceClass.UNKNOWN, status, lines, "text")


def is_said_to_be_our_fault(message: Part, status: str) -> bool:
    """Whether the text for people judges the sender, for reports whose part for machines gives no reason."""
    return class_of(status, _telling(_own_words(message))) is BounceClass.SENDER_FAULT


def _own_words(message: Part) -> str:
    """What a message says itself, before the letter that it returns."""
    texts = (part.text for part in message.walk() if part.kind.startswith("text/") and part.content.strip())
    return _COPY.split(next(texts, "")[:_MOST].replace("\r\n", "\n"), maxsplit=1)[0]


def _telling(own: str) -> str:
    """The lines with codes, in one; without any, how the text begins."""
    return " ".join((" ".join(_LINE.findall(own)) or own[:_BEGINNING]).split())[:_BEGINNING]


def _is_from_a_daemon(message: Part) -> bool:
    """Whether a mail system writes, by its name: or for it, with nobody to answer to (RFC 5321, section 4.5.5)."""
    return _has_failed(message) or bool(_DAEMONS.search(words_of(message.first("from"))))


def _has_failed(message: Part) -> bool:
    return bool(message.fields.get("x-failed-recipients"))


def _says_so_itself(message: Part, subject: str) -> bool:
    """Whether a sender whose name says nothing reports a failure: no person's answer does both."""
    nobody = message.first("return-path").strip() == "<>"
    return nobody and bool(_FAILED.search(subject) or _LATER.search(subject))
