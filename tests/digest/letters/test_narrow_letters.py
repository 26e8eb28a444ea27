"""One long word does not widen a letter: every kind of it holds at 320 px, in a real browser."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from budkavle.checks.samples import Sample, samples
from budkavle.rendering.templates import renderer
from digest.letters.items import Item
from digest.letters.values import Imprint, Mailbox, Masthead
from tests.budkavle.windows import CUT, Window, chromium, sideways

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LONG = {
    "a compound": "Kollektivtrafikförvaltningens upphandlingsdokumentationssammanställningsprotokollsutdrag",
    "an address on the web": "https://www.example.org/lingonmark/politik-och-styrning/handlingar/2026/mars/avtal-41/"
    * 2,
    "a mail address": "halso-och-sjukvardsforvaltningens-kundtjanst@regionlingonmark.kundtjanst.example.org",
    "one letter": "W" * 300,
    "no-break spaces": "\N{NO-BREAK SPACE}".join(["november"] * 30),
    "signs": "—" * 40 + "/" * 200 + "_" * 200,
    "digits": "0" * 200,
    "a script without blanks": "字" * 200,
    "emoji": "👩\u200d🚒" * 60,
}
KEPT = {"token", "asked", "days", "known", "imported", "language", "colours", "public_url", "address"}
"""Values that no word can be put into; of a sender, only the name is shown."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def stretched(value: object, word: str, name: str = "") -> object:
    """The same values with a long word in every text of them."""
    if name in KEPT:
        return value
    match value:
        case str():
            return f"{value}{word}" if name.endswith(("url", "link")) else f"{value} {word}".strip()
        case Mapping():
            return {key: stretched(each, word, str(key)) for key, each in value.items()}
        case list() | tuple():
            return type(value)(stretched(each, word, name) for each in value)
        case Item() | Imprint() | Masthead() | Mailbox():
            own = {each.name: getattr(value, each.name) for each in fields(value)}
            if isinstance(value, Masthead):
                del own["name"]  # a word of the configuration's own, for addresses
            return replace(value, **{key: stretched(each, word, key) for key, each in own.items()})
    return value


def letters() -> list[Sample]:
    """Every letter that can be opened alone, with all there can be in it and with little."""
    parts = {f"letters/{name}.html" for name in ("test", "head", "imprint", "button", "notice")}
    return [each for each in samples("sv", STOCKHOLM) if each.name.startswith("letters/") and each.name not in parts]


def test_every_letter_holds_at_320_px_with_every_kind_of_long_word_in_all_its_texts(
    tmp_path: Path, browser: Browser
) -> None:
    word = " ".join(LONG.values())
    render = renderer("sv", STOCKHOLM, tmp_path)
    shown = [each for each in letters() if each.name.endswith(".html")]
    assert len({each.name for each in shown}) == 8
    with Window(width=320).opened(browser) as sheet:
        for sample in shown:
            values = stretched(sample.values, word)
            assert isinstance(values, Mapping)
            sheet.set_content(render(sample.name, values))
            assert sideways(sample.name, sheet) == []
            assert sheet.evaluate(CUT) == []


def test_a_withdrawal_and_a_correction_differ_where_there_are_no_colours(browser: Browser, tmp_path: Path) -> None:
    render = renderer("sv", STOCKHOLM, tmp_path)
    rich = next(each for each in letters() if each.name == "letters/edition.html")
    with Window(forced=True, scheme="dark").opened(browser) as sheet:
        sheet.set_content(render(rich.name, rich.values))
        style = "each => [getComputedStyle(each).borderTopStyle, getComputedStyle(each).borderLeftStyle]"
        assert sheet.locator(".gone").evaluate(style) == ["dashed", "dashed"]
        assert sheet.locator(".notice").evaluate(style) == ["none", "solid"]
