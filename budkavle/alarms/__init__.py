"""Alarms: what needs a person."""
