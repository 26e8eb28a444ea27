import re
import tomllib
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from articles.article import Kind, Topic, TopicId
from articles.topics import topics_in
from budkavle.config.load import load
from budkavle.installation.slices.articles import sources
from budkavle.sample.weeks import Calendar, calendar

SAMPLE = Path(str(files("budkavle.sample")))
NEWSROOM = SAMPLE / "newsroom"
TEXTS = {
    str(path.relative_to(NEWSROOM)): path.read_text(encoding="utf-8")
    for path in sorted(NEWSROOM.rglob("*"))
    if path.is_file()
}
CONFIG = load(Path(__file__).parents[3] / "config.toml")

# The numbers that the Swedish numbering plan keeps for books and films.
FICTION = re.compile(r"031-390 06 \d\d|040-628 04 \d\d|08-465 004 \d\d|0980-319 2\d\d|070-174 06 (?:0[5-9]|[1-9]\d)")


@pytest.fixture(scope="module")
def replayed() -> Calendar:
    return calendar()


def test_there_are_six_weeks_one_after_the_other(replayed: Calendar) -> None:
    fridays = [week.friday for week in replayed.weeks]
    assert fridays == [date(2026, 1, 9) + timedelta(weeks=week) for week in range(6)]


def test_every_sample_text_has_its_place_in_the_calendar() -> None:
    written = tomllib.loads((SAMPLE / "calendar.toml").read_text(encoding="utf-8"))
    used = [file["file"] for week in written["weeks"] for file in week["files"]]
    used += [act["sample"] for week in written["weeks"] for act in week.get("acts", ()) if "sample" in act]
    assert sorted(used) == sorted(TEXTS)


def test_at_least_fourteen_articles_of_two_publishers_are_laid_out(replayed: Calendar) -> None:
    laid_out = [own.file for week in replayed.weeks for own in week.files]
    assert len(laid_out) == len(set(laid_out)) >= 14
    assert {file.partition("/")[0] for file in laid_out} == {"lingonmark", "barrvik", "gemensamt"}


def test_every_week_brings_something(replayed: Calendar) -> None:
    assert all(week.files for week in replayed.weeks)


def test_every_text_lies_in_the_folder_of_a_source_of_the_shipped_configuration(replayed: Calendar) -> None:
    folders = {str(source.folder.relative_to(CONFIG.folder)) for source in sources(CONFIG)}
    assert {f"newsroom/{own.file.partition('/')[0]}" for week in replayed.weeks for own in week.files} == folders


def test_articles_are_corrected_withdrawn_and_edited_in_a_later_week(replayed: Calendar) -> None:
    laid_out = {own.file: number for number, week in enumerate(replayed.weeks, 1) for own in week.files}
    acts = [
        (act.kind, laid_out[act.file], number) for number, week in enumerate(replayed.weeks, 1) for act in week.acts
    ]
    assert acts == [(Kind.CORRECTED, 2, 3), (Kind.WITHDRAWN, 3, 4), (Kind.EDITED, 4, 5)]


def test_a_correction_changes_the_text_and_says_what_was_wrong(replayed: Calendar) -> None:
    for act in (act for week in replayed.weeks for act in week.acts):
        assert act.text != TEXTS[act.file]
        assert bool(act.text) == (act.kind is not Kind.WITHDRAWN)
        assert bool(act.note) == (act.kind is not Kind.EDITED)


def test_a_page_without_a_date_gets_one_in_its_week_from_its_address(replayed: Calendar) -> None:
    for week in replayed.weeks:
        for own in (own for own in week.files if own.file.startswith("lingonmark/")):
            match = re.search(r"/(\d{4}-\d\d-\d\d)-[a-z0-9-]+\.html$", own.url or "")
            assert match, own.file
            assert week.friday - timedelta(weeks=1) <= date.fromisoformat(match[1]) < week.friday
            assert not re.match(r"\d+ \w+ \d{4}$", own.text, re.MULTILINE)


def test_one_article_is_back_dated_by_two_weeks_and_one_comes_late(replayed: Calendar) -> None:
    placed = {own.file: (week.friday, own.text) for week in replayed.weeks for own in week.files}
    assert "published: 2026-01-15\n" in placed["gemensamt/kulturstipendium.md"][1]
    assert placed["gemensamt/kulturstipendium.md"][0] - date(2026, 1, 15) >= timedelta(weeks=2)
    assert "5 februari 2026\n" in placed["barrvik/sportlov-2026.txt"][1]
    assert placed["barrvik/sportlov-2026.txt"][0] == date(2026, 2, 13)


def test_one_statement_is_of_both_publishers() -> None:
    assert [file for file, text in TEXTS.items() if "publishers: [lingonmark, barrvik]" in text] == [
        "gemensamt/hem-fran-sjukhuset.md"
    ]


def test_one_reader_comes_later_and_one_leaves_in_the_fifth_week(replayed: Calendar) -> None:
    assert len(replayed.readers) == 8
    assert [own.address for own in replayed.readers if own.joins > replayed.weeks[0].friday] == ["lasare2@example.org"]
    assert [own.leaves for own in replayed.readers if own.leaves] == [replayed.weeks[4].friday]


def test_readers_choose_what_the_shipped_configuration_has(replayed: Calendar) -> None:
    topics = {topic.id for topic in CONFIG.topics()}
    assert all(topics.issuperset(own.topics) for own in replayed.readers)
    assert all(set(CONFIG.publishers()).issuperset(own.publishers) for own in replayed.readers)


TOPICS = tuple(Topic(id=TopicId(topic.id), label=topic.label, words=topic.words) for topic in CONFIG.settings.topics)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Sportlov: föreningsbussen kör gratis till simhallen", ("kultur",)),
        ("Bokbussen får nya tider", ()),
        ("Luciatåg i kyrkan", ()),
        ("Relevanta uppgifter om arbetsmiljön och arbetsklimatet", ()),
        ("Vårdslös körning, och vårdnadshavare som oroar sig", ()),
        ("Jordbrukskultur och bostadsrättsföreningar", ()),
        ("Hemsjukvården byter bilar, matavfallet blir gas", ("vard", "miljo")),
        ("Tåget och bussarna går tätare, pendeltågen med", ("kollektivtrafik",)),
        ("Eleverna i förskolan och på Risby folkhögskola", ("skola",)),
        ("Konsert på biblioteket, och länsmuseum för alla", ("kultur",)),
        ("Budgeten klubbades i kommunfullmäktige", ("ekonomi",)),
    ],
)
def test_the_shipped_topics_are_not_found_in_words_that_mean_something_else(text: str, topics: tuple[str, ...]) -> None:
    assert topics_in(text, TOPICS) == topics


@pytest.mark.parametrize("file", TEXTS)
def test_a_text_is_as_long_as_a_real_one(file: str) -> None:
    assert 120 <= len(TEXTS[file].split()) <= 350


@pytest.mark.parametrize("file", TEXTS)
def test_only_telephone_numbers_of_fiction_are_printed(file: str) -> None:
    numbers = re.findall(r"(?<![\d-])0\d{1,3}-\d[\d ]*\d", TEXTS[file])
    assert [number for number in numbers if not FICTION.fullmatch(number)] == []


@pytest.mark.parametrize("file", [*TEXTS, "calendar.toml"])
def test_no_address_leads_to_anybody_real(file: str) -> None:
    text = TEXTS[file] if file in TEXTS else (SAMPLE / file).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\s\"]+)", text)) <= {"www.example.org"}
    assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.org"}


@pytest.mark.parametrize("file", [file for file in TEXTS if file.endswith(".md")])
def test_every_picture_of_a_markdown_text_has_a_description(file: str) -> None:
    assert TEXTS[file].count("  - src: ") == TEXTS[file].count("    alt: ") >= 1
