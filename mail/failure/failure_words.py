"""Failure words: what a refusal or a bounce says in words, whatever its codes; one vocabulary for RCPT and for bounces.

What judges the sender counts first, then what says that the mailbox is full or that it may work later, and then what
says that there is no such mailbox. Links, hosts and addresses are no words: a receiver's name often holds "spam".
"""

import re
from enum import Enum

from mail.failure.closed_mailbox_words import names_a_closed_mailbox
from mail.failure.refusal_words import Blame, blame_of, names_a_mailbox
from mail.failure.sender_fault_words import hints_at_the_sender, judges_the_sender, names_a_block_list


class Saying(Enum):
    """What the words of a failure say."""

    SENDER = "sender"
    """Our host, our name or this letter was judged."""
    HINT = "hint"
    """Rather the sender, in words that are also said of mailboxes."""
    FULL = "full"
    """The mailbox has no room."""
    LATER = "later"
    """The system, the way there or the mailbox, for now."""
    GONE = "gone"
    """There is no such mailbox or domain, or its owner has closed it."""
    UNSURE = "unsure"
    """Something about this mailbox, and not that it is gone for good."""
    BOTH = "both"
    """The mailbox and rather the sender at once."""
    NOTHING = "nothing"
    """No words that we know."""


def saying_of(text: str) -> Saying:
    """What a diagnostic says in its words; of several things the first in the order above."""
    said = " ".join(text.casefold().split())[:_LONGEST]
    if names_a_block_list(said):
        return Saying.SENDER
    words = _NO_WORDS.sub(" ", said)
    closed = names_a_closed_mailbox(words)
    if not closed and (blame_of(words) is Blame.OURS or (judges_the_sender(words) and not _FULL_BOX.search(words))):
        return Saying.SENDER
    return _of_a_mailbox(words, closed=closed)


def _of_a_mailbox(words: str, *, closed: bool) -> Saying:
    if _FULL.search(words):
        return Saying.FULL
    if _LATER.search(words):
        return Saying.LATER
    if closed:
        return Saying.GONE
    hint = hints_at_the_sender(words)
    if not names_a_mailbox(words):
        return Saying.HINT if hint else Saying.NOTHING
    if hint:
        return Saying.BOTH
    is_unsure = _UNSURE.search(words) and not _CLEAR.search(words)
    return Saying.UNSURE if is_unsure else Saying.GONE


_LONGEST = 1000
_NO_WORDS = re.compile(
    r"[a-z]{2,9}://\S+|\bwww\.\S+|<[^<>\s]{0,300}>|\S*@\S*|(?<![\w.-])(?!resolver\.)(?:[\w-]+\.)+[a-z][\w-]+(?![\w.])"
    r"|\[[\d.:a-f]+\]"
)
"""Links, addresses and hosts."""
_FULL_BOX = re.compile(
    r"(?:mail ?box|inbox|mail ?folder|mail file|user|account)\b.{0,40}(?:size (?:limit )?exceed|quota|\bfull\b"
    r"|too many messages|space)|^\W*(?:[\d.]+ )*mail quota|too much mail data|message limit reached"
)
"""What would read as a message that is too big, or as a pace, did it not speak of the mailbox."""
_FULL = re.compile(
    r"mail quota|mail file size|too much mail data|over[ -]?(?:\w+ ){0,3}?quota|quota (?:\w+ ){0,3}?(?:exceed|full"
    r"|overdrawn|violat|usage)|exceed\w*(?: \w+){0,3} (?:quota|storage|space)|(?:mail ?box|mail ?folder|inbox|account"
    r"|user|recipient)\w*\b.{0,30}\bfull\b|full mail ?box|out of (?:storage|space|quota)|disk ?(?:space|quota)"
    r"|not enough (?:storage|space|room)|enough space|insufficient (?:\w+ )?(?:storage|space)|no space left"
    r"|space has been used|too many messages (?:in|on)|too much mail stored|over message limit|message limit reached"
    r"|storage allocation|maximum allowed storage|mail ?box (?:size )?(?:\w+ ){0,3}?(?:limit|exceed)|(?:[äa]r|er|ist"
    r"|is) (?:full|fyldt|voll|vol)\b|(?:[üu]ber)?f[üu]llt|pleine?\b|satur|\bllen[oa]\b|cheia|pien[ao]\b|t[äa]ynn"
    r"|(?:prze)?pe[łl]n|lagringsutrymme|speicherplatz|kvot|kontingent|espace|espacio|spazio|opslag"
)
_LATER = re.compile(
    r"\bqueue|attempts|for (?:more than )?\w* ?\d* ?(?:days|hours)|long time|not respond|reachable|misconfigured"
    r"|config error|try again|command (?:failed|died|output)|procmail|maildrop|write error|interrupted|giving up"
    r"|system full|malformed .{0,20}reply|(?:unable|failed) to (?:resolve|deliver to domain)|could not find a gateway"
    r"|been delayed|encountered an error|not been collected|dns records for the destination|currently unavailable"
    r"|try (?:again )?later|tempor[äa]r|temporai|temporal|temporan|tijdelijk|tillf[äa]llig|v[äa]liaikai|tymczas"
    r"|moment[äa]n|midlertidig|tim(?:ed?|ing) ?-?out|time limit|connection (?:refused|reset|lost|dropped|closed"
    r"|failed)|lost connection|unreachable|no route|too many hops|\bloop|circular|service (?:not available"
    r"|unavailable)|system (?:error|problem|not accepting|failure)|(?:internal|local|server|software|configuration"
    r"|mailer|database|lookup|dns|resource|i/o) (?:error|problem|failure|timeout)|expired|deferred|maintenance"
    r"|not responding|could not connect|couldn't connect|cannot connect|retry|queued|program failure|can't (?:create"
    r"|open|write|lock)"
)
_UNSURE = re.compile(
    r"unverified|unrout|unavailable|undeliverable|not accept|refuses? to|does(?:n't| not) want|rejected by"
    r"|preferences|protected by|subscri|permission|authori[sz]|requested action"
)
_CLEAR = re.compile(
    r"(?:user|recipient|mail ?box|account)s? (?:is )?(?:unknown|not found)|unknown (?:user|recipient)|no such"
    r"|not exist"
)
