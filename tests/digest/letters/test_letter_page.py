"""What a reader sees: subject, order, links, sub-items, counts."""

import re
from dataclasses import replace
from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from articles.article import Article, ArticleId, DateSource, Paragraph, Published, PublisherId, Section
from budkavle.rendering.templates import renderer
from digest.letters.letter import HTML_BYTES, Render, Rendered, rendered
from digest.letters.values import Colours, Dateline, Imprint, LetterArticles, Mailbox, Masthead, ShownArticle

HOLD = "\N{NO-BREAK SPACE}"
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


def seen(shown: LetterArticles, masthead: Masthead = MASTHEAD, render: Render = RENDER) -> Rendered:
    return rendered(masthead, DATELINE, shown, "0" * 32, render)


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        (LetterArticles(items=(item("Ny buss"),)), "Veckans nyheter: Ny buss"),
        (LetterArticles(items=(item("Ny buss"), item("Ny båt"))), "Veckans nyheter: Ny buss och 1 nyhet till"),
        (LetterArticles(items=(item("Ny buss"),), more=4), "Veckans nyheter: Ny buss och 4 nyheter till"),
        (LetterArticles(corrected=(noticed("Ny buss", "Fel dag."),)), "Veckans nyheter: 1 rättelse"),
        (
            LetterArticles(corrected=(noticed("a", "b"),) * 2, withdrawn=(noticed("c", "d"),)),
            "Veckans nyheter: 2 rättelser och 1 återkallad nyhet",
        ),
        (
            LetterArticles(
                items=(item("Bussarna går tätare mellan Lingonby och Granvik från december"), item("Ny båt"))
            ),
            "Veckans nyheter: Bussarna går tätare mellan Lingonby och… och 1 nyhet till",
        ),
        (LetterArticles(items=(item("x" * 400), item("b"))), f"Veckans nyheter: {'x' * 40}… och 1 nyhet till"),
    ],
)
def test_a_subject_says_the_first_headline_and_how_many_more(shown: LetterArticles, subject: str) -> None:
    assert seen(shown).subject == subject
    assert len(subject) <= 75


def test_corrections_come_first_and_withdrawals_before_the_news() -> None:
    shown = LetterArticles(
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
    shown = LetterArticles(withdrawn=(noticed("Fri parkering", "Beslutet är överklagat."),))
    alone = seen(shown)
    assert "/nyheter/a/" not in alone.text + alone.html


@pytest.mark.parametrize(
    "url", [None, "javascript:alert(1)", "ftp://x.test/", "https://x.test/a b", "https://x.test/\n"]
)
def test_a_headline_without_an_address_for_the_web_is_not_linked(url: str | None) -> None:
    shown = replace(item(), article=replace(article(), url=url))
    html = seen(LetterArticles(items=(shown,))).html
    assert "Ny buss till Granvik</h2>" in html
    assert html.count("<a ") == 4, "twice to the edition on the web, to one's choices, and out"


def test_an_address_with_letters_outside_ascii_is_a_uri_in_both_parts() -> None:
    shown = replace(item(), article=replace(article(), url="https://www.växjö.example/nyheter/åäö"))
    alone = seen(LetterArticles(items=(shown,)))
    for part in (alone.text, alone.html):
        assert "https://www.xn--vxj-qla6g.example/nyheter/%C3%A5%C3%A4%C3%B6" in part
        assert "växjö" not in part


def test_words_in_another_language_are_marked_as_such() -> None:
    shown = replace(item(), article=replace(article("A new bus to Granvik", lead="It is blue."), language="en"))
    html = seen(LetterArticles(items=(shown,))).html
    assert html.count('lang="en"') == 2
    assert html.count('lang="sv"') == 2


def test_an_english_letter_has_english_words() -> None:
    english = renderer("en", STOCKHOLM)
    shown = LetterArticles(items=(item("A bus"), item("A boat")), corrected=(noticed("A train", "It is late."),))
    alone = seen(shown, replace(MASTHEAD, language="en"), english)
    assert alone.subject == "Veckans nyheter: A bus and 1 more news item"
    assert "2 news items and 1 correction" in alone.text
    assert "Corrected on 13 November 2026. It is late." in alone.text


def test_several_decisions_are_sub_items() -> None:
    body = (Paragraph(text="Fullmäktige beslutade om detta."),)
    sections = (Section(heading="Ny budget", blocks=body), Section(heading="Nya avgifter", blocks=body))
    shown = replace(item(), article=replace(article(), sections=sections))
    assert "I samma nyhet:\n- Ny budget\n- Nya avgifter\n" in seen(LetterArticles(items=(shown,))).text


def test_what_the_limit_leaves_out_is_counted_and_can_be_found() -> None:
    text = seen(LetterArticles(items=(item(),), more=12, more_url="https://nyheter.example.org/feeds/alla.html")).text
    assert "13 nyheter" in text
    assert "Det finns 12 nyheter till." in text
    assert "https://nyheter.example.org/feeds/alla.html" in text


def test_a_full_letter_stays_under_what_mail_programs_clip() -> None:
    lead = "Regionfullmäktige sa i dag ja till en ny plan för bussar och tåg i hela länet. " * 3
    usual = tuple(item("Bussarna går tätare mellan Lingonby och Granvik", lead=lead, name=str(n)) for n in range(30))
    huge = tuple(item("Bussarna går tätare" * 20, lead="<&>" * 100 + ".", name=str(n)) for n in range(30))
    full = seen(LetterArticles(items=usual)).html
    assert "ny plan för bussar" in full
    assert len(full.encode()) <= HTML_BYTES
    assert len(seen(LetterArticles(items=huge)).html.encode()) <= HTML_BYTES


def test_the_charset_comes_first_in_the_head_and_what_is_read_is_marked_as_main() -> None:
    html = seen(LetterArticles(items=(item(),))).html
    assert html.index('<meta charset="utf-8">') < 100
    assert html.count("<meta charset") == 1
    assert html.count('role="main"') == 1


DATES = [("sv", "18 november 2026", "13 november 2026"), ("en", "18 November 2026", "13 November 2026")]


@pytest.mark.parametrize(("language", "published", "noted"), DATES, ids=["sv", "en"])
def test_no_line_breaks_inside_a_date_and_all_dates_are_in_one_style(language: str, published: str, noted: str) -> None:
    shown = LetterArticles(
        items=(item(),), corrected=(noticed("A", "Inte den 1 april 2026."),), withdrawn=(noticed("B", "C"),)
    )
    alone = seen(shown, replace(MASTHEAD, language=language), renderer(language, STOCKHOLM))
    html = unescape(alone.html).partition("<body")[2]
    for date_ in (published, noted):
        assert date_.replace(" ", HOLD) in html
        assert date_ in alone.text
    assert f"1{HOLD}april{HOLD}2026" in html
    loose = [found for found in re.findall(rf"\d{{1,2}}[ {HOLD}][^\W\d]+[ {HOLD}]\d{{4}}", html) if " " in found]
    assert loose == []
    assert not re.search(r"[A-Za-z]+ \d{1,2}, \d{4}", html + alone.text), "November 13, 2026"


def test_an_english_letter_says_unsubscribe() -> None:
    alone = seen(LetterArticles(items=(item(),)), replace(MASTHEAD, language="en"), renderer("en", STOCKHOLM))
    assert "Unsubscribe from Veckans nyheter</a>" in alone.html
    assert "Unsubscribe here:\nhttps://nyheter.example.org/avsluta/" in alone.text


def test_the_next_headlines_and_the_way_to_the_web_stand_before_everything_else() -> None:
    items = tuple(item(f"Rubrik nummer {number}", name=str(number)) for number in range(6))
    alone = seen(LetterArticles(items=items, corrected=(noticed("Ny buss", "Fel dag."),)))
    first, _, rest = visible(alone.html).partition("Läs på webben")
    assert first.strip() == "Också i brevet: Rubrik nummer 1 · Rubrik nummer 2 · Rubrik nummer 3"
    assert "Veckans nyheter" in rest
    assert "Läs på webben: https://nyheter.example.org/utgavor/veckobrev/2026-11-20\n" in alone.text
    assert alone.text.index("Läs på webben") < alone.text.index("Rättelser")
    only = visible(seen(LetterArticles(items=items[:1])).html)
    assert only.strip().startswith("Läs på webben"), "nothing comes next"


def test_a_withdrawal_is_told_apart_from_a_correction_by_sign_frame_and_line() -> None:
    shown = LetterArticles(
        corrected=(noticed("Ny buss", "Fel dag."),), withdrawn=(noticed("Fri parkering", "Gäller inte."),)
    )
    alone = seen(shown)
    corrected, withdrawn = alone.html.split("</h2>")[:2]
    assert "✎" in corrected[-200:]
    assert "✕" in withdrawn[-200:]
    assert "<s>Fri parkering</s>" in alone.html
    assert "<s>Ny buss" not in alone.html
    assert alone.html.count("dashed") == 1
    for line in ("✎ Rättelser", "✎ Ny buss", "✕ Återkallat", "✕ Fri parkering"):
        assert f"\n{line}\n" in alone.text


def test_the_foot_says_where_the_sender_is_and_who_answers() -> None:
    imprint = Imprint(
        postal="Region Lingonmark, Box 1, 123 45 Lingonby",
        address="redaktionen@example.org",
        phone="+46 (0)10-000 00 00",
        url="https://www.example.org/kontakt/",
    )
    alone = seen(LetterArticles(items=(item(),)), replace(MASTHEAD, imprint=imprint))
    for part in (imprint.postal, imprint.address, imprint.phone, imprint.url):
        assert part in unescape(alone.html).replace(HOLD, " ")
        assert part in alone.text
    assert 'href="mailto:redaktionen@example.org"' in alone.html
    assert 'href="tel:+46100000000"' in alone.html


def test_a_letter_has_the_accent_of_its_publisher_in_light_and_in_dark() -> None:
    own = Colours(accent="#7a1f3d", on_accent="#ffffff", accent_dark="#f3b0c3", on_accent_dark="#0d2227")
    html = seen(LetterArticles(items=(item(),)), replace(MASTHEAD, colours=own)).html
    for ours in (Colours().accent, Colours().accent_dark):
        assert ours not in html
    assert "border-top: 6px solid #7a1f3d" in html
    assert "#f3b0c3 !important" in html


def test_outlook_is_given_widths_by_table_and_fonts_it_has_and_apples_programs_leave_words_alone() -> None:
    html = seen(LetterArticles(items=(item(),))).html
    outlook = "".join(re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html, re.DOTALL))
    assert 'width="600"' in outlook
    assert "font-family: Arial" in outlook
    assert "PixelsPerInch" in outlook
    assert outlook.count("<table") == outlook.count("</table")
    assert 'name="format-detection"' in html
    assert "a[x-apple-data-detectors]" in html
    assert 'name="color-scheme" content="light dark"' in html


def test_what_is_shortened_is_cut_between_words_and_signs_and_comes_last() -> None:
    long = replace(item("👩\u200d🚒" * 200, lead="Kort text."), short=True)
    shown = LetterArticles(
        items=(long, item("Ny buss")), withdrawn=(replace(noticed("Fri parkering", "ord " * 100), short=True),)
    )
    alone = seen(shown)
    assert "👩\u200d🚒…" in alone.text
    assert "Kort text." not in alone.text
    assert alone.text.index("Ny buss") < alone.text.index("🚒")
    assert alone.text.count("ord ord") > 5
    assert "ord " * 60 not in " ".join(alone.text.split())
    assert alone.text.count("https://nyheter.example.org/utgavor/veckobrev/2026-11-20") == 3, "where all of it stands"


def visible(html: str) -> str:
    body = re.sub(r"<!--.*?-->", "", html.partition("<body")[2].partition(">")[2], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
