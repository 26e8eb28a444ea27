"""The tables of digests, and what the statements of several slices share."""
