"""Words of big receivers when letters to them come too fast: no relay of ours says them for itself."""

import re

from mail.reply import Reply


def names_a_receiver(reply: Reply) -> bool:
    """Whether a reply is said in the words of a big receiver, which a relay only passes on."""
    return _RECEIVERS.search(reply.text) is not None


_RECEIVERS = re.compile(
    r"unusual rate|receiving mail (?:too quickly|at a rate)|UnsolicitedRateLimit"  # Gmail
    r"|\[TSS?\d\d\]|temporarily deferred due to|user is receiving mail too"  # Yahoo
    r"|temporarily rate limited due to|\bS775\b|\bRP-00\d|server busy.{0,80}\bAS\(?\d"  # Outlook, Exchange Online
    r"|\bOFR_?00\d|\bOFR_10[0-9]|\bOU-00\d|\bLPN0\d\d_|\bSFR"  # Orange, Wanadoo, La Poste, SFR
    r"|\bCS01\b|\bHVU:B|\bALT[A-Z]?\d{3}",  # iCloud, AOL
    re.IGNORECASE,
)
