"""The tables of the digest. Other packages' rows are named by id and seq only."""

from digest.adapters.tables.editions import (
    deliveries,
    delivery_counts,
    digests,
    editions,
    receipts,
    taken_back,
    template_sets,
    variant_items,
    variants,
)
from digest.adapters.tables.metadata import metadata
from digest.adapters.tables.sending import bounce_brakes, bounces, refusing_domains, senders, slowed_domains
from digest.adapters.tables.subscribers import (
    caused_letters,
    consent_texts,
    events,
    imports,
    refused_letters,
    subscribers,
    subscriptions,
    suppressions,
    tokens,
    transactional_letters,
)

__all__ = [
    "bounce_brakes",
    "bounces",
    "caused_letters",
    "consent_texts",
    "deliveries",
    "delivery_counts",
    "digests",
    "editions",
    "events",
    "imports",
    "metadata",
    "receipts",
    "refused_letters",
    "refusing_domains",
    "senders",
    "slowed_domains",
    "subscribers",
    "subscriptions",
    "suppressions",
    "taken_back",
    "template_sets",
    "tokens",
    "transactional_letters",
    "variant_items",
    "variants",
]
