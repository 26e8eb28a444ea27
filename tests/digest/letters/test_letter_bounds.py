"""No letter is longer than mail programs show, whatever it holds: what finds no room stands on its page or is owed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from articles.adapters.store import Arrival
from articles.article import Kind, SourceName
from budkavle.checks.samples import sample_dateline
from budkavle.installation.wiring import Service
from digest.editions.adapters.explanations import delivery_record
from digest.editions.compose import masthead
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.editions.letter_sizes import fit_of
from digest.editions.slots import PeriodKey
from digest.letters.content import Content, ContentRow, Showing
from digest.letters.letter import HTML_BYTES, LetterForm, LetterTooLargeError, made_out, rendered
from digest.letters.values import LetterArticles, Recipient
from tests.digest.relay import KEY, newsroom
from tests.given import LINGONMARK, NOW, draft, plan_period

ANNA = Recipient(address="anna@example.org", leave_token="0" * 32)
LONG = "Nämnden beslutar om kollektivtrafik & kultur, <del {number}>: " + "mycket långa rubriker av ett enda slag " * 7
WEEK = timedelta(days=7)
NEXT = PeriodKey("2026-01-16")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path, readers=1) as opened:
        yield opened


def long_title(number: int) -> str:
    return LONG.format(number=number)[:299] + "x"


def publish(service: Service, title: str, lead: str = "Bussen går varje timme.") -> None:
    new = draft(title, lead=lead, url=f"https://www.example.org/nyheter/{len(title)}/")
    arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{title}.txt",), draft=new)
    service.articles.take(arrival, LINGONMARK, NOW)


def digest_of(service: Service, items: int = 30) -> Digest:
    return replace(service.digests[0], items=items)


def html_of(form: LetterForm) -> str:
    return html_part(made_out(form, ANNA))


def html_part(letter: bytes) -> str:
    part = BytesParser(policy=policy.default).parsebytes(letter).get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def only_content(service: Service, edition: Edition) -> Content:
    (content,) = service.forms.unrendered(edition).values()
    return content


def html_in(service: Service, digest: Digest, edition: Edition) -> str:
    return html_of(service.composer.letter_form(digest, edition, only_content(service, edition)))


async def test_a_letter_of_200_items_with_titles_of_300_characters_is_bounded_and_its_page_names_all(
    service: Service,
) -> None:
    digest = digest_of(service, items=200)
    titles = [long_title(number) for number in range(200)]
    assert {len(title) for title in titles} == {300}
    for title in titles:
        publish(service, title)
    edition = plan_period(service, digest, PeriodKey(KEY), NOW)
    html = html_in(service, digest, edition)
    assert len(html.encode()) <= HTML_BYTES
    in_letter = [row for row in only_content(service, edition).rows if row.showing is Showing.ITEM]
    assert len(in_letter) > 30
    assert f"Det finns {201 - len(in_letter)} nyheter till." in unescape(html).replace("\N{NO-BREAK SPACE}", " ")
    assert html.count(masthead(service.publication, digest).edition_url(KEY)) == 3
    await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
    page = service.past_editions.archived(digest, KEY)
    assert page is not None
    assert {each.item.headline for each in (*page.items, *page.named)} >= set(titles)
    assert len(page.items) == len(in_letter)
    later = plan_period(service, digest, NEXT, NOW + WEEK)
    assert not service.forms.unrendered(later), "all of it counts as said"


HARD = {
    "markup": ("<b>&" * 500, "<&>" * 140 + "."),
    "combining marks": ("e\u0301" * 3000, "Åäö " * 70 + "z."),
    "emoji": ("👩‍🚒" * 2000, "🚒" * 290 + "."),
    "one word": ("x" * 5000, "x" * 440 + "."),
}


@pytest.mark.parametrize(("title", "lead"), HARD.values(), ids=list(HARD))
def test_a_letter_is_bounded_whatever_titles_and_leads_are_made_of(service: Service, title: str, lead: str) -> None:
    digest = digest_of(service, items=15)
    for number in range(15):
        publish(service, f"{number} {title}", lead)
    edition = plan_period(service, digest, PeriodKey(KEY), NOW)
    assert len(html_in(service, digest, edition).encode()) <= HTML_BYTES
    assert len(only_content(service, edition).rows) == 16


async def test_notices_come_before_news_shortened_and_those_without_room_are_owed(service: Service) -> None:
    digest = digest_of(service, items=200)
    for number in range(100):
        publish(service, f"Rubrik {number} " + "om en bussgata " * 20 + "i Granvik")
    plan_period(service, digest, PeriodKey(KEY), NOW)
    await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
    for history in service.articles.histories():
        if history.newest.article.title.startswith("Rubrik"):
            service.articles.act(history.newest.article.id, Kind.CORRECTED, "Det var fel dag. " * 50, NOW)
    publish(service, "Något nytt")
    told = 0
    for week in range(1, 6):
        edition = plan_period(service, digest, PeriodKey((NOW + week * WEEK).date().isoformat()), NOW + week * WEEK)
        contents = service.forms.unrendered(edition)
        if not contents:
            break
        html = html_in(service, digest, edition)
        assert len(html.encode()) <= HTML_BYTES
        notices = [row for row in only_content(service, edition).rows if row.showing is Showing.CORRECTED]
        told += len(notices)
        assert "Något nytt" not in html, "notices first: the page names it"
        await service.sending.send(lambda week=week: NOW + week * WEEK, lambda: False, lambda _: None)  # type: ignore[misc]
    assert told == 100
    assert week <= 3, "a letter has room for more than forty"


def test_what_is_withdrawn_in_mid_run_makes_room_for_what_its_letter_had_none_for(service: Service) -> None:
    digest = digest_of(service, items=200)
    for number in range(100):
        publish(service, long_title(number))
    edition = plan_period(service, digest, PeriodKey(KEY), NOW)
    before = only_content(service, edition)
    gone = [row.article for row in before.rows if row.showing is Showing.ITEM][:5]
    for article in gone:
        service.articles.act(article, Kind.WITHDRAWN, "Gäller inte.", NOW)
    assert service.letters.render_waiting(NOW)
    (after,) = contents_of_letters(service, edition)
    assert not {row.article for row in after.rows} & set(gone)
    named = sum(row.showing is Showing.NAMED for row in after.rows)
    assert len(after.rows) == len(before.rows) - 5
    assert named >= sum(row.showing is Showing.NAMED for row in before.rows) - 5


def contents_of_letters(service: Service, edition: Edition) -> list[Content]:
    """What the letters that wait hold."""
    with service.database.read.begin() as connection:
        fates = [delivery_record(connection, edition.id, each.id) for each in service.subscribers.all()]
    return [fate.shown for fate in fates if fate and fate.shown]


def test_a_letter_planned_before_there_was_a_bound_is_bounded_when_it_is_made(service: Service) -> None:
    """A store upgraded in the middle of an edition: no row of its letter says that it is short."""
    digest = digest_of(service, items=200)
    for number in range(160):
        publish(service, long_title(number))
    letter = service.preview.letter(digest, None, NOW)
    assert letter is not None
    assert len(html_part(letter).encode()) <= HTML_BYTES, "of a preview, too"
    edition = plan_period(service, digest, PeriodKey(KEY), NOW)
    rows = [
        ContentRow(showing=Showing.ITEM, article=row.article, seq=row.seq)
        for row in only_content(service, edition).rows
    ]
    html = html_of(service.composer.letter_form(digest, edition, Content(rows=frozenset(rows))))
    assert len(html.encode()) <= HTML_BYTES
    assert "nyheter till" in html


def test_a_letter_that_no_room_can_be_made_for_is_not_made(service: Service) -> None:
    head, line = masthead(service.publication, digest_of(service)), sample_dateline(ZoneInfo("Europe/Stockholm"))
    with pytest.raises(LetterTooLargeError, match=r"make letters/edition\.html smaller"):
        rendered(head, line, LetterArticles(), ANNA.leave_token, lambda _name, _values: "x" * (HTML_BYTES + 1))


def test_an_ordinary_letter_is_whole(service: Service) -> None:
    digest = digest_of(service)
    for number in range(20):
        publish(service, f"Bussarna går tätare mellan Lingonby och Granvik {number}", "Kort. " * 40)
    edition = plan_period(service, digest, PeriodKey(KEY), NOW)
    assert not any(row.short or row.showing is Showing.NAMED for row in only_content(service, edition).rows)
    fit = fit_of(service.composer, digest, edition)
    assert fit(only_content(service, edition)) == only_content(service, edition)
