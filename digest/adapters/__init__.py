"""What touches a database, a relay or a mailbox on behalf of digests."""
