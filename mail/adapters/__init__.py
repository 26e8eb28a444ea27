"""Relays by SMTP and Maildir, and their throttle."""
