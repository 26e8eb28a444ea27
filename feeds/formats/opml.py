"""OPML 2.0: the list of all feeds, which readers take in as a whole."""

from collections.abc import Iterable

from lxml.etree import Element, SubElement, tostring

from feeds.entries.entry import Feed, Site, document_address

SUFFIX, MEDIA_TYPE = ".opml", "text/x-opml"
OPML = "alla.opml"
"""The list's name among the documents of feeds."""


def opml(feeds: Iterable[Feed], site: Site) -> bytes:
    """Every feed in the order given; equal feeds give equal bytes."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = site.title
    body = SubElement(root, "body")
    for feed in feeds:
        SubElement(
            body,
            "outline",
            type="rss",  # so says OPML 2.0 of Atom, too: readers look for nothing else
            text=feed.title,
            title=feed.title,
            xmlUrl=document_address(feed, ".atom", site),
            htmlUrl=document_address(feed, ".html", site),
            language=site.language,
        )
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document
