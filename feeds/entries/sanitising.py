"""Sanitising: content that cannot act, by an allow-list of what a newsroom's text needs."""

import nh3

from feeds.entries.text import legal, undirected

_TAGS = {"a", "blockquote", "br", "em", "h2", "h3", "img", "li", "ol", "p", "strong", "ul"}
_ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "h3": {"id"}, "img": {"alt", "src"}}
_SCHEMES = frozenset({"http", "https"})
CONTACT_SCHEMES = frozenset({"mailto", "tel"})
"""What links may lead to where people are named whom journalists may call, and nowhere else."""


def sanitised(html: str, schemes: frozenset[str] = _SCHEMES) -> str:
    """The same content without scripts, styles, forms, frames, handlers, relative addresses and foreign schemes.

    Sanitised content stays as it is when it is sanitised again.
    """
    return nh3.clean(
        undirected(legal("content", html)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=set(schemes),
        url_relative="deny",
        link_rel=None,
    ).strip()
