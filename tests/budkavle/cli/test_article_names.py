"""Articles and held inputs by the names that operators have for them, and corrections of what was read."""

import json
from pathlib import Path

import pytest

from tests.installed import ARTICLE, budkavle, page

TITLE = "Biblioteket öppnar på söndagar"
UNDATED = "En rubrik utan datum\n\nEn ingress som säger något alls.\n\nOch en text som följer.\n"


@pytest.fixture
def stored(home: Path) -> Path:
    """Two articles whose titles share a word, and whose files share a name."""
    (home / "newsroom" / "gemensamt" / "2026").mkdir()
    page(home, "gemensamt/2026/bibliotek.md", ARTICLE)
    page(home, "barrvik/bibliotek.md", ARTICLE.replace(TITLE, "Biblioteket stänger").replace("biblioteket/", "stangt/"))
    assert budkavle("import", folder=home).code == 0
    return home


def id_of(home: Path, title: str) -> str:
    records = map(json.loads, budkavle("articles", "list", "--json", folder=home).out.splitlines())
    return next(str(each["id"]) for each in records if each["title"] == title)


@pytest.mark.parametrize(
    "words",
    [
        ("söndagar",),
        ("biblioteket", "öppnar"),
        ("www.example.org/lingonmark/nyheter/biblioteket",),
        ("2026/bibliotek.md",),
        ("newsroom/gemensamt/2026/bibliotek.md",),
        ("newsroom/barrvik/../gemensamt/2026/bibliotek.md",),
    ],
)
def test_an_article_is_shown_by_any_name_of_it(stored: Path, words: tuple[str, ...]) -> None:
    done = budkavle("articles", "show", *words, folder=stored)
    assert (done.code, done.out.splitlines()[:1]) == (0, [TITLE])


def test_every_act_takes_the_same_names(stored: Path) -> None:
    article = id_of(stored, TITLE)
    absolute = stored / "newsroom" / "gemensamt" / "2026" / "bibliotek.md"
    assert budkavle("articles", "correct", absolute, "--note", "Fel.", "--unchanged", folder=stored).code == 0
    assert budkavle("articles", "withdraw", article[-16:], "--note", "Fel.", folder=stored).code == 0
    absolute.unlink()
    assert budkavle("articles", "erase", "biblioteket", "öppnar", "--yes", folder=stored).code == 0
    kinds = [each["kind"] for each in shown(stored, article)["versions"]]
    assert kinds == ["published", "corrected", "withdrawn", "erased"]


def shown(home: Path, *words: str) -> dict[str, list[dict[str, object]]]:
    record: dict[str, list[dict[str, object]]] = json.loads(
        budkavle("articles", "show", *words, "--json", folder=home).out
    )
    return record


@pytest.mark.parametrize("words", [("biblioteket",), ("bibliotek.md",)])
def test_a_name_of_two_lists_both_and_changes_neither(stored: Path, words: tuple[str, ...]) -> None:
    done = budkavle("articles", "withdraw", *words, "--note", "Fel.", folder=stored)
    assert (done.code, done.out) == (2, "")
    _, *choices = done.err.splitlines()
    assert sorted(choices) == sorted(
        f"{id_of(stored, title)}  2026-01-07  {title}" for title in (TITLE, "Biblioteket stänger")
    )
    assert {
        each["kind"] for each in map(json.loads, budkavle("articles", "list", "--json", folder=stored).out.splitlines())
    } == {"published"}


def test_a_name_of_nothing_says_what_it_was_tried_as(stored: Path) -> None:
    done = budkavle("articles", "show", "badhuset", folder=stored)
    assert done.code == 2
    for tried in ("id", "address", "file", "title", "articles list", "badhuset"):
        assert tried in done.err


def test_a_held_input_is_named_by_its_file_and_by_its_number(home: Path) -> None:
    page(home, "lingonmark/a.txt", UNDATED)
    page(home, "barrvik/a.txt", UNDATED.replace("En rubrik", "En annan rubrik"))
    page(home, "barrvik/b.txt", UNDATED.replace("En rubrik", "En tredje rubrik"))
    budkavle("import", folder=home)
    both = budkavle("articles", "refuse", "a.txt", folder=home)
    assert (both.code, len(both.err.splitlines())) == (2, 3)
    none = budkavle("articles", "refuse", "c.txt", folder=home)
    assert (none.code, "c.txt" in none.err) == (2, True)
    assert budkavle("articles", "refuse", "newsroom/barrvik/a.txt", folder=home).code == 0
    assert budkavle("articles", "release", "a.txt", "--published", "2026-03-01", folder=home).code == 0
    (waiting,) = budkavle("articles", "held", "--json", folder=home).out.splitlines()
    assert budkavle("articles", "refuse", str(json.loads(waiting)["number"]), folder=home).code == 0


def test_a_text_that_was_not_read_yet_is_no_correction(stored: Path) -> None:
    page(stored, "gemensamt/2026/bibliotek.md", ARTICLE.replace("1 februari", "1 mars"))
    done = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored)
    assert (done.code, "budkavle import " in done.err, "bibliotek.md" in done.err) == (2, True, True)
    meant = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", "--unchanged", folder=stored)
    assert meant.code == 2, "what was not read stays unread, whatever is meant"
    budkavle("import", folder=stored)
    assert budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored).code == 0
    assert [each["kind"] for each in shown(stored, "söndagar")["versions"]] == ["published", "edited", "corrected"]


def test_a_text_that_cannot_be_read_is_no_correction(stored: Path) -> None:
    page(stored, "gemensamt/2026/bibliotek.md", ARTICLE.encode("latin-1"))
    done = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored)
    assert (done.code, "UTF-8" in done.err) == (2, True)


def test_a_text_that_has_not_changed_was_not_corrected_unless_that_is_meant(stored: Path) -> None:
    done = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored)
    assert (done.code, "--unchanged" in done.err, "seq " in done.err) == (2, True, True)
    for again in (("--unchanged",), ()):
        done = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", *again, folder=stored)
        assert done.code == (0 if again else 2)
    assert [each["kind"] for each in shown(stored, "söndagar")["versions"]] == ["published", "corrected"]


def test_an_article_whose_file_is_gone_can_be_corrected(stored: Path) -> None:
    path = page(stored, "gemensamt/2026/bibliotek.md", ARTICLE.replace("1 februari", "1 mars"))
    budkavle("import", folder=stored)
    path.unlink()
    assert budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored).code == 0


def test_a_withdrawn_article_is_not_corrected_whatever_lies_in_its_file(stored: Path) -> None:
    budkavle("articles", "withdraw", "söndagar", "--note", "Fel.", folder=stored)
    page(stored, "gemensamt/2026/bibliotek.md", ARTICLE.replace("1 februari", "1 mars"))
    done = budkavle("articles", "correct", "söndagar", "--note", "Fel datum.", folder=stored)
    assert (done.code, "withdrawn" in done.out) == (1, True)
