"""Feeds: what readers see, from entries to published documents, and the answers to those who fetch them."""
