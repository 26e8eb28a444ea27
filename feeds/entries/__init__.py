"""Feed entries: what an article and what was done to it become for readers (RFC 4287)."""
