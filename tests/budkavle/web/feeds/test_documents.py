"""Documents in memory: what another process publishes shows within a second, and never torn."""

import gzip
import itertools
import threading
from pathlib import Path
from random import Random

import brotli
import pytest

from budkavle.web.feeds.byte_cache import ByteCache
from budkavle.web.feeds.copies import read
from feeds.serving.validators import instance
from tests.budkavle.served import START, Served

ATOM = "/feeds/alla.atom"
OPENED = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
OLD, NEW = b"<feed>old</feed>" * 9, b"<feed>new, and longer</feed>" * 9


@pytest.fixture
def served(tmp_path: Path) -> Served:
    served = Served(tmp_path / "feeds")
    served.publish("alla.atom", OLD, age=10)
    return served


def test_what_is_published_shows_after_a_second_and_the_disk_is_left_alone_before(served: Served) -> None:
    assert served.ask(ATOM).body == OLD
    served.publish("alla.atom", NEW)
    served.clock.wait(0.9)
    assert served.ask(ATOM).body == OLD
    served.clock.wait(0.2)
    assert served.ask(ATOM).body == NEW


def test_a_document_that_goes_is_gone_after_a_second_and_one_that_comes_is_there_at_once(served: Served) -> None:
    assert served.ask("/feeds/ny.atom").status == 404
    served.publish("ny.atom", NEW)
    assert served.ask("/feeds/ny.atom").body == NEW
    (served.folder / "ny.atom").unlink()
    served.clock.wait()
    assert served.ask("/feeds/ny.atom").status == 404


def test_a_document_without_copies_is_served_as_it_is(served: Served) -> None:
    served.publish("ny.atom", NEW, copies=())
    answer = served.ask("/feeds/ny.atom", accept_encoding="br, gzip")
    assert answer.body == NEW
    assert not answer.has("content-encoding")


@pytest.mark.parametrize(
    "wrong",
    [
        gzip.compress(OLD),
        gzip.compress(NEW)[:-1],
        gzip.compress(NEW) + b"x",
        gzip.compress(NEW + b"x"),
        gzip.compress(NEW[:-1]),
        gzip.compress(NEW.replace(b"new", b"own")),
        gzip.compress(b"\0" * 10_000_000),
        b"",
        b"no gzip",
    ],
    ids=["older", "cut", "longer", "of more", "of less", "of other words", "of far more", "empty", "no gzip"],
)
def test_a_copy_that_does_not_hold_the_documents_bytes_is_not_used(wrong: bytes, served: Served) -> None:
    served.publish("ny.atom", NEW)
    served.lay("ny.atom.gz", wrong)
    assert served.ask("/feeds/ny.atom", accept_encoding="gzip").body == NEW
    assert served.ask("/feeds/ny.atom", accept_encoding="gzip, br")["content-encoding"] == "br"
    served.lay("ny.atom.gz", gzip.compress(NEW))
    served.clock.wait()
    assert served.ask("/feeds/ny.atom", accept_encoding="gzip")["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "wrong",
    [
        brotli.compress(NEW)[:-1],
        brotli.compress(OLD),
        brotli.compress(NEW.replace(b"new", b"own")),
        b"",
        b"no brotli",
        b"\xff" * 99,
    ],
)
def test_the_same_holds_for_brotli(wrong: bytes, served: Served) -> None:
    served.publish("ny.atom", NEW)
    served.lay("ny.atom.br", wrong)
    assert served.ask("/feeds/ny.atom", accept_encoding="br").body == NEW


@pytest.mark.parametrize("order", list(itertools.permutations(["", ".gz", ".br"])))
def test_in_the_middle_of_a_swap_every_form_holds_what_its_tag_says(order: tuple[str, ...], served: Served) -> None:
    forms = {"": NEW, ".gz": gzip.compress(NEW), ".br": brotli.compress(NEW)}
    of = {served.ask(ATOM)["etag"]: OLD}
    for suffix in order:
        served.clock.wait()
        served.lay(f"alla.atom{suffix}", forms[suffix], int(START.timestamp()))
        for coding in OPENED:
            answer = served.ask(ATOM, accept_encoding=coding)
            sent = answer["content-encoding"] if answer.has("content-encoding") else ""
            plain = OPENED[sent](answer.body)
            assert plain in (OLD, NEW)
            name = answer["etag"].replace(f"-{sent}" if sent else "-", "")
            assert of.setdefault(name, plain) == plain
    assert served.ask(ATOM, accept_encoding="br")["content-encoding"] == "br"
    assert served.ask(ATOM).body == NEW


def test_beside_a_publisher_that_never_rests_every_answer_is_whole_and_is_what_its_tag_says(served: Served) -> None:
    done, order = threading.Event(), Random(1)  # noqa: S311 - an order, no secret

    def publish() -> None:
        for number in itertools.cycle(range(50)):
            plain = b"<feed>%d</feed>" % number * 400
            forms = [("", plain), (".gz", gzip.compress(plain, 1)), (".br", brotli.compress(plain, quality=1))]
            for suffix, data in order.sample(forms, 3):
                served.lay(f"alla.atom{suffix}", data, number)
            if done.is_set():
                return

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for coding in ["", "gzip", "br"] * 100:
            served.clock.wait()
            answer = served.ask(ATOM, accept_encoding=coding)
            plain = OPENED[answer["content-encoding"] if answer.has("content-encoding") else ""](answer.body)
            assert plain == OLD or plain == plain[: plain.index(b"</feed>") + 7] * 400
            assert answer["etag"].startswith(f'"{instance(plain, 0).name}')
    finally:
        done.set()
        thread.join()


def test_validators_are_kept_over_a_restart_and_for_the_same_bytes_on_another_machine(
    served: Served, tmp_path: Path
) -> None:
    before = served.ask(ATOM, accept_encoding="gzip")
    served.restart()
    assert served.ask(ATOM, accept_encoding="gzip").headers == before.headers
    elsewhere = Served(tmp_path / "elsewhere")
    elsewhere.publish("alla.atom", OLD, age=10)
    assert elsewhere.ask(ATOM, accept_encoding="gzip").headers == before.headers


def test_bases_are_forgotten_with_a_restart_and_the_whole_is_sent(served: Served) -> None:
    tag = served.ask(ATOM)["etag"]
    served.publish("alla.atom", NEW)
    served.restart()
    assert served.ask(ATOM, a_im="feed", user_agent="newsboat/2.21", if_none_match=tag).body == NEW


def test_the_bytes_of_documents_never_take_more_memory_than_they_may(tmp_path: Path) -> None:
    served = Served(tmp_path / "feeds", limit=5000)
    plain = {f"/feeds/f{number}.atom": b"%d" % number * 1500 for number in range(8)}
    for path, data in plain.items():
        served.publish(path.removeprefix("/feeds/"), data, copies=())
    for path, data in [*plain.items(), *plain.items()]:
        assert served.ask(path).body == data
        assert served.ask(path, if_none_match=served.ask(path)["etag"]).status == 304


def test_a_document_that_was_let_go_and_has_changed_since_is_served_as_it_is_now(tmp_path: Path) -> None:
    served = Served(tmp_path / "feeds", limit=10)
    served.publish("alla.atom", OLD)
    assert served.ask(ATOM, accept_encoding="br").status == 200
    served.publish("alla.atom", NEW)
    answer = served.ask(ATOM, accept_encoding="gzip")
    assert gzip.decompress(answer.body) == NEW
    (served.folder / "alla.atom").unlink()
    assert served.ask(ATOM).status == 404


def test_what_was_asked_for_last_is_kept_longest() -> None:
    kept = ByteCache(10)
    for key in "abc":
        kept.put(key, b"1234"[:3])
    assert kept.get("a") == b"123"
    kept.put("d", b"1234")
    assert [kept.get(key) for key in "abcd"] == [b"123", None, b"123", b"1234"]
    kept.put("d", b"1")
    assert kept.size == 7
    kept.put("e", b"x" * 11)
    assert (kept.size, kept.get("e")) == (0, None)


def test_what_is_no_file_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.atom").mkdir()
    assert read(tmp_path / "a.atom") is None
    assert read(tmp_path / "b.atom") is None
