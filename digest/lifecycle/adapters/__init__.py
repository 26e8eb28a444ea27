"""What the store and the unsubscribe journal keep of a subscription's life."""
