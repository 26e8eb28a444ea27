"""The other commands, as a person types them, and what they say when something is wrong."""

import json
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from budkavle.cli.main import app
from tests.installed import ARTICLE, budkavle, budkavle_process, changed, page


def test_help_names_every_command() -> None:
    done = budkavle("--help", folder=Path())
    assert done.code == 0
    for command in ("init", "check", "import", "articles", "feeds", "digest", "subscribers", "run", "status", "demo"):
        assert f" {command} " in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("init", "."),
        ("check", "--offline"),
        ("import", "--dry-run"),
        ("articles", "list", "--json"),
        ("feeds", "verify"),
        ("digest", "status"),
        ("subscribers", "export", "-"),
        ("bounce", "--config", "none.toml"),
        ("run", "--config", "none.toml"),
        ("upgrade",),
        ("status", "--json"),
        ("backup", "newsroom/lingonmark"),
        ("restore", "none"),
        ("demo", "newsroom"),
    ],
    ids=" ".join,
)
def test_a_process_of_its_own_says_what_a_call_in_the_tests_says(home: Path, words: tuple[str, ...]) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    assert budkavle_process(*words, folder=home) == budkavle(*words, folder=home)


def test_every_command_has_a_call_in_a_process_of_its_own() -> None:
    (mark,) = test_a_process_of_its_own_says_what_a_call_in_the_tests_says.pytestmark
    assert {words[0] for words in mark.args[1]} == {name for name in app if not name.startswith("-")}


def test_init_writes_a_configuration_that_check_accepts(tmp_path: Path) -> None:
    assert budkavle("init", "new", folder=tmp_path).code == 0
    done = budkavle("check", "--config", "new/config.toml", folder=tmp_path)
    assert re.fullmatch(r"(new/config\.toml:\d+: sources\.path: .* does not exist; .*\n){3}", done.out)
    assert "public_url: is not https" in done.err
    assert budkavle("init", "new", folder=tmp_path).code == 2


def test_five_faults_are_said_at_once_each_with_its_line(home: Path) -> None:
    config = home / "config.toml"
    text = changed(
        config.read_text(encoding="utf-8"),
        public_url="nyheter.example.org",
        timezone="Europe/Stokholm",
        listen="8090",
        weekday="5",
    ).replace("\ntarget = ", "\ntraget = ")
    config.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    wanted = {
        number
        for number, line in enumerate(lines, 1)
        if line.startswith(("public_url", "timezone", "listen", "weekday", "traget"))
    }
    done = budkavle("check", folder=home)
    said = done.err.splitlines()
    assert done.code == 2
    assert [line.split(":")[0] for line in said] == ["config.toml"] * 5
    assert {int(line.split(":")[1]) for line in said} == wanted


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("digest", "send", "monadsbrev"),
        ("digest", "send", "veckobrev", "--edition", "fredag"),
        ("digest", "preview", "veckobrev", "--as", "nobody@example.org"),
        ("import", "--url", "https://www.example.org/", "a.txt", "b.txt"),
        ("subscribers", "add", "not an address"),
        ("subscribers", "add", "lasare@example.org", "--topics", "vrd"),
        ("articles", "release", "7"),
        ("feeds", "build", "--config", "none.toml"),
    ],
)
def test_wrong_use_ends_with_2_and_a_reason_and_no_traceback(home: Path, words: tuple[str, ...]) -> None:
    budkavle("import", folder=home)
    done = budkavle(*words, folder=home)
    assert done.code == 2
    assert done.err.strip() or done.out.strip()
    assert "Traceback" not in done.err
    assert "nobody@example.org" not in done.err


def test_a_letter_is_previewed_as_it_will_be_sent(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    budkavle("import", folder=home)
    budkavle("digest", "preview", "veckobrev", "--as", "lasare@example.org", "--out", "seen", folder=home)
    assert budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home).code == 0
    (sent,) = (home / "var" / "outbox" / "new").iterdir()
    seen, went = (
        BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
        for path in (home / "seen" / "letter.eml", sent)
    )
    # The period is the only difference: the preview is for the next slot, the rehearsal for the one it names.
    for kind in ("plain", "html"):
        before, after = (text_without_period(letter, kind) for letter in (seen, went))
        assert before == after
    assert seen["List-Unsubscribe"] == went["List-Unsubscribe"]


def text_without_period(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    # Within a month, over the end of one, and over the end of a year.
    gap = r"(\s|&nbsp;)"
    in_words = rf"\d+({gap}[a-zåäö]+)?({gap}\d{{4}})?–\d+{gap}[a-zåäö]+{gap}\d{{4}}"
    as_key = r"(?<=/veckobrev/)\d{4}-\d\d-\d\d"
    return re.sub(f"{in_words}|{as_key}", "PERIOD", part.get_content())


def test_a_second_send_of_an_edition_sends_nothing(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    budkavle("import", folder=home)
    for _ in range(2):
        done = budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", "--json", folder=home)
        assert (json.loads(done.out)["sent"], done.code) == (1, 0)
    assert len(list((home / "var" / "outbox" / "new").iterdir())) == 1


def test_an_earlier_edition_than_the_newest_is_refused(home: Path) -> None:
    budkavle("import", folder=home)
    budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
    done = budkavle("digest", "send", "veckobrev", "--edition", "2026-01-02", folder=home)
    assert (done.code, "2026-01-09" in done.err) == (2, True)


def test_a_csv_with_a_bad_line_names_it_and_imports_the_others(home: Path) -> None:
    lines = (
        "address;topics\nlasare1@example.org;vard\nnot an address;vard\nlasare2@example.org;vrd\nlasare3@example.org;\n"
    )
    (home / "list.csv").write_text(lines, encoding="utf-8")
    done = budkavle("subscribers", "import", "list.csv", folder=home)
    assert done.code == 1
    assert "list.csv:3:" in done.err
    assert "list.csv:4:" in done.err
    assert "vard" in done.err
    assert len(budkavle("subscribers", "list", folder=home).out.splitlines()) == 2


def test_who_left_is_not_brought_back_by_a_list_but_by_their_own_wish(home: Path) -> None:
    (home / "list.csv").write_text("address\nlasare@example.org\n", encoding="utf-8")
    budkavle("subscribers", "import", "list.csv", folder=home)
    assert budkavle("subscribers", "end", "lasare@example.org", folder=home).code == 0
    assert "1 left before" in budkavle("subscribers", "import", "list.csv", folder=home).out
    assert budkavle("subscribers", "add", "lasare@example.org", folder=home).code == 1
    assert budkavle("subscribers", "add", "lasare@example.org", "--again", folder=home).code == 0
    assert "active" in budkavle("subscribers", "list", folder=home).out


def test_choices_are_changed_by_adding_again(home: Path) -> None:
    budkavle("subscribers", "add", "lasare@example.org", "--topics", "vard", "kultur", folder=home)
    done = budkavle("subscribers", "add", "lasare@example.org", "--topics", "skola", folder=home)
    assert (done.code, done.out) == (0, "changed its choices\n")
    assert json.loads(budkavle("subscribers", "list", "--json", folder=home).out)["topics"] == ["skola"]


def test_a_pause_is_made_up_for(home: Path) -> None:
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    budkavle("subscribers", "pause", "lasare@example.org", folder=home)
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
    budkavle("subscribers", "resume", "lasare@example.org", folder=home)
    done = budkavle("digest", "send", "veckobrev", "--edition", "2026-01-16", "--json", folder=home)
    assert json.loads(done.out)["sent"] == 1


def test_feeds_are_built_once_and_then_left_alone(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    assert json.loads(budkavle("feeds", "build", "--json", folder=home).out)["documents"] == 37
    assert json.loads(budkavle("feeds", "build", "--json", folder=home).out)["changed"] == []


def test_status_says_what_needs_a_person(home: Path) -> None:
    budkavle("import", folder=home)
    assert budkavle("status", folder=home).code == 0
    page(
        home,
        "lingonmark/a.txt",
        "En rubrik utan datum\n\nEn ingress som säger något alls.\n\nOch en text som följer.\n",
    )
    budkavle("import", folder=home)
    done = budkavle("status", folder=home)
    assert (done.code, "budkavle articles held" in done.out) == (1, True)


def test_a_date_beyond_the_next_slot_wants_a_yes_and_the_next_edition_is_told_honestly(home: Path) -> None:
    budkavle("import", folder=home)
    asked = budkavle("digest", "send", "veckobrev", "--edition", "2099-01-02", folder=home)
    assert (asked.code, "until then no other edition" in asked.err, "--yes" in asked.err) == (2, True, True)
    assert "none yet" in budkavle("status", folder=home).out
    done = budkavle("digest", "send", "veckobrev", "--edition", "2099-01-02", "--yes", folder=home)
    assert done.code == 0
    assert "2099-01-09" in budkavle("status", folder=home).out
    again = budkavle("digest", "send", "veckobrev", "--edition", "2099-01-02", folder=home)
    assert again.code == 0
    assert budkavle("digest", "send", "veckobrev", "--edition", "20991231", folder=home).code == 2
    assert budkavle("digest", "send", "veckobrev", "--edition", "9999-12-31", "--yes", folder=home).code == 2


def test_nothing_due_is_no_result(home: Path) -> None:
    budkavle("import", folder=home)
    done = budkavle("digest", "send", "veckobrev", "--json", folder=home)
    assert (done.code, done.out) == (0, "")
    assert "no edition of veckobrev is due" in done.err


def test_a_list_that_does_not_exist_is_wrong_use(home: Path) -> None:
    done = budkavle("subscribers", "import", "none.csv", folder=home)
    assert (done.code, "none.csv" in done.err, "Errno" in done.err) == (2, True, False)
