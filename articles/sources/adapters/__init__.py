"""The sources there are: a folder on a disk; and the rule sets for pages, as they are shipped."""
