"""Ids of the digest's rows: what subscriptions, editions and letters are named by."""

from typing import NewType

EditionId = NewType("EditionId", int)
VariantId = NewType("VariantId", int)
SubscriptionId = NewType("SubscriptionId", int)
LeaveToken = NewType("LeaveToken", str)
"""128 random bits as 32 hex characters: able to end one subscription, and never expiring."""
