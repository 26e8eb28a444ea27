"""Where sources come from: a folder on disk, and the rule sets for pages."""
