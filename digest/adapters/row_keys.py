"""Keys of rows: the conditions by which one subscription, or one delivery of an edition, is found."""

from sqlalchemy import BindParameter, Column, ColumnElement, and_

from digest.adapters.tables import deliveries, subscriptions

Number = int | Column[int] | ColumnElement[int] | BindParameter[int]


def is_subscription(subscriber: int, digest: str) -> ColumnElement[bool]:
    """Of the one subscription that a subscriber has, or had, to a digest."""
    return and_(subscriptions.c.subscriber_id == subscriber, subscriptions.c.digest == digest)


def is_delivery(edition: Number, subscription: Number) -> ColumnElement[bool]:
    """Of the one delivery of an edition to a subscription; each is a number, a column or a bound parameter."""
    return and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id == subscription)
