"""Templates escape, refuse what is missing, speak the language at hand, and stay readable for everybody."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from budkavle.checks.samples import samples
from budkavle.rendering.templates import built_in_templates, environment, renderer, template_file, template_names
from digest.editions.past_edition import ArchivedEdition, ListedEdition

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RENDER = renderer("sv", STOCKHOLM)
FEED = SimpleNamespace(title="Vård <&> omsorg", atom="/feeds/vard.atom", rss="/feeds/vard.rss", page="/feeds/vard.html")
DIGEST = SimpleNamespace(name="veckobrev", title="Veckans <nyheter>")
PAGES: dict[str, dict[str, object]] = {
    "start": {"feeds": [FEED], "digests": []},
    "leave": {"digest": "Veckans <nyheter>", "token": "0a" * 16},
    "left": {"digest": "Veckans <nyheter>"},
    "unknown": {},
    "error": {"status": 404},
    "editions": {"digest": DIGEST, "editions": [ListedEdition(key="2026-01-09", label="2–9 januari", year=2026)]},
    "edition": {"digest": DIGEST, "edition": ArchivedEdition(label="2–9 januari", day=date(2026, 1, 9))},
}


def filled(source: str, language: str = "sv", **values: object) -> str:
    return environment(language, STOCKHOLM).from_string(source).render(values)


def page(name: str) -> str:
    return RENDER(f"pages/{name}.html", {"site": "Region Lingonmark", **PAGES[name]})


@pytest.mark.parametrize(
    ("language", "value", "day"),
    [
        ("sv", date(2022, 1, 21), "21 januari 2022"),
        ("sv", datetime(2022, 1, 20, 23, 30, tzinfo=UTC), "21 januari 2022"),
        ("en", date(2022, 1, 21), "January 21, 2022"),
        ("en-GB", date(2022, 1, 21), "21 January 2022"),
    ],
)
def test_a_day_is_written_in_the_language_and_zone_at_hand(language: str, value: date, day: str) -> None:
    assert filled("{{ value | day }}", language, value=value) == day


def test_a_day_may_be_asked_for_in_another_language_and_an_unknown_one_changes_nothing() -> None:
    assert filled("{{ value | day('fi') }}", value=date(2022, 1, 21)) == "21. tammikuuta 2022"
    assert filled("{{ value | day('xx-unknown') }}", value=date(2022, 1, 21)) == "21 januari 2022"


def test_names_are_listed_as_people_write_them() -> None:
    assert (
        filled("{{ names | listed }}", names=("Region A", "Region B", "Region C")) == "Region A, Region B och Region C"
    )


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError, match="site"):
        RENDER("pages/unknown.html", {})


def test_what_is_rendered_holds_no_control_characters() -> None:
    text = RENDER("pages/left.html", {"site": "a\x00b\x1b\x85\u202e\ud800c", "digest": "d\r\te"})
    assert "abc" in text
    assert "d\te" in text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_escapes_its_values_and_has_one_main_heading(name: str) -> None:
    html = page(name)
    assert html.startswith('<!DOCTYPE html>\n<html lang="sv">')
    assert "<nyheter>" not in html
    assert "<&>" not in html
    assert html.count("<h1>") == 1
    assert "<script" not in html
    assert "style=" not in html
    assert "http" not in html.replace("http-equiv", "")


def test_the_leave_page_has_one_button_that_posts_to_its_own_address() -> None:
    html = page("leave")
    assert html.count("<button") == 1
    assert '<form method="post">' in html
    assert f'href="/mina-val/{"0a" * 16}"' in html
    assert "Veckans &lt;nyheter&gt;" in html


def test_the_start_page_links_each_feed_as_atom_and_rss() -> None:
    html = page("start")
    assert 'href="/feeds/vard.atom">Atom' in html
    assert 'href="/feeds/vard.rss">RSS' in html


def test_every_error_has_words() -> None:
    for status, says in ((404, "Sidan finns inte"), (405, "Det går inte"), (500, "Försök igen")):
        assert says in RENDER("pages/error.html", {"site": "Region Lingonmark", "status": status})


def test_style_is_written_into_the_elements_and_media_blocks_are_kept() -> None:
    html = filled(
        "{% filter inlined %}<html><head><style>p { color: red } @media print { p { color: blue } }</style></head>"
        "<body><p>{{ word }}</p></body></html>{% endfilter %}",
        word="<å>",
    )
    assert '<p style="color: red' in html
    assert "@media print" in html


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def palettes() -> list[dict[str, str]]:
    css = (built_in_templates() / "pages" / "style.css").read_text(encoding="utf-8")
    found = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    ]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa_in_light_and_dark(palette: dict[str, str]) -> None:
    pairs = [(ink, ground) for ink in ("ink", "title", "quiet", "accent") for ground in ("paper", "ground", "notice")]
    for ink, ground in [*pairs, ("on-accent", "accent")]:
        assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)


def letter_colours() -> list[tuple[list[str], list[str]]]:
    css = (built_in_templates() / "letters" / "edition.css").read_text(encoding="utf-8")
    light, _, dark = css.partition("@media (prefers-color-scheme: dark)")
    inks, grounds = r"(?<![-\w])color: (#\w{6})", r"background-color: (#\w{6})"
    return [(re.findall(inks, part), re.findall(grounds, part)) for part in (light, dark)]


@pytest.mark.parametrize(("inks", "grounds"), letter_colours(), ids=["light", "dark"])
def test_every_ink_of_a_letter_can_be_read_on_every_ground(inks: list[str], grounds: list[str]) -> None:
    assert inks
    assert grounds
    for ink in inks:
        assert min(contrast(ink, ground) for ground in grounds) >= 4.5, ink


def test_a_letter_has_no_text_below_16_pixels() -> None:
    css = (built_in_templates() / "letters" / "edition.css").read_text(encoding="utf-8")
    assert min(int(size) for size in re.findall(r"font-size: (\d+)px", css)) >= 16


def test_the_templates_of_a_checkout_lie_beside_the_package() -> None:
    assert built_in_templates() == Path(__file__).parents[3] / "templates"


def test_a_file_of_the_operators_replaces_the_one_of_its_name_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "left.html").write_text(
        '{% extends "pages/layout.html" %}{% block main %}Hej då{% endblock %}'
    )
    render = renderer("sv", STOCKHOLM, tmp_path)
    values = {"site": "Region Lingonmark", "digest": "Veckans nyheter", "token": "0a" * 16}
    assert "Hej då" in render("pages/left.html", values)
    assert "Prenumerationen är avslutad" not in render("pages/left.html", values)
    assert render("pages/leave.html", values) == RENDER("pages/leave.html", values)
    assert template_file("pages/left.html", tmp_path).parent.parent == tmp_path
    assert template_file("pages/style.css", tmp_path).parent.parent == built_in_templates()


def test_a_folder_that_is_missing_or_holds_the_built_in_templates_changes_nothing(tmp_path: Path) -> None:
    for own in (tmp_path / "missing", built_in_templates()):
        assert renderer("sv", STOCKHOLM, own)("pages/unknown.html", {"site": "a"}) == RENDER(
            "pages/unknown.html", {"site": "a"}
        )


def test_the_guide_names_every_template_and_every_value_it_is_given() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", guide, flags=re.DOTALL)))
    assert {*template_names()} - named == set()
    assert {value for sample in samples("sv", STOCKHOLM) for value in sample.values} - named == set()
