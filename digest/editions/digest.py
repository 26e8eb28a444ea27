"""Digest: a newsletter, as its installation describes it in the domain's own words."""

from dataclasses import dataclass

from digest.editions.rhythm import Rhythm
from digest.letters.values import Mailbox
from digest.subscribers.subscription import ALL, Filter


@dataclass(frozen=True, kw_only=True)
class Digest:
    """A newsletter: its sender, rhythm and selection. `items` is how many articles a letter shows at most."""

    name: str
    title: str
    sender: Mailbox
    rhythm: Rhythm
    reply_to: Mailbox | None = None
    selection: Filter = ALL
    items: int = 30
