"""Closed-mailbox words: the recipient's own account was suspended or closed, be it for spam or by a policy."""

from mail.failure.patterns import any_of


def names_a_closed_mailbox(words: str) -> bool:
    """Whether words, in lower case, say that the recipient's account was closed: that is theirs, not our fault."""
    return _CLOSED.search(words) is not None and _SENDS.search(words) is None


_CLOSED = any_of(
    r"(?<!your )(?<!sender )\b(?:user|recipient|mail ?box|account|addressee|inbox|customer)s?(?: (?:account"
    r"|mail ?box))?(?: (?:that |which )?you(?:'re| are| have)? (?:tried|trying|attempt\w*) to (?:reach|contact"
    r"|e?mail))?(?: (?!your\b|by\b|for\b|ip\b|senders?\b|because\b|messages?\b|outgoing|outbound"
    r"|sending)\S+){0,4}? (?:suspended|disabled|closed|terminated|deactivated|cancell?ed|locked|blocked|frozen"
    r"|discontinued|deleted|archived|banned|retired)\b",
    r"(?:suspended|disabled|closed|terminated|deactivated|locked|frozen|archived|banned) (?:user|recipient|mail ?box"
    r"|account)\b",
    r"(?:mottagar\w*|kontot|brevl[åa]dan|anv[äa]ndaren)(?: \S+){0,3}? (?:avst[äa]ng[dt]|sp[äa]rra[dt]|st[äa]ng[dt]"
    r"|avslutat?|inaktiverat?)",
    r"(?:konto|postfach|empf(?:[äa]|ae)nger\w*|mailbox)(?: \S+){0,3}? (?:gesperrt|geschlossen|deaktiviert|gel[öo]scht)",
    r"(?:compte|bo[îi]te\w*)(?: \S+){0,4}? (?:ferm|suspendu|d[ée]sactiv|bloqu|supprim|cl[ôo]tur)",
    r"(?:cuenta|buz[óo]n)(?: \S+){0,3}? (?:suspendid|desactivad|cerrad|bloquead|cancelad)",
)
"""An account that was closed. Some of it is said of senders, too."""

_SENDS = any_of(
    r"\b(?:sending|outgoing|outbound|smtp|sends?|relay\w*|sender|abuse desk|support|billing|utg[åa]ende)\b|\b(?:ip"
    r"|host|server)\b .{0,20}(?:block|list|suspend)|^(?:\W*\d{3}\W*(?:\d\.\d\.\d+\W*)?)?your\b"
)
"""What shows that the closed account is rather ours."""
