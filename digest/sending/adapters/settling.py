"""Settling: what became of letters, written down, and its consequences applied; in the transaction that is open."""

from collections.abc import Collection, Sequence

from digest.ids import EditionId
from digest.sending.adapters.claims import sending
from digest.sending.adapters.domain_backoff import stop_all_once
from digest.sending.adapters.outcomes import Outcomes
from digest.sending.consequences import Judged, Pause, Reach
from mail.reply import Verdict


def write_down(outcomes: Outcomes, letters: Sequence[Judged]) -> None:
    """Write down what became of each letter, those that were sent all at once."""
    if sent := [(claim, reply) for claim, reply, verdict in letters if verdict is Verdict.SENT]:
        outcomes.sent(sent)
    for claim, reply, verdict in letters:
        if verdict is not Verdict.SENT:
            outcomes.settle(claim, verdict, reply)


def pause_editions(outcomes: Outcomes, pauses: Sequence[Pause], digests: Collection[str] | None) -> set[EditionId]:
    """Pause the editions that these pauses reach; says which."""
    paused = set[EditionId]()
    for pause in pauses:
        editions = _reached(outcomes, pause, digests)
        if pause.reach is not Reach.ONCE:
            for edition in editions:
                outcomes.pause(edition, pause.why, heals=pause.heals)
        paused |= editions
    return paused


def _reached(outcomes: Outcomes, pause: Pause, digests: Collection[str] | None) -> set[EditionId]:
    match pause.reach:
        case Reach.EDITION:
            return {pause.edition}
        case Reach.RELAY:
            return {pause.edition, *sending(outcomes.connection, digests)}
        case Reach.ONCE:
            return stop_all_once(outcomes.connection, pause.why, outcomes.now)
