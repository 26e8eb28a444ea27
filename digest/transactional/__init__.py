"""Transactional letters: to one person, about their own subscription."""
