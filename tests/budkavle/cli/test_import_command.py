import json
from pathlib import Path

import pytest

from tests.installed import ARTICLE, budkavle, page

PAGE = """Nyheter och pressmeddelanden

Biblioteket i Barrvik öppnar tidigt

Biblioteket i Barrvik öppnar klockan sju från och med mars.

Det nya låssystemet gör att den som har lånekort kan komma in själv.

Hittade du informationen du sökte?
"""


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_an_import_stores_what_the_sources_hold_and_a_second_one_changes_nothing(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    first = budkavle("import", folder=home)
    assert (first.code, first.out) == (
        0,
        "published newsroom/gemensamt/bibliotek.md: Biblioteket öppnar på söndagar\n".replace(
            "newsroom", str(home / "newsroom")
        ),
    )
    again = budkavle("import", folder=home)
    assert (again.code, again.out) == (0, "")


def test_a_changed_file_is_a_new_version(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    page(home, "gemensamt/bibliotek.md", ARTICLE.replace("årets slut", "midsommar"))
    assert records(budkavle("import", "--json", folder=home).out)[0]["kind"] == "edited"


def test_a_dry_run_stores_nothing_and_needs_no_source(home: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.txt"
    alone.write_text(PAGE, encoding="utf-8")
    done = budkavle("import", "--dry-run", "--json", alone, folder=home)
    (record,) = records(done.out)
    assert record["title"] == "Biblioteket i Barrvik öppnar tidigt"
    assert record["accepted"] is True
    assert "no date" in str(record["held"])
    assert not (home / "var").exists()


def test_an_address_with_a_date_releases_a_page_without_one(home: Path) -> None:
    path = page(home, "lingonmark/bibliotek.txt", PAGE)
    url = "https://www.example.org/nyheter/2026-01-08-biblioteket.html"
    (record,) = records(budkavle("import", path, "--url", url, "--json", folder=home).out)
    assert (record["published"], record["published_source"], record["held"]) == ("2026-01-08", "url", None)
    assert record["id"]


def test_a_manifest_gives_pages_their_addresses(home: Path, tmp_path: Path) -> None:
    path = page(home, "lingonmark/bibliotek.txt", PAGE)
    manifest = tmp_path / "manifest.jsonl"
    url = "https://www.example.org/nyheter/2026-01-08-biblioteket.html"
    manifest.write_text(json.dumps({"file": str(path), "url": url}) + "\nnonsense\n", encoding="utf-8")
    done = budkavle("import", "--manifest", manifest, "--json", folder=home)
    assert records(done.out)[0]["url"] == url
    assert f"{manifest}:2:" in done.err
    assert done.code == 1


def test_a_held_input_is_released_with_the_date_that_a_person_gives(home: Path) -> None:
    page(home, "lingonmark/bibliotek.txt", PAGE)
    assert budkavle("import", folder=home).code == 1
    listed = budkavle("articles", "held", folder=home)
    assert (listed.code, "Biblioteket i Barrvik" in listed.out) == (1, True)
    assert budkavle("articles", "release", "1", folder=home).code == 2
    for unmeant in ("0001-01-01", "1899-12-30", "1970-01-01T00:00", "2999-12-31"):
        done = budkavle("articles", "release", "1", "--published", unmeant, folder=home)
        assert (done.code, f"--published {unmeant} " in done.err) == (2, True)
    released = budkavle("articles", "release", "1", "--published", "2026-01-08", folder=home)
    assert released.code == 0
    assert budkavle("articles", "held", folder=home).code == 0
    assert budkavle("import", folder=home).code == 0
    assert "2026-01-08" in budkavle("articles", "list", folder=home).out


def test_a_refused_input_is_not_asked_about_again(home: Path) -> None:
    page(home, "lingonmark/bibliotek.txt", PAGE)
    budkavle("import", folder=home)
    assert budkavle("articles", "refuse", "1", folder=home).code == 0
    assert budkavle("import", folder=home).code == 0
    assert budkavle("articles", "list", folder=home).out == ""


BAD: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", ".txt", "empty"),
    "binary": (bytes(range(256)) * 40, ".txt", ":"),
    "fifty megabytes": (b"Nyheter\n" * 6_250_000, ".txt", "50000000 bytes"),
    "latin-1": (PAGE.encode("latin-1"), ".txt", ":3: "),
    "utf-16": (PAGE.encode("utf-16"), ".txt", "UTF-16"),
    "control character": (PAGE.replace("sju", "sju\x07").encode(), ".txt", ":5: "),
    "title of 500 characters": (
        ARTICLE.replace("Biblioteket öppnar på söndagar", "Bib " * 125).encode(),
        ".md",
        ":2: ",
    ),
    "title ending in a line break": (
        ARTICLE.replace("Biblioteket öppnar på söndagar", '"Biblioteket öppnar\\n"').encode(),
        ".md",
        ":2: ",
    ),
    "no title": (ARTICLE.replace("title: Biblioteket öppnar på söndagar\n", "").encode(), ".md", "title"),
    "future date": (ARTICLE.replace("2026-01-07", "2126-01-07").encode(), ".md", ":3: "),
    "unknown publisher": (ARTICLE.replace("topics:", "publisher: lingonmrk\ntopics:").encode(), ".md", "lingonmark"),
    "unknown topic": (ARTICLE.replace("[kultur]", "[kulturr]").encode(), ".md", ":5: "),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_input_is_named_with_its_place_and_nothing_else_is_lost(home: Path, what: str) -> None:
    content, suffix, said = BAD[what]
    bad = page(home, f"lingonmark/bad{suffix}", content)
    page(home, "gemensamt/good.md", ARTICLE.replace("biblioteket/", "ett-annat/"))
    done = budkavle("import", folder=home)
    assert done.code == 1
    (refused,) = [line for line in done.out.splitlines() if line.startswith("refused")]
    assert str(bad) in refused
    assert said in refused
    assert "good.md" in done.out
    assert len(budkavle("articles", "list", folder=home).out.splitlines()) == 1


def test_a_title_that_could_forge_a_header_is_an_article_with_a_warning(home: Path) -> None:
    crafted = "'=?utf-8?q?Hej=0d=0aBcc=3a_inj=40x.test?='"
    page(home, "gemensamt/bad.md", ARTICLE.replace("Biblioteket öppnar på söndagar", crafted))
    done = budkavle("import", folder=home)
    assert done.code == 0
    assert "bad.md" in done.err


def test_a_path_that_does_not_exist_is_named_and_the_others_are_imported(home: Path) -> None:
    path = page(home, "gemensamt/good.md", ARTICLE)
    done = budkavle("import", path, "newsroom/none.md", folder=home)
    assert (done.code, "newsroom/none.md" in done.err, "published" in done.out) == (1, True, True)


def test_a_file_outside_every_source_needs_to_be_told_its_source(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(ARTICLE, encoding="utf-8")
    assert budkavle("import", tmp_path / "a.md", folder=home).code == 2
    done = budkavle("import", tmp_path / "a.md", "--source", "gemensamt", folder=home)
    assert (done.code, "published" in done.out) == (0, True)


def test_a_corrected_file_is_a_correction_with_its_note(home: Path) -> None:
    path = page(home, "gemensamt/good.md", ARTICLE)
    budkavle("import", folder=home)
    (record,) = records(budkavle("articles", "list", "--json", folder=home).out)
    page(home, "gemensamt/good.md", ARTICLE.replace("1 februari", "1 mars"))
    article = str(record["id"])
    done = budkavle("articles", "correct", article, "--file", path, "--note", "Fel datum.", folder=home)
    assert done.code == 0
    assert records(budkavle("articles", "list", "--json", folder=home).out)[0]["kind"] == "corrected"
    assert "Fel datum." in budkavle("articles", "show", article, folder=home).out


def test_a_file_may_be_named_as_the_shell_does(home: Path) -> None:
    page(home, "gemensamt/good.md", ARTICLE)
    (home / "link").symlink_to(home / "newsroom")
    first = records(budkavle("import", "newsroom/gemensamt/good.md", "--json", folder=home).out)
    again = records(budkavle("import", "link/gemensamt/good.md", "--json", folder=home).out)
    assert (first[0]["file"], first[0]["kind"]) == ("newsroom/gemensamt/good.md", "published")
    assert (again[0]["id"], again[0]["kind"]) == (first[0]["id"], None)


def test_the_folder_above_the_sources_means_all_of_them(home: Path) -> None:
    page(home, "gemensamt/good.md", ARTICLE)
    page(home, "lingonmark/page.txt", PAGE)
    manifest = {"file": "page.txt", "url": "https://www.example.org/nyheter/2026-01-08-biblioteket.html"}
    page(home, "lingonmark/manifest.jsonl", json.dumps(manifest) + "\n")
    done = budkavle("import", "newsroom", folder=home)
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert "2 inputs: 2 published" in done.err


def test_a_bad_manifest_is_named_and_everything_else_comes_in(home: Path) -> None:
    page(home, "gemensamt/good.md", ARTICLE)
    page(home, "lingonmark/manifest.jsonl", b'{"file": "a.txt", "url": "https://www.example.org/\xe5"}\n[]\n')
    done = budkavle("import", folder=home)
    assert done.code == 1
    assert [line.split(": ")[0].rpartition(":")[2] for line in done.out.splitlines() if "refused" in line] == ["1", "2"]
    assert "published" in done.out


def test_a_copy_of_a_file_never_swaps_texts_with_it(home: Path) -> None:
    page(home, "gemensamt/good.md", ARTICLE)
    budkavle("import", folder=home)
    page(home, "gemensamt/good copy.md", ARTICLE)
    assert budkavle("import", folder=home).code == 1
    page(home, "gemensamt/good.md", ARTICLE.replace("årets slut", "midsommar"))
    for _ in range(2):
        budkavle("import", folder=home)
    (record,) = records(budkavle("articles", "list", "--json", folder=home).out)
    assert (record["seq"], record["kind"]) == (2, "edited")


def test_a_doubt_that_a_person_has_settled_does_not_come_back(home: Path) -> None:
    text = "En rubrik som slutar med punkt.\n\n8 januari 2026\n\nEn ingress om något.\n\nEn text som följer här.\n"
    page(home, "lingonmark/a.txt", text)
    assert budkavle("import", folder=home).code == 1
    assert budkavle("articles", "release", "1", folder=home).code == 0
    assert budkavle("import", folder=home).code == 0
    page(home, "lingonmark/a.txt", text.replace("som följer", "som kommer"))
    (record,) = records(budkavle("import", "--json", folder=home).out)
    assert (record["kind"], record["held"]) == ("edited", None)


def test_correcting_with_a_wrong_file_changes_nothing(home: Path) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    other = page(home, "gemensamt/b.md", ARTICLE.replace("biblioteket/", "b/").replace("Biblioteket", "Badet"))
    budkavle("import", folder=home)
    first = records(budkavle("articles", "list", "--json", folder=home).out)[0]
    page(home, "gemensamt/b.md", ARTICLE.replace("biblioteket/", "b/").replace("Biblioteket", "Simhallen"))
    done = budkavle("articles", "correct", str(first["id"]), "--file", other, "--note", "Fel.", folder=home)
    assert done.code == 2
    assert {each["kind"] for each in records(budkavle("articles", "list", "--json", folder=home).out)} == {"published"}


def test_a_text_that_the_daemon_took_first_can_still_be_called_a_correction(home: Path) -> None:
    path = page(home, "gemensamt/good.md", ARTICLE)
    budkavle("import", folder=home)
    (record,) = records(budkavle("articles", "list", "--json", folder=home).out)
    page(home, "gemensamt/good.md", ARTICLE.replace("1 februari", "1 mars"))
    budkavle("import", folder=home)
    done = budkavle("articles", "correct", str(record["id"]), "--file", path, "--note", "Fel datum.", folder=home)
    assert done.code == 0
    assert records(budkavle("articles", "list", "--json", folder=home).out)[0]["kind"] == "corrected"


def test_an_unknown_article_is_wrong_use(home: Path) -> None:
    budkavle("import", folder=home)
    done = budkavle("articles", "withdraw", "tag:nothing", "--note", "x", folder=home)
    assert (done.code, "tag:nothing" in done.err, "Traceback" in done.err) == (2, True, False)
