"""Articles: what is published, the acts that change it, its identity, and how it comes in."""
