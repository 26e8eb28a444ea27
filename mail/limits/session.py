"""How many letters a relay takes over one connection, found by where its connections ended."""

from dataclasses import dataclass, replace

_ALIKE = 3
"""So many connections that ended after the same number of letters were ended by that number."""
_PROBE = 10
_LONGEST = 1000


@dataclass(frozen=True, kw_only=True)
class Session:
    """How many letters one connection carries: `letters`, or None for as many as are configured.

    A connection that is renewed in time meets no refusal; so now and then one goes on beyond the number.
    """

    letters: int | None = None
    last: int = 0
    alike: int = 0
    renewed: int = 0
    patience: int = _PROBE

    def after_end(self, carried: int, *, said: bool) -> "Session":
        """The relay took no more after so many letters; `said` when it named the limit itself.

        After a single letter that is no limit yet: hardly any relay has that one, and it would double what all cost.
        """
        alike = self.alike + 1 if carried == self.last else 1
        if (said and carried > 1) or alike >= _ALIKE:
            patience = min(self.patience * 2, _LONGEST) if alike > 1 else _PROBE
            return Session(letters=carried, last=carried, alike=alike, patience=patience)
        return replace(self, last=carried, alike=alike)

    def after_renewal(self) -> "Session":
        """A connection was closed in good time, having carried what it may."""
        if self.letters is None:
            return self
        if self.renewed + 1 < self.patience:
            return replace(self, renewed=self.renewed + 1)
        # One refusal at the same number is enough to know it again.
        return replace(self, letters=None, last=self.letters, alike=_ALIKE - 1, renewed=0)

    @property
    def is_known(self) -> bool:
        """Whether a connection that ended after `last` letters did so because of their number."""
        return self.letters is not None and self.letters == self.last
