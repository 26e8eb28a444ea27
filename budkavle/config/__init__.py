"""Configuration: config.toml, read and checked once, at the roof."""
