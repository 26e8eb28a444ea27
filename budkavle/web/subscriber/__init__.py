"""Pages of a subscriber's life."""
