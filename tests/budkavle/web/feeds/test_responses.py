"""What is answered to requests for feed documents, header by header."""

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import HTMLResponse

from budkavle.web.feeds.middleware import Endings
from tests.budkavle.served import Served

ATOM = "/feeds/alla.atom"
NEWSBOAT = "newsboat/2.21 (Linux x86_64)"


def feed(*numbers: int, size: int = 300) -> bytes:
    """An Atom document with entries of some size that do not compress."""
    entries = "".join(f"<entry><id>{number}</id>{noise(number, size)}</entry>" for number in numbers)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Alla</title>{entries}</feed>'.encode()


def noise(number: int, size: int) -> str:
    return "".join(f"{(number + 1) * (each + 7) ** 3 % 9973:x}" for each in range(size))


@pytest.fixture
def served(tmp_path: Path) -> Served:
    served = Served(tmp_path / "feeds")
    served.publish("alla.atom", feed(1, 2, 3))
    return served


def test_a_document_is_served_whole_with_all_that_caches_and_readers_need(served: Served) -> None:
    for suffix in (".rss", ".json", ".html"):
        served.publish(f"alla{suffix}", b"...")
    answer = served.ask(ATOM)
    assert (answer.status, answer.body) == (200, feed(1, 2, 3))
    assert answer["content-type"] == "application/atom+xml; charset=utf-8"
    assert answer["content-length"] == str(len(answer.body))
    assert answer["last-modified"] == "Tue, 24 Nov 2026 12:00:00 GMT"
    assert answer["cache-control"] == "public, max-age=900"
    assert answer["vary"] == "Accept-Encoding, A-IM"
    assert answer["access-control-allow-origin"] == "*"
    assert answer["x-content-type-options"] == "nosniff"
    assert not answer.has("content-encoding")
    public = "https://nyheter.example.org/region/feeds/alla"
    assert [value for name, value in answer.headers if name == "link"] == [
        f'<{public}.atom>; rel="self"',
        '<https://hub.example.org/>; rel="hub"',
        f'<{public}.rss>; rel="alternate"; type="application/rss+xml"',
        f'<{public}.json>; rel="alternate"; type="application/feed+json"',
        f'<{public}.html>; rel="alternate"; type="text/html"',
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("alla.atom", "application/atom+xml"),
        ("alla.rss", "application/rss+xml"),
        ("alla.json", "application/feed+json"),
        ("alla.opml", "text/x-opml"),
        ("alla.html", "text/html"),
        ("alla/3.atom", "application/atom+xml"),
        ("alla.3.atom", "application/atom+xml"),
    ],
)
def test_every_format_has_its_media_type(name: str, kind: str, served: Served) -> None:
    served.publish(name, b"...")
    answer = served.ask(f"/feeds/{name}")
    assert answer["content-type"] == f"{kind}; charset=utf-8"
    assert answer["vary"] == ("Accept-Encoding, A-IM" if name.endswith((".atom", ".rss")) else "Accept-Encoding")


def test_the_page_of_a_feed_is_guarded_as_all_pages_are(served: Served) -> None:
    served.publish("alla.html", b"<!DOCTYPE html>")
    answer = served.ask("/feeds/alla.html")
    assert answer["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer["x-content-type-options"] == "nosniff"
    assert not served.ask(ATOM).has("content-security-policy")


def test_each_form_is_sent_to_those_who_take_it_under_a_tag_of_its_own(served: Served) -> None:
    open_: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
    plain = served.ask(ATOM)
    for coding, opened in open_.items():
        answer = served.ask(ATOM, accept_encoding=coding)
        assert answer["content-encoding"] == coding
        assert opened(answer.body) == plain.body
        assert answer["etag"] == plain["etag"].removesuffix('"') + f'-{coding}"'
        assert answer["content-length"] == str(len(answer.body))
    assert served.ask(ATOM, accept_encoding="br, gzip")["content-encoding"] == "br"


def test_head_has_the_headers_of_get_and_no_body(served: Served) -> None:
    for headers in ({}, {"accept_encoding": "gzip"}, {"if_none_match": '"x"'}, {"if_none_match": "*"}):
        get, head = served.ask(ATOM, **headers), served.ask(ATOM, "HEAD", **headers)
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


def test_who_has_it_is_told_so_with_the_headers_that_bring_a_cache_up_to_date(served: Served) -> None:
    whole = served.ask(ATOM, accept_encoding="gzip")
    for shown in (whole["etag"], f"W/{whole['etag']}", f'"a", {whole["etag"]}', "*"):
        answer = served.ask(ATOM, if_none_match=shown, accept_encoding="gzip")
        assert (answer.status, answer.body) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "vary"):
            assert answer[name] == whole[name]


def test_a_tag_of_another_coding_is_known_again(served: Served) -> None:
    brotli_tag = served.ask(ATOM, accept_encoding="br")["etag"]
    assert served.ask(ATOM, if_none_match=brotli_tag)["etag"] == brotli_tag
    assert served.ask(ATOM, if_none_match=f"W/{brotli_tag}").status == 304


def test_dates_count_where_there_are_no_tags(served: Served) -> None:
    at = served.ask(ATOM)["last-modified"]
    assert served.ask(ATOM, if_modified_since=at).status == 304
    assert served.ask(ATOM, if_modified_since="Tue, 24 Nov 2026 11:59:59 GMT").status == 200
    assert served.ask(ATOM, if_modified_since=at, if_none_match='"other"').status == 200
    assert served.ask(ATOM, if_modified_since="yesterday").status == 200


@given(
    headers=st.dictionaries(
        st.sampled_from(["if_none_match", "if_modified_since", "accept_encoding", "a_im", "range"]),
        st.text(alphabet=st.characters(max_codepoint=255), max_size=60),
    ),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_no_header_makes_an_answer_fail(
    headers: dict[str, str], method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    served = Served(tmp_path_factory.getbasetemp() / "any")
    served.publish("alla.atom", feed(1))
    assert served.ask(ATOM, method, **headers).status in {200, 304}


def test_a_header_in_parts_is_one_list(served: Served) -> None:
    tag = served.ask(ATOM)["etag"]
    app, parts = served.app, [(b"if-none-match", b'"a"'), (b"if-none-match", tag.encode())]
    assert app.unchanged(ATOM.encode(), parts) is None
    assert served.ask(ATOM, if_none_match=f'"a",{tag}').status == 304


def test_a_script_of_another_site_may_ask_as_feed_readers_do(served: Served) -> None:
    asked = {"origin": "https://reader.example", "access_control_request_headers": "if-none-match"}
    answer = served.ask(ATOM, "OPTIONS", **asked, access_control_request_method="GET")
    assert (answer.status, answer.body) == (204, b"")
    assert answer["access-control-allow-origin"] == "*"
    assert answer["access-control-allow-methods"] == "GET, HEAD"
    assert answer["access-control-allow-headers"] == "If-None-Match, If-Modified-Since, A-IM"
    assert not answer.has("access-control-allow-credentials")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "get"])
def test_what_is_neither_get_nor_head_is_refused_with_what_is_allowed(method: str, served: Served) -> None:
    answer = served.ask(ATOM, method)
    assert (answer.status, answer["allow"], answer.body) == (405, "GET, HEAD, OPTIONS", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/",
        "/feeds",
        "/feeds/nope.atom",
        "/feeds/alla",
        "/feeds/alla.atom/",
        "/feeds/alla.atom.gz",
        "/feeds/alla.txt",
        "/feeds//alla.atom",
        "//feeds/alla.atom",
        "/feeds/../feeds/alla.atom",
        "/feeds/../secret.atom",
        "/feeds/./alla.atom",
        "/feeds/..\\secret.atom",
        "/feeds/a\x00.atom",
        "/feeds/alla.atom\x00",
        "/feeds//etc/passwd",
        "/feeds/%2e%2e/secret.atom",
        "/feeds/.new",
        "/feeds/folder.atom",
        "/feeds/" + "a" * 5000 + ".atom",
        "/",
    ],
)
def test_what_is_no_document_is_left_to_the_pages(path: str, served: Served) -> None:
    (served.folder.parent / "secret.atom").write_bytes(b"secret")
    (served.folder / "alla.txt").write_bytes(b"secret")
    (served.folder / "folder.atom").mkdir()
    answer = served.ask(path)
    assert (answer.status, answer.body) == (404, b"beyond")


def test_readers_come_less_often_to_a_feed_that_has_not_changed_for_a_day(served: Served) -> None:
    served.clock.wait(86_399)
    assert served.ask(ATOM)["cache-control"] == "public, max-age=900"
    served.clock.wait(2)
    whole = served.ask(ATOM)
    assert whole["cache-control"] == "public, max-age=3600"
    assert served.ask(ATOM, if_none_match=whole["etag"])["cache-control"] == "public, max-age=3600"


def test_a_reader_that_takes_deltas_is_sent_only_what_is_new(served: Served) -> None:
    base = served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT)["etag"]
    served.clock.wait(2)
    served.publish("alla.atom", feed(4, 1, 2))
    whole = served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT, accept_encoding="gzip")
    assert whole.status == 200
    answer = served.ask(
        ATOM, a_im="vcdiff, Feed;q=0.5", user_agent=NEWSBOAT, if_none_match=base, accept_encoding="br, gzip"
    )
    assert (answer.status, answer["im"], answer["delta-base"]) == (226, "feed", base)
    assert answer.body == feed(4)
    assert answer["content-length"] == str(len(answer.body))
    assert answer["etag"] == served.ask(ATOM)["etag"]
    assert answer["last-modified"] == whole["last-modified"]
    assert answer["cache-control"] == "no-store, im, max-age=900"
    assert answer["vary"] == "Accept-Encoding, A-IM"
    assert not answer.has("content-encoding")
    assert served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT, if_none_match=answer["etag"]).status == 304
    assert served.ask(ATOM, "HEAD", a_im="feed", user_agent=NEWSBOAT, if_none_match=base).headers == answer.headers


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "feedparser/6.0.14 +https://github.com/kurtmckee/feedparser/",
        "rss2email/3.13.1 (https://github.com/rss2email/rss2email)",
        "Mozilla/5.0 (compatible; newsboat/2.21)",
    ],
)
def test_a_program_that_is_not_known_to_take_deltas_is_sent_the_whole_although_it_asks(
    served: Served, user_agent: str
) -> None:
    base = served.ask(ATOM)["etag"]
    served.clock.wait(2)
    served.publish("alla.atom", feed(4, 1, 2))
    answer = served.ask(ATOM, a_im="feed", user_agent=user_agent, if_none_match=base)
    assert (answer.status, answer.body) == (200, feed(4, 1, 2))


def test_the_base_is_known_again_in_every_form_and_the_newest_of_many_counts(served: Served) -> None:
    oldest, base, _ = [tag_of(served, *numbers) for numbers in ((2, 1), (3, 2, 1), (4, 3, 2, 1))]
    for shown in (f"W/{base}", base.replace('"', ""), base[:-1] + '-gzip"', f'"x", {oldest}, {base}'):
        answer = served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT, if_none_match=shown)
        assert (answer.status, answer["delta-base"], answer.body) == (226, base, feed(4))


def tag_of(served: Served, *numbers: int) -> str:
    served.clock.wait(2)
    served.publish("alla.atom", feed(*numbers))
    return served.ask(ATOM)["etag"]


def test_without_a_base_or_a_gain_the_whole_is_sent(served: Served) -> None:
    base = served.ask(ATOM)["etag"]
    served.clock.wait(2)
    served.publish("alla.atom", feed(4, 1, 2, 3))
    whole = served.ask(ATOM)
    assert served.ask(ATOM, if_none_match=base).body == whole.body
    assert served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT).body == whole.body
    assert served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT, if_none_match='"0123"').body == whole.body
    served.clock.wait(2)
    served.publish("alla.atom", feed(7, 8, 9))
    assert served.ask(ATOM, a_im="feed", user_agent=NEWSBOAT, if_none_match=base).status == 200


def test_there_are_deltas_of_atom_and_rss_alone(served: Served) -> None:
    for suffix, status in ((".rss", 226), (".json", 200)):
        rss = [f"<rss><channel>{'<item>a</item>' * each}<item>{each}</item></channel></rss>" for each in (90, 91)]
        served.publish(f"alla{suffix}", rss[0].encode())
        base = served.ask(f"/feeds/alla{suffix}")["etag"]
        served.clock.wait(2)
        served.publish(f"alla{suffix}", rss[1].encode())
        assert served.ask(f"/feeds/alla{suffix}", a_im="feed", user_agent=NEWSBOAT, if_none_match=base).status == status


@pytest.fixture
def ending(tmp_path: Path) -> Served:
    endings = Endings(
        page=lambda slug: HTMLResponse(f"{slug} has ended", 410),
        zone=ZoneInfo("Europe/Stockholm"),
        moved={"gammal": "alla"},
        ends={"skola": date(2026, 11, 24)},
    )
    served = Served(tmp_path / "feeds", endings=endings)
    for name in ("alla.atom", "gammal.atom", "skola.atom", "skola/1.atom"):
        served.publish(name, b"<feed/>")
    return served


def test_a_moved_feed_leads_on_in_every_format_although_its_old_files_lie_there(ending: Served) -> None:
    for suffix in (".atom", ".rss", ".json", ".html", "/3.atom", ".3.atom"):
        answer = ending.ask(f"/feeds/gammal{suffix}", if_none_match="*")
        assert (answer.status, answer["location"]) == (
            301,
            f"https://nyheter.example.org/region/feeds/alla{suffix}",
        )
        assert answer["access-control-allow-origin"] == "*"
    assert ending.app.unchanged(b"/feeds/gammal.atom", [(b"if-none-match", b"*")]) is None
    assert ending.ask("/feeds/gammal/../x.atom").status == 404


def test_a_feed_ends_with_its_last_day_where_it_is_published(ending: Served) -> None:
    tag = ending.ask("/feeds/skola.atom")["etag"]
    ending.clock.wait(11 * 3600 - 1)
    assert ending.ask("/feeds/skola.atom").status == 200
    assert ending.app.unchanged(b"/feeds/skola.atom", [(b"if-none-match", tag.encode())]) is None
    ending.clock.wait(1)
    for suffix in (".atom", ".rss"):
        answer = ending.ask(f"/feeds/skola{suffix}", if_none_match=tag)
        assert (answer.status, answer.body) == (410, b"skola has ended")
        assert "default-src 'none'" in answer["content-security-policy"]
    assert ending.ask("/feeds/skola/1.atom").status == 200
    assert ending.ask("/feeds/alla.atom").status == 200
