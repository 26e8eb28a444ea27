"""The article store: versions, held inputs, and what was read of sources."""
