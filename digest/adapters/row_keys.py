"""Keys of rows: the conditions by which one subscription, or one delivery of an edition, is found."""

from sqlalchemy import ColumnElement, and_, bindparam

from digest.adapters.tables import deliveries, subscriptions


def is_subscription(subscriber: int, digest: str) -> ColumnElement[bool]:
    """Of the one subscription that a subscriber has, or had, to a digest."""
    return and_(subscriptions.c.subscriber_id == subscriber, subscriptions.c.digest == digest)


def is_delivery(edition: object, subscription: object) -> ColumnElement[bool]:
    """Of the one delivery of an edition to a subscription; each is a number, a column or a bound parameter."""
    return and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id == subscription)


BOUND_DELIVERY = is_delivery(bindparam("b_edition"), bindparam("b_subscription"))
"""Of the delivery that a prepared statement is told of by `b_edition` and `b_subscription`."""
