"""What a reader sees: subject, order, links, sub-items, counts."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from articles.article import Article, ArticleId, DateSource, Paragraph, Published, PublisherId, Section
from budkavle.templates import renderer
from digest.letter import HTML_BYTES, Render, Rendered, rendered
from digest.letter_values import Dateline, Mailbox, Masthead, Shown, ShownArticle

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RENDER = renderer("sv", STOCKHOLM)
MASTHEAD = Masthead(
    name="veckobrev",
    title="Veckans nyheter",
    sender=Mailbox(name="Region Lingonmark", address="nyheter@example.org"),
    language="sv",
    public_url="https://nyheter.example.org/",
)
DATELINE = Dateline(
    key="2026-11-20",
    label="14–20 november 2026",
    date=datetime(2026, 11, 20, 8, 0, tzinfo=STOCKHOLM),
)


def article(title: str = "Ny buss till Granvik", *, lead: str = "", name: str = "a") -> Article:
    return Article(
        id=ArticleId(f"tag:example.org,2026:lingonmark/{name}"),
        publishers=(PublisherId("lingonmark"),),
        title=title,
        lead=lead,
        url=f"https://www.example.org/nyheter/{name}/",
        published=Published(value=date(2026, 11, 18), source=DateSource.TEXT, raw="18 november 2026"),
    )


def item(title: str = "Ny buss till Granvik", *, lead: str = "", name: str = "a") -> ShownArticle:
    return ShownArticle(article=article(title, lead=lead, name=name), publishers=("Region Lingonmark",))


def noticed(title: str, note: str) -> ShownArticle:
    return replace(item(title), note=note, noted_on=date(2026, 11, 13))


def seen(shown: Shown, masthead: Masthead = MASTHEAD, render: Render = RENDER) -> Rendered:
    return rendered(masthead, DATELINE, shown, "0" * 32, render)


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        (Shown(items=(item("Ny buss"),)), "Veckans nyheter: Ny buss"),
        (Shown(items=(item("Ny buss"), item("Ny båt"))), "Veckans nyheter: Ny buss och 1 nyhet till"),
        (Shown(items=(item("Ny buss"),), more=4), "Veckans nyheter: Ny buss och 4 nyheter till"),
        (Shown(corrected=(noticed("Ny buss", "Fel dag."),)), "Veckans nyheter: 1 rättelse"),
        (
            Shown(corrected=(noticed("a", "b"),) * 2, withdrawn=(noticed("c", "d"),)),
            "Veckans nyheter: 2 rättelser och 1 återkallad nyhet",
        ),
        (
            Shown(items=(item("Bussarna går tätare mellan Lingonby och Granvik från december"), item("Ny båt"))),
            "Veckans nyheter: Bussarna går tätare mellan Lingonby och… och 1 nyhet till",
        ),
        (Shown(items=(item("x" * 400), item("b"))), f"Veckans nyheter: {'x' * 40}… och 1 nyhet till"),
    ],
)
def test_a_subject_says_the_first_headline_and_how_many_more(shown: Shown, subject: str) -> None:
    assert seen(shown).subject == subject
    assert len(subject) <= 75


def test_corrections_come_first_and_withdrawals_before_the_news() -> None:
    shown = Shown(
        items=(item("Ny buss"),),
        corrected=(noticed("Ny vårdcentral", "Rätt datum är den 1 februari."),),
        withdrawn=(noticed("Fri parkering", "Beslutet är överklagat."),),
    )
    text = seen(shown).text
    places = [text.index(part) for part in ("Rättelser", "Rättat 13 november", "Återkallat 13 november", "Ny buss")]
    assert places == sorted(places)
    assert "Rätt datum är den 1 februari." in text
    assert "1 nyhet, 1 rättelse och 1 återkallad nyhet" in text


def test_a_withdrawn_article_is_not_linked() -> None:
    shown = Shown(withdrawn=(noticed("Fri parkering", "Beslutet är överklagat."),))
    alone = seen(shown)
    assert "/nyheter/a/" not in alone.text + alone.html


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "ftp://x.test/", "https://x.test/a b", "https://x.test/\n"]
)
def test_a_headline_without_an_address_for_the_web_is_not_linked(url: str | None) -> None:
    shown = replace(item(), article=replace(article(), url=url))
    html = seen(Shown(items=(shown,))).html
    assert "Ny buss till Granvik</h2>" in html
    assert html.count("<a ") == 4, "twice to the edition on the web, to one's choices, and out"


def test_words_in_another_language_are_marked_as_such() -> None:
    shown = replace(item(), article=replace(article("A new bus to Granvik", lead="It is blue."), language="en"))
    html = seen(Shown(items=(shown,))).html
    assert html.count('lang="en"') == 2
    assert html.count('lang="sv"') == 2


def test_an_english_letter_has_english_words() -> None:
    english = renderer("en", STOCKHOLM)
    shown = Shown(items=(item("A bus"), item("A boat")), corrected=(noticed("A train", "It is late."),))
    alone = seen(shown, replace(MASTHEAD, language="en"), english)
    assert alone.subject == "Veckans nyheter: A bus and 1 more news item"
    assert "2 news items and 1 correction" in alone.text
    assert "Corrected on 13 November 2026. It is late." in alone.text


def test_several_decisions_are_sub_items() -> None:
    body = (Paragraph(text="Fullmäktige beslutade om detta."),)
    sections = (Section(heading="Ny budget", blocks=body), Section(heading="Nya avgifter", blocks=body))
    shown = replace(item(), article=replace(article(), sections=sections))
    assert "I samma nyhet:\n- Ny budget\n- Nya avgifter\n" in seen(Shown(items=(shown,))).text


def test_what_the_limit_leaves_out_is_counted_and_can_be_found() -> None:
    text = seen(Shown(items=(item(),), more=12, more_url="https://nyheter.example.org/feeds/alla.html")).text
    assert "13 nyheter" in text
    assert "Det finns 12 nyheter till." in text
    assert "https://nyheter.example.org/feeds/alla.html" in text


def test_a_full_letter_stays_under_what_mail_programs_clip() -> None:
    lead = "Regionfullmäktige sa i dag ja till en ny plan för bussar och tåg i hela länet. " * 3
    usual = tuple(item("Bussarna går tätare mellan Lingonby och Granvik", lead=lead, name=str(n)) for n in range(30))
    huge = tuple(item("Bussarna går tätare" * 20, lead="<&>" * 100 + ".", name=str(n)) for n in range(30))
    full = seen(Shown(items=usual)).html
    assert "ny plan för bussar" in full
    assert len(full.encode()) <= HTML_BYTES
    assert len(seen(Shown(items=huge)).html.encode()) <= HTML_BYTES
