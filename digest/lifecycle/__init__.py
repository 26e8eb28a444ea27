"""The life of a subscription: double opt-in, preferences, unsubscribe, access and erasure."""
