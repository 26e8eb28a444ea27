"""Maintenance: backup, restore, erasure, retention."""
