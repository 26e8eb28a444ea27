"""Preferences: what the holder of a leave token may see and change. Never an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from digest.lifecycle.adapters.preferences import Preferences
from digest.lifecycle.preferences import PreferencesOutcome
from digest.subscribers.subscription import Filter, SubscriptionState


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A subscription as its holder sees it.

    `paused_until` is the day on which a pause ends by itself, `others` the digests it may be moved to, name to title.
    """

    digest: str
    title: str
    state: SubscriptionState
    wanted: Filter
    language: str
    paused_until: date | None
    others: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ChangePreferences:
    """Preferences, by leave token. `titles` are the digests' by name; a pause ends when a day begins in `zone`."""

    store: Preferences
    titles: Mapping[str, str]
    zone: tzinfo

    def look(self, leave_token: str) -> Choices | None:
        """What the holder of this token gets; None for an unknown one. Looking changes nothing."""
        preference = self.store.find(leave_token)
        if preference is None:
            return None
        taken = {preference.digest, *preference.others}
        return Choices(
            digest=preference.digest,
            title=self.titles.get(preference.digest, preference.digest),
            state=preference.state,
            wanted=preference.wanted,
            language=preference.language,
            paused_until=preference.resumes.astimezone(self.zone).date() if preference.resumes else None,
            others={name: title for name, title in self.titles.items() if name not in taken},
        )

    def choose(self, leave_token: str, wanted: Filter, language: str, now: datetime) -> PreferencesOutcome:
        """Change the topics, publishers and language; the next edition counts them."""
        return self.store.choose(leave_token, wanted, language, now)

    def pause_until(self, leave_token: str, day: date | None, now: datetime) -> PreferencesOutcome:
        """Send nothing until the morning of `day`, or until resumed; what was missed comes after it."""
        until = datetime.combine(day, time(), self.zone).astimezone(UTC) if day else None
        return self.store.pause(leave_token, until, now)

    def resume(self, leave_token: str, now: datetime) -> PreferencesOutcome:
        """End a pause."""
        return self.store.resume(leave_token, now)

    def change_digest(self, leave_token: str, digest: str, now: datetime) -> PreferencesOutcome:
        """Move the subscription to another digest, its cursor and receipts with it: nothing is missed or repeated."""
        if digest not in self.titles:
            return PreferencesOutcome.UNCHANGED
        return self.store.change_digest(leave_token, digest, now)
