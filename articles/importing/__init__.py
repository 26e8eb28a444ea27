"""Importing: from what a source gives to versions in the article store."""
