"""Pages for sources that poll, fetched from a real server."""

from functools import partial

from articles.sources.source_reader import Fetched
from feeds.entries.address import may_be_at
from feeds.outbound.adapters.page_fetcher import PageFetcher
from tests.site import Asked, Reply, Site

HERE = partial(may_be_at, on_this_machine=True)
ELSEWHERE = partial(may_be_at, on_this_machine=False)
US = "https://nyheter.example.org/"


def page(asked: Asked) -> Reply:
    headers = {"ETag": '"1"', "Content-Type": "text/plain; charset=utf-8"}
    if asked.headers.get("if-none-match") == '"1"':
        return Reply(status=304, headers=headers)
    return Reply(headers=headers, body="Bussen går oftare".encode())


def test_a_page_comes_with_its_etag_and_with_that_it_does_not_come_again() -> None:
    with Site(page) as site:
        fetch = PageFetcher(US, HERE)
        first = fetch(site.address)
        assert first == Fetched(
            status=200, body="Bussen går oftare".encode(), media_type="text/plain", etag='"1"', trouble=""
        )
        assert fetch(site.address, first.etag).status == 304
        assert site.asked[0].headers["user-agent"] == f"Budkavle (+{US})"


async def test_a_page_can_be_fetched_beside_a_loop_that_runs() -> None:
    with Site(page) as site:
        assert PageFetcher(US, HERE)(site.address).status == 200


def test_a_name_that_leads_into_our_own_network_is_not_followed() -> None:
    with Site(page) as site:
        fetched = PageFetcher(US, ELSEWHERE)(site.address)
        assert (fetched.status, site.asked) == (0, [])
        assert "where it must not lead" in fetched.trouble


def test_whatever_a_server_does_is_told_and_never_raised() -> None:
    with Site(lambda _: Reply(body=b"x" * 5_000_001)) as site:
        assert "more than 5000000 bytes" in PageFetcher(US, HERE)(site.address).trouble
    assert PageFetcher(US, HERE)(site.address).trouble
    assert PageFetcher(US, HERE)("https://[").trouble
    assert PageFetcher(US, HERE)("ftp://127.0.0.1/").trouble
    with Site(lambda _: Reply(status=302, headers={"Location": "/annat"})) as site:
        assert PageFetcher(US, HERE)(site.address).status == 302
        assert len(site.asked) == 1
