"""The pages and documents that the daemon serves."""
