"""A new language is a folder of the catalogue: with nothing else, people subscribe and are written to in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.digest.relay import installed

ROOT = Path(__file__).parents[3]
SUBSCRIBES = """
from datetime import UTC, datetime
from pathlib import Path
from budkavle.rendering.translations import LOCALES, languages
from digest.lists.adapters.list_file import open_list
from digest.lists.address_list import ReadAs
from digest.lists.lines import Terms
from tests.budkavle.asking import site
from tests.budkavle.life import post

home = Path.cwd() / "home"
assert LOCALES.is_relative_to(Path.cwd()) and languages() == ("en", "nb", "sv")
with site(home, "[limits]\\nfill_seconds = 0\\n") as pages:
    shown = pages.get("/prenumerera?sprak=nb")
    assert 'lang="nb"' in shown.text and "Norsk bokmål" in shown.text
    asked = pages.post("/prenumerera?sprak=nb", pages.form("/prenumerera?sprak=nb", digest="veckobrev",
        address="kari@example.org", language="nb"))
    assert asked.status_code == 200, asked.text
    assert [(row["kind"], row["language"]) for row in pages.letters()] == [("confirm", "nb")]
    (letter,) = post(pages.service, datetime.now(UTC))
    assert letter["Content-Language"] == "nb"
    done = pages.press(f"/bekrafta/{pages.token(datetime.now(UTC))}")
    assert [row["state"] for row in pages.subscriptions()] == ["active"], done.text

    (home / "lista.csv").write_text("address,language,consent\\nper@example.org,nb,brev\\n")
    people = open_list(home / "lista.csv", ReadAs(columns={}))
    tally = pages.service.import_list.take(people, Terms(digest="veckobrev"), datetime.now(UTC))
    assert [row["state"] for row in pages.subscriptions()] == ["active"] * 2, tally
    spoken = pages.rows("SELECT language FROM subscribers ORDER BY id")
    assert [row["language"] for row in spoken] == ["nb", "nb"]
"""


def test_a_folder_of_the_catalogue_is_all_that_a_new_language_needs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "budkavle", tmp_path / "budkavle", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("templates", "config.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    locales = tmp_path / "budkavle" / "locale"
    shutil.copytree(locales / "sv", locales / "nb")
    (tmp_path / "home").mkdir()
    config = installed(tmp_path / "home")
    config.write_text(config.read_text().replace('\nlanguage = "sv"', '\nlanguage = "nb"', 1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SUBSCRIBES],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
