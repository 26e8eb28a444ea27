"""Bounces in the store, and the mailbox that they are read from."""
