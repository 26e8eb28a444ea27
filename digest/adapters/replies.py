"""Replies of relays as they are kept, asked for in a query."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from mail.reply import Answer, Phase


def is_refusal(reply: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a kept reply refused a letter for good: as `mail.reply.is_kept_refusal`."""
    return or_(*(reply.like(f"{phase}: {mark}%") for phase in Phase for mark in ("5", f"{Answer.REFUSED}: ")))
