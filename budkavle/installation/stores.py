"""The stores of an installation, as they are opened: what every slice is wired from."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from articles.adapters.held import HeldInputs
from articles.adapters.store import ArticleStore
from budkavle.config.load import Config
from budkavle.installation.wakeup import WakeUp
from digest.bounces.adapters.bounces import Bounces
from digest.bounces.adapters.transactional_bounces import ReturnedNotices
from digest.editions.adapters.edition_control import EditionControl
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.forms import LetterForms
from digest.editions.adapters.planner import Planner
from digest.keys import Key
from digest.lifecycle.adapters.by_operator import ByOperator
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.adapters.suppressions import Suppressions
from mail.adapters.found_limits import OpenConnections
from storage.database import Database

Render = Callable[[str, Mapping[str, object]], str]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """An installation's configuration, its stores and its templates."""

    config: Config
    database: Database
    articles: ArticleStore
    held_inputs: HeldInputs
    subscribers: Subscribers
    by_operator: ByOperator
    suppressions: Suppressions
    unsubscribe: Unsubscribe
    bounces: Bounces
    returned_notices: ReturnedNotices
    key: Key
    editions: Editions
    edition_control: EditionControl
    edition_counts: EditionCounts
    forms: LetterForms
    planner: Planner
    render: Render
    wait: Callable[[float], None] = time.sleep
    wakeup: WakeUp = field(default_factory=WakeUp)
    connections: OpenConnections = field(default_factory=OpenConnections)
