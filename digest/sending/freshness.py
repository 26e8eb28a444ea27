"""Freshness: whether letters are as new as the store, or show a text that was withdrawn or erased. Rules over values.

A sender claims letters ahead, so an act may come between claim and dot mark. Each group that claims or marks looks
first whether one came (`digest.sending.adapters.freshness`):

    nothing came ------------------------------------------> as fresh as before
    what came touches no letter under way -----------------> as fresh as before
    what came touches one, or an edition joined -----------> stale: letters are made anew before any is claimed
    an edition paused and goes on -------------------------> it joins anew
"""

from dataclasses import dataclass, replace

from articles.article import Seq
from digest.ids import EditionId, VariantId


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """What one sender knows of its letters: `heard` is the newest act that it has heard of.

    Waiting letters of `editions` were made anew for all acts up to `made_for`; None: they were not, or must be again.
    `outdated` are the variants that it has claims of and that show a text which is gone: they get no dot. `all_pulled`
    says that when they were made anew, none that was claimed showed such a text.
    """

    heard: Seq | None = None
    made_for: Seq | None = None
    editions: frozenset[EditionId] = frozenset()
    outdated: frozenset[VariantId] = frozenset()
    all_pulled: bool = True

    def after_acts(self, newest: Seq) -> "Freshness":
        """After acts up to this seq that touch no letter under way: not even a thousand of them hold one up."""
        return replace(self, heard=newest)

    def after_touching(self, newest: Seq, outdated: frozenset[VariantId]) -> "Freshness":
        """After acts up to this seq that touch letters under way; these variants of them are claimed."""
        made_for = None if self.made_for is not None and newest > self.made_for else self.made_for
        return replace(self, heard=newest, made_for=made_for, outdated=self.outdated | outdated)

    def after_joining(self, under_way: frozenset[EditionId]) -> "Freshness":
        """While these editions are being sent: stale when one has joined."""
        if self.made_for is None or not under_way <= self.editions:
            return replace(self, made_for=None)
        return replace(self, editions=under_way)

    @property
    def is_stale(self) -> bool:
        """Whether letters must be made anew before any is claimed."""
        return self.made_for is None

    def after_making(self, made_for: Seq, editions: frozenset[EditionId], *, all_pulled: bool) -> "Freshness":
        """After the waiting letters of these editions were made anew for all acts up to this seq."""
        outdated = frozenset[VariantId]() if all_pulled else self.outdated
        return replace(self, made_for=made_for, editions=editions, all_pulled=all_pulled, outdated=outdated)

    def after_claiming(self) -> "Freshness":
        """After a claim: before the next one, a letter may come back that was claimed with a text that is gone."""
        return self if self.all_pulled else replace(self, made_for=None)
