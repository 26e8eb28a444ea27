"""The circuit breaker of a relay: when connections break one after the other, or it refuses all, sending stops."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digest.sending.domain_backoff import Standing, owners
from mail.reply import Verdict

_OWNERS = 3


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Counts what went wrong in a row, with no letter sent between: lost connections, letters put off, and domains.

    `refused_to` are those whose letters were refused for our own fault, with how each stood before that.
    """

    lost: int = 0
    put_off: int = 0
    refused_to: Mapping[str, Standing] = field(default_factory=dict)

    def after(self, judged: Verdict) -> "Breaker":
        """The breaker after one more letter."""
        match judged:
            case Verdict.SENT:
                return Breaker() if self.lost or self.put_off or self.refused_to else self
            case Verdict.LOST:
                return replace(self, lost=self.lost + 1)
            case Verdict.DEFERRED:
                return replace(self, put_off=self.put_off + 1)
            case _:
                return self

    def after_refusal(self, domain: str, before: Standing) -> "Breaker":
        """The breaker after a letter to this domain was refused for our own fault.

        One that is paused, or was when this row began, tells nothing of the relay.
        """
        if domain in self.refused_to or before.is_paused:
            return self
        return replace(self, refused_to={**self.refused_to, domain: before})

    def is_refused_everywhere(self) -> bool:
        """Whether it is rather the relay that refuses us than so many domains, one after the other."""
        return owners(self.refused_to) >= _OWNERS

    def is_open(self, connections: int) -> bool:
        """Whether the relay is to be left alone: it lost as many connections as there are, or refuses everywhere."""
        return self.lost >= connections or self.is_refused_everywhere()

    def is_strained(self, connections: int) -> bool:
        """Whether the relay puts off everybody, and not only some mailboxes."""
        return self.put_off >= connections
