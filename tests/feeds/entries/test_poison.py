from collections.abc import Callable
from dataclasses import replace

import feedparser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml.html import fragment_fromstring

from articles.article import BulletList, Contact, Image, Paragraph, Quote, Section
from feeds.entries.composition import Render
from feeds.entries.sanitising import sanitised
from feeds.formats.gate import faults
from tests.drawn import examples
from tests.feeds.building import build
from tests.feeds.newsroom import ANNA, EVERYTHING, SITE, corrected, in_xml, published, withdrawn

Read = Callable[[bytes], feedparser.FeedParserDict]
HEALTHY = published(1)
HARMLESS = {"a", "blockquote", "br", "em", "h2", "h3", "img", "li", "ol", "p", "strong", "ul", "div"}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "]]>",
    "<![CDATA[",
    "<!--",
    "<!DOCTYPE x>",
    "&#x202e;",
    "&lt;script&gt;",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}",
    "%(title)s",
    "\x00",
    "\x0b",
    "\x1b",
    "\x85",
    "\ud800",
    "\ufffe",
    "\U0001fffe",
    "\u202e",
    "\u2067",
    "\r\n",
)
words = st.text(st.characters(codec=None) | st.sampled_from("<>&\"'\x00\ud800\ufffe\u202e\r\n"), max_size=20)
hostile = st.lists(words | st.sampled_from(HOSTILE), min_size=1, max_size=6).map("".join)


@pytest.mark.parametrize(
    ("bad", "named"),
    [("\x0b", "U+000B"), ("\x00", "U+0000"), ("\ud800", "U+D800"), ("\ufffe", "U+FFFE"), ("\x1c", "U+001C")],
)
@pytest.mark.parametrize("place", ["title", "lead", "body", "alt", "note", "contact"])
def test_a_character_that_xml_cannot_hold_sets_the_article_aside_and_is_named(
    render: Render, read: Read, bad: str, named: str, place: str
) -> None:
    text = f"Hej{bad}då"
    poisoned = {
        "title": published(2, title=text),
        "lead": published(2, lead=text),
        "body": published(2, sections=(Section(blocks=(Paragraph(text=text),)),)),
        "alt": published(2, images=(Image(src="https://www.example.org/a.png", alt=text),)),
        "note": corrected(published(2), 3, note=text),
        "contact": published(2, contacts=(Contact(name=text),)),
    }[place]
    made = build(replace(EVERYTHING, contacts=True), [HEALTHY, poisoned], SITE, render)
    (report,) = made.set_aside
    assert report.article_id == poisoned.article.id
    assert named in report.why
    assert report.title.isprintable()
    assert [entry.id for entry in made.entries] == [HEALTHY.article.id]
    assert all(len(read(document).entries) == 1 for document in in_xml(made).values())


def test_an_article_whose_address_cannot_be_followed_is_set_aside(render: Render) -> None:
    made = build(EVERYTHING, [HEALTHY, published(2, url="javascript:alert(1)")], SITE, render)
    assert "'javascript:alert(1)' is no absolute web address" in made.set_aside[0].why
    assert len(made.entries) == 1


def test_an_article_that_would_choke_readers_is_set_aside(render: Render) -> None:
    endless = published(2, sections=(Section(blocks=(Paragraph(text="Nyheter. " * 250_000),)),))
    made = build(EVERYTHING, [HEALTHY, endless], SITE, render)
    assert "characters long" in made.set_aside[0].why
    assert len(made.entries) == 1


def test_an_article_of_an_unknown_publisher_is_set_aside_with_the_remedy(render: Render) -> None:
    made = build(EVERYTHING, [HEALTHY, published(2, publishers=("okand",))], SITE, render)
    assert "add it to [[publishers]]" in made.set_aside[0].why


def test_whatever_a_template_raises_costs_one_article(render: Render) -> None:
    def failing(name: str, values: object, /) -> str:
        if getattr(values.get("article"), "id", None) == published(2).article.id:
            raise ZeroDivisionError
        return render(name, values)

    made = build(EVERYTHING, [HEALTHY, published(2)], SITE, failing)
    assert [report.why for report in made.set_aside] == ["ZeroDivisionError()"]
    assert len(made.entries) == 1


def test_a_broken_correction_takes_its_article_along_so_that_no_half_of_it_is_shown(render: Render) -> None:
    made = build(EVERYTHING, [HEALTHY, corrected(published(2), 3, note="\x00")], SITE, render)
    assert [entry.id for entry in made.entries] == [HEALTHY.article.id]


def test_a_feed_whose_own_title_is_broken_blames_no_article(render: Render) -> None:
    made = build(replace(EVERYTHING, title="Alla\x00"), [HEALTHY], SITE, render)
    assert made.documents == {}
    assert made.set_aside == ()
    assert made.faults


def test_two_articles_of_one_id_are_not_published(render: Render) -> None:
    made = build(EVERYTHING, [HEALTHY, HEALTHY], SITE, render)
    assert made.documents == {}
    assert "stands there 2 times" in "; ".join(made.faults)


@settings(max_examples=examples(100))
@given(text=hostile)
@example(text="".join(HOSTILE[:13]))
@example(text="\x7f\x80\x9f\ufdd0")
@example(text="Â¡")
def test_hostile_text_never_acts_and_never_costs_another_article(render: Render, read: Read, text: str) -> None:
    title = " ".join(text.split()) or "Rubrik"
    quoted = replace(ANNA, name=text, role=text, party=text)
    blocks = (Paragraph(text=text), BulletList(items=(text, text)), Quote(text=text, speakers=(quoted,)))
    images = (Image(src=text, alt=text), Image(src=f"https://www.example.org/{text}", alt=text))
    sections = (Section(heading=text, blocks=blocks),)
    poisoned = published(2, title=title, lead=text, sections=sections, images=images)
    withdrew = withdrawn(published(4, title=title), 5, note=text)
    for others in ([poisoned, withdrew], [corrected(poisoned, 3, note=text), withdrew]):
        made = build(EVERYTHING, [HEALTHY, *others], SITE, render)
        assert HEALTHY.article.id in {entry.id for entry in made.entries}
        for suffix, document in made.documents.items():
            assert faults(suffix, document, made.entries) == ()
        for entry, seen in zip(made.entries, read(made.documents[".atom"]).entries, strict=True):
            _cannot_act(entry.content_html)
            # What feedparser takes out of hostile content, we have taken out already.
            assert _elements(seen.content[0].value) == _elements(_as_feedparser_mends(entry.content_html))
            assert not set("\u202d\u202e") & set(entry.title + entry.summary + entry.content_html)
        for report in made.set_aside:
            assert (report.title + report.why).encode()


def _elements(content: str) -> list[tuple[object, ...]]:
    found = fragment_fromstring(sanitised(content), create_parent="div").iter()
    return [(each.tag, dict(each.attrib), each.text or "", each.tail or "") for each in found]


def _cannot_act(content: str) -> None:
    for element in fragment_fromstring(content or "<p></p>", create_parent="div").iter():
        assert element.tag in HARMLESS
        assert set(element.keys()) <= {"src", "alt", "href"}
        assert element.get("src", "https://").startswith(("http://", "https://"))


def _as_feedparser_mends(html: str) -> str:
    """What reads as UTF-8 that somebody took for Latin-1, feedparser takes for just that."""
    try:
        return html.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return html
