"""Where articles come from: pure parsers, and rule sets as data."""
