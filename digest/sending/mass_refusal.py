"""Mass refusal: when one answer is said to so many different recipients that it judges us and none of them.

What a relay answers to RCPT with a plain 5xx is held against the recipient, unless its words name us
(`mail.failure.refusal_words`). Where it names neither, evidence decides: these rules over what was decided last.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.sending.domain_backoff import owners
from mail.failure.refusal_words import Blame, blame_of, normalised

WINDOW = 100
"""How many decided letters are looked back upon."""
_IN_A_ROW = 20
_OWNERS = 3
_COMPARED = 200
"""How much of a text is compared: what follows is cut at another place for each recipient."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A letter that was decided, and to which domain: `refusal` is None when it was sent.

    Else it is what the refusal has in common with others of its kind, and empty for one that is no evidence.
    """

    domain: str
    refusal: str | None = None


def refused(domain: str, said: str) -> Decided:
    """A letter to this domain that was refused with these words."""
    return Decided(domain=domain, refusal=refusal_key(said) if is_unsaid(said) else "")


def refusal_key(said: str) -> str:
    """What one refusal has in common with others of its kind."""
    return normalised(said)[:_COMPARED]


def is_unsaid(said: str) -> bool:
    """Whether a refusal names neither the mailbox nor us: it counts as evidence."""
    return blame_of(said) is Blame.UNSAID


def mass_refusal(window: Sequence[Decided]) -> str | None:
    """The key of the answer that judges us, by the letters decided last, the newest at the end.

    Twenty refusals with one text and no letter sent in between, or half of the last hundred, over three owners of
    domains at least. What names a mailbox is evidence for neither.
    """
    return _most_said(_since_the_last_sent(window), _IN_A_ROW) or (
        _most_said(window, WINDOW // 2) if len(window) >= WINDOW else None
    )


def wholesale_refusal(refusals: Sequence[str]) -> str | None:
    """The key of the answer that judges us, of an edition that ended with no letter sent.

    At least half of its refusals are one text that names no mailbox, however few they are.
    """
    counted = Counter(refusal_key(said) for said in refusals if is_unsaid(said))
    if not counted:
        return None
    key, number = counted.most_common(1)[0]
    return key if 2 * number >= len(refusals) else None


def _since_the_last_sent(window: Sequence[Decided]) -> Sequence[Decided]:
    last = max((place for place, each in enumerate(window) if each.refusal is None), default=-1)
    return window[last + 1 :]


def _most_said(decided: Iterable[Decided], least: int) -> str | None:
    said: dict[str, list[str]] = {}
    for letter in decided:
        if letter.refusal:
            said.setdefault(letter.refusal, []).append(letter.domain)
    for key, domains in said.items():
        if len(domains) >= least and owners(domains) >= _OWNERS:
            return key
    return None
