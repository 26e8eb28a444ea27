"""Templates and translations: every word that people read."""
