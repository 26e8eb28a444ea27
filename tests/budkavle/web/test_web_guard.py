"""What holds for every page: its host, its headers, its look, and the line it leaves in the log."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from budkavle.config.contrast import DARK_PAPERS, LEAST, LIGHT_PAPERS, contrast, on_dark, on_light, text_on
from budkavle.config.faults import ConfigError
from budkavle.config.field_types import Listen, Wrong
from budkavle.config.load import load
from budkavle.web.layout.guard import Hosts
from tests.budkavle.asking import Site, site
from tests.installed import budkavle

LOOK = """
[look]
accent = "#7a1f5c"
accent_dark = "#f0b8dc"
logo = "look/logo.svg"
[accessibility]
statement_url = "https://www.example.org/tillganglighet/"
"""


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with site(home) as opened:
        yield opened


def test_a_page_is_given_under_its_own_names_alone(pages: Site) -> None:
    for host in ("127.0.0.1:8090", "127.0.0.1", "localhost:1234", "[::1]:8090"):
        assert pages.get("/prenumerera", Host=host).status_code == 200
    for host in ("evil.test", "127.0.0.1.evil.test", "evil.test:8090", "", "127.0.0.1@evil.test", "[::1].evil.test"):
        answer = pages.get("/prenumerera", Host=host)
        assert answer.status_code == 421
        assert "evil" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["nyheter.example.org", "NYHETER.example.org:443", "10.0.0.5:8090", "localhost"])
def test_the_public_name_and_the_place_it_listens_at_are_its_own(host: str) -> None:
    hosts = Hosts("nyheter.example.org", Listen(host="10.0.0.5", port=8090))
    assert hosts.own(host)
    assert not hosts.own(f"{host}.evil.test")


@given(st.text(max_size=30), st.sampled_from(["nyheter.example.org", "127.0.0.1:8090", "localhost"]))
def test_whatever_stands_around_its_own_name_is_somebody_elses(more: str, own: str) -> None:
    hosts = Hosts("nyheter.example.org", Listen(host="127.0.0.1", port=8090))
    assert not hosts.own(f"{own}.{more}.evil.test")
    assert not hosts.own(f"evil.test{more}@{own}")


def test_what_goes_wrong_behind_a_token_is_kept_by_nobody(pages: Site) -> None:
    path = f"/mina-val/{'0a' * 16}"
    unknown, other = (asyncio.run(pages.ask(method, path, content=b"{}")) for method in ("PUT", "POST"))
    for answer in (unknown, other):
        assert answer.status_code in {405, 415}
        assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")
    assert "POST" in unknown.headers["allow"]


def test_a_link_with_a_slash_too_many_is_answered_as_without_it_and_not_repeated_with_its_token(pages: Site) -> None:
    for path in ("avsluta", "angra", "mina-val", "bekrafta", "mina-uppgifter"):
        meant = pages.get(f"/{path}/{'0a' * 16}")
        answer = pages.get(f"/{path}/{'0a' * 16}/")
        assert (answer.status_code, answer.headers.get("location")) == (meant.status_code, None)
        assert answer.text == meant.text


def test_no_page_leads_anywhere_else_by_what_it_is_asked_with(pages: Site) -> None:
    for path in (
        "//evil.test/",
        "/prenumerera?sprak=//evil.test",
        "/?sprak=en%0d%0aX:1",
        "/\\evil.test",
        "/prenumerera/",
    ):
        answer = pages.get(path, **{"X-Forwarded-Host": "evil.test"})
        assert not answer.is_redirect or answer.headers["location"].startswith("http://127.0.0.1")
        assert "evil" not in answer.text


def test_the_log_names_the_route_and_neither_token_nor_address(pages: Site) -> None:
    token = "0123456789abcdef" * 2
    with structlog.testing.capture_logs() as lines:
        for path in (f"/mina-val/{token}", f"/avsluta/{token}", f"/bekrafta/{token}?a=b@c.test", f"/{token}"):
            pages.get(path)
        asyncio.run(pages.ask("PROPFIND", "/prenumerera"))
    answered = [(line["route"], line["method"], line["status"]) for line in lines if line["event"] == "answered"]
    assert answered == [
        ("/mina-val/{token}", "GET", 404),
        ("/avsluta/{token}", "GET", 200),
        ("/bekrafta/{token}", "GET", 404),
        ("(no page)", "GET", 404),
        ("/prenumerera", "PROPFIND", 405),
    ]
    assert token not in str(lines)
    assert "@" not in str(lines)


def test_every_page_speaks_the_language_that_is_asked_for(pages: Site) -> None:
    for path in (
        "/",
        "/prenumerera",
        "/mina-uppgifter",
        "/tillganglighet",
        "/avsluta/x",
        "/nope",
        "/utgavor/veckobrev/",
    ):
        swedish, english = pages.get(path), pages.get(f"{path}?sprak=en")
        assert '<html lang="sv">' in swedish.text
        assert '<html lang="en">' in english.text
        assert 'href="/tillganglighet?sprak=en"' in english.text
        assert '<html lang="sv">' in pages.get(f"{path}?sprak=xx").text
    assert "Follow the news" in pages.get("/?sprak=en").text


def test_the_publishers_look_is_everywhere(home: Path) -> None:
    (home / "look").mkdir()
    (home / "look" / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    with site(home, LOOK) as pages:
        page, style, logo = pages.get("/prenumerera"), pages.get("/style.css"), pages.get("/logo.svg")
        assert '<img src="/logo.svg" alt="Region Lingonmark och Barrviks kommun">' in page.text
        assert 'href="https://www.example.org/tillganglighet/"' in page.text
        assert style.text.endswith("{ :root { --accent: #f0b8dc; --on-accent: #0d2227; } }\n")
        assert logo.headers["content-type"] == "image/svg+xml"
        assert "default-src 'none'" in logo.headers["content-security-policy"]
        (home / "look" / "logo.svg").unlink()
        assert pages.get("/logo.svg").status_code == 404


def test_a_colour_that_cannot_be_read_is_refused_with_its_line_and_one_that_can(home: Path) -> None:
    config = home / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('#accent = "#0b5a66"', 'accent = "#ffcc00"'), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(config)
    (fault,) = caught.value.faults
    assert fault.line == config.read_text(encoding="utf-8").splitlines().index('accent = "#ffcc00"') + 1
    assert "contrast of 1.3 to the page, and text needs 4.5" in fault.what
    assert on_light(fault.remedy.split('"')[1])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[limits]\nnetwork = 100\n", "let network be less than domain"),
        ("[limits]\noverall = 150\n", "let large_domain be less than overall"),
        ('[web]\ntrusted_proxies = ["proxy"]\n', "is no internet address and no network of them"),
        ('[look]\nlogo = "logo.gif"\n', "is no picture that can be shown"),
    ],
)
def test_settings_that_would_do_harm_are_refused(home: Path, settings: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said), site(home, settings):
        pass


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_is_readable_or_refused_with_one_that_is(parts: tuple[int, int, int]) -> None:
    colour = "#" + bytes(parts).hex()
    for form, papers in ((on_light, LIGHT_PAPERS), (on_dark, DARK_PAPERS)):
        try:
            taken = form(colour)
        except Wrong as wrong:
            taken = form(wrong.remedy.split('"')[1])
        assert min(contrast(taken, paper) for paper in papers) >= LEAST
        assert contrast(text_on(taken), taken) >= LEAST


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_logo_that_is_not_there_is_told_by_check(home: Path) -> None:
    config = home / "config.toml"
    text = config.read_text(encoding="utf-8").replace('#logo = "look/logo.svg"', 'logo = "look/logo.svg"')
    config.write_text(text, encoding="utf-8")
    line = text.splitlines().index('logo = "look/logo.svg"') + 1
    checked = budkavle("check", folder=home)
    assert checked.code == 1
    assert f"config.toml:{line}: look.logo: " in checked.out
