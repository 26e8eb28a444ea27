from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from articles.article import Image, Kind
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Entry, Tombstone
from tests.feeds.newsroom import SITE, at, corrected, edited, on, published, rich, version, withdrawn

STOCKHOLM = SITE.zone

TITLE = "Kortare köer till vården 1"


def test_an_article_becomes_its_whole_text(render: Render) -> None:
    (entry,) = compose(rich(), SITE, render)
    assert entry.content_html == (
        "<p><strong>Regionen har kortat köerna till vården.</strong></p>"
        '<p><img src="https://www.example.org/bilder/vard.jpg" alt="Väntrum med &quot;tomma&quot; stolar"></p>'
        "<p>Köerna är 13&nbsp;% kortare.<br>Det är bra.</p>"
        '<h2 id="sa">Så gick det till</h2>'
        "<ul><li>fler läkare</li><li>öppet på kvällar &amp; helger</li></ul>"
        "<blockquote><p>– Det känns bra, säger hon.</p><p>– Anna Exempel (X), regionråd</p></blockquote>"
        "<blockquote><p>– Det gör det, säger Bo Exempel.</p></blockquote>"
    )


def test_contacts_stay_out_of_a_feed(render: Render) -> None:
    (entry,) = compose(rich(), SITE, render)
    assert "Cilla" not in entry.content_html
    assert "010" not in entry.content_html


def test_an_entry_says_who_what_and_in_which_language(render: Render) -> None:
    (entry,) = compose(rich(), SITE, render)
    assert [author.name for author in entry.authors] == ["Region Lingonmark", "Blåviks kommun"]
    assert [(category.term, category.scheme, category.label) for category in entry.categories] == [
        ("lingonmark", "https://nyheter.example.org/utgivare", "Region Lingonmark"),
        ("blavik", "https://nyheter.example.org/utgivare", "Blåviks kommun"),
        ("vard", "https://nyheter.example.org/amnen", "Hälso- och sjukvård"),
        ("kollektivtrafik", "https://nyheter.example.org/amnen", "Kollektivtrafik"),
    ]
    assert (entry.language, entry.summary) == ("sv", "Regionen har kortat köerna till vården.")


def test_a_day_begins_at_midnight_in_the_sites_zone(render: Render) -> None:
    (entry,) = compose(published(published=on(date(2026, 6, 24))), SITE, render)
    assert entry.published.isoformat() == "2026-06-24T00:00:00+02:00"


@pytest.mark.parametrize("day", [date(2022, 1, 1), date(2022, 1, 21), date(2022, 1, 22)], ids=["late", "same", "ahead"])
def test_an_entry_changed_when_it_came_whatever_date_it_bears(render: Render, day: date) -> None:
    (entry,) = compose(published(published=on(day)), SITE, render)
    assert (entry.published.date(), entry.updated) == (day, at(1))


def test_an_entry_of_a_first_look_or_of_before_is_dated_by_its_article(render: Render) -> None:
    history = published(published=on(date(2022, 1, 1)))
    first = replace(history.published, by_date=True)
    (entry,) = compose(replace(history, newest=first, published=first), SITE, render)
    assert entry.updated == entry.published


def test_a_mended_date_leaves_the_time_of_change(render: Render) -> None:
    history = edited(published(published=on(date(2022, 1, 1))), 2, published=on(date(2022, 1, 5)))
    (entry,) = compose(history, SITE, render)
    assert (entry.published.date(), entry.updated) == (date(2022, 1, 5), at(1))


def test_a_time_of_day_is_kept_to_the_second(render: Render) -> None:
    moment = datetime(2022, 1, 21, 8, 30, 5, 999, tzinfo=UTC)
    (entry,) = compose(published(published=on(moment)), SITE, render)
    assert entry.published.isoformat() == "2022-01-21T09:30:05+01:00"


def test_an_article_without_an_address_points_to_its_publisher(render: Render) -> None:
    (entry,) = compose(published(url=None), SITE, render)
    assert entry.url == "https://www.example.org/"


def test_a_picture_whose_address_nobody_can_follow_is_left_out(render: Render) -> None:
    images = tuple(Image(src=src, alt="En bild") for src in ("/bild.jpg", "http://[", "javascript:alert(1)"))
    (entry,) = compose(published(url=None, images=images), SITE, render)
    assert "<img" not in entry.content_html


def test_a_mended_typo_changes_the_text_and_nothing_else(render: Render) -> None:
    (before,) = compose(published(), SITE, render)
    (after,) = compose(edited(published(), 5, lead="Köerna är kortare.", published=on(date(2022, 1, 20))), SITE, render)
    assert (after.id, after.updated, after.seq) == (before.id, before.updated, before.seq)
    assert "Köerna är kortare." in after.content_html


def test_a_correction_raises_updated_and_opens_the_text_with_a_dated_note(render: Render) -> None:
    entry, _ = compose(corrected(published(), 5, lead="Köerna är längre."), SITE, render)
    assert (entry.id, entry.updated) == (published().article.id, at(5))
    assert entry.content_html == (
        "<p><strong>Rättad den 21 i månad 1 2022.</strong> Siffran var fel.</p>"
        "<p><strong>Köerna är längre.</strong></p>"
    )


def test_a_correction_is_an_entry_of_its_own_that_points_to_the_original(render: Render) -> None:
    original, entry = compose(corrected(published(), 5), SITE, render)
    assert entry.id == f"{original.id}/rattelse-5"
    assert entry.title == "Rättelse: Kortare köer till vården 1"
    assert entry.published == entry.updated == at(5)
    assert [(link.rel, link.href) for link in entry.links] == [("alternate", original.url), ("related", original.url)]
    assert entry.content_html == (
        "<p><strong>Rättad den 21 i månad 1 2022.</strong> Siffran var fel.</p>"
        '<p><a href="https://www.example.org/nyheter/1">Läs den rättade texten</a></p>'
    )


def test_a_typo_mended_after_a_correction_keeps_the_note(render: Render) -> None:
    entry, note = compose(edited(corrected(published(), 5), 6, lead="Köerna är längre."), SITE, render)
    assert entry.updated == note.updated == at(5)
    assert entry.content_html.startswith("<p><strong>Rättad den ")
    assert "Köerna är längre." in entry.content_html


def test_a_withdrawal_leaves_a_dated_notice_in_the_place_of_the_text(render: Render) -> None:
    (entry,) = compose(withdrawn(rich(), 7), SITE, render)
    assert (entry.id, entry.updated) == (rich().article.id, at(7))
    assert entry.title == f"Återkallat: {TITLE}"
    assert entry.content_html == ("<p><strong>Återkallad den 21 i månad 1 2022.</strong> Uppgifterna stämmer inte.</p>")
    assert entry.summary == "Uppgifterna stämmer inte."


def test_a_withdrawal_reaches_the_entry_of_the_correction_too(render: Render) -> None:
    original, entry = compose(withdrawn(corrected(published(), 5), 7), SITE, render)
    assert entry.id == f"{original.id}/rattelse-5"
    assert (entry.content_html, entry.updated) == (original.content_html, at(7))
    assert (original.title, entry.title) == (f"Återkallat: {TITLE}", f"Rättelse: {TITLE}")


@pytest.mark.parametrize("note", ["", "5 < 6 & <b>fel</b>"])
def test_a_note_is_text(render: Render, note: str) -> None:
    (entry,) = compose(withdrawn(published(), 7, note), SITE, render)
    assert entry.summary == note
    assert "<b>" not in entry.content_html


def test_a_title_is_plain_text_on_one_line_without_tricks(render: Render) -> None:
    (entry,) = compose(published(title="A & B\u2028<i> 100\xa0%\u202exe.gpj\u2067"), SITE, render)
    assert entry.title == "A & B <i> 100\xa0%xe.gpj"
    (_, note) = compose(corrected(published(title="50 % & %(title)s"), 2), SITE, render)
    assert note.title == "Rättelse: 50 % & %(title)s"


def test_text_without_a_lead_is_summed_up_by_its_first_paragraph(render: Render) -> None:
    (entry,) = compose(edited(rich(), 2, lead=""), SITE, render)
    assert entry.summary == "Köerna är 13\xa0% kortare. Det är bra."


def test_an_unknown_publisher_is_named_with_the_remedy(render: Render) -> None:
    with pytest.raises(LookupError, match=r"'okand' is not configured; add it to \[\[publishers\]\]"):
        compose(published(publishers=("okand",)), SITE, render)


def test_a_withdrawal_takes_back_even_a_text_that_could_not_be_published_today(render: Render) -> None:
    (entry,) = compose(withdrawn(published(lead="Hej\x00"), 2), SITE, render)
    assert entry.title == f"Återkallat: {TITLE}"


def test_nothing_is_left_of_an_article_that_has_become_a_tombstone(render: Render) -> None:
    gone = withdrawn(corrected(rich(1), 2), 3)
    lapse = version(800, Kind.LAPSED, gone.article)
    entries = compose(replace(gone, lapsed=lapse), SITE, render)
    assert all(isinstance(each, Tombstone) for each in entries)
    assert [(each.id, each.seq) for each in entries] == [(gone.article.id, 1), (f"{gone.article.id}/rattelse-2", 2)]
    assert {each.when for each in entries if isinstance(each, Tombstone)} == {at(800)}


def test_an_erasure_leaves_a_tombstone_at_once(render: Render) -> None:
    live = rich(1)
    act = version(2, Kind.ERASED, live.article)
    (tombstone,) = compose(replace(live, newest=act, erased=act), SITE, render)
    assert tombstone == Tombstone(id=live.article.id, seq=1, published=tombstone.published, when=at(2))


def test_contacts_that_have_lapsed_are_gone(render: Render) -> None:
    live = rich(1)
    for lapsed, shown in ((None, True), (version(800, Kind.LAPSED, live.article), False)):
        (entry,) = compose(replace(live, lapsed=lapsed), SITE, render, contacts=True)
        assert isinstance(entry, Entry)
        assert ("Cilla Exempel" in entry.whole_html) is shown
