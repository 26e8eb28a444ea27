"""The pages of a subscriber's life, asked in this process: what they answer, and what they do."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.asking import Site, site
from tests.drawn import examples

AT_ONCE = "[limits]\nfill_seconds = 0\nminutes_between = 0\nper_day = 1000\nunanswered = 1000\nnetwork = 99\n"
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with site(home, AT_ONCE) as opened:
        yield opened


@pytest.fixture
def leave(pages: Site) -> str:
    return joined(pages)


def joined(pages: Site) -> str:
    """The leave token of somebody who has joined by letter."""
    pages.post("/prenumerera", pages.form(topic="vard"))
    done = pages.press(f"/bekrafta/{pages.token(datetime.now(UTC))}")
    return re.findall(r"/mina-val/(\w{32})", done.text)[0]


def test_asking_queues_one_letter_and_says_where_to_look(pages: Site) -> None:
    answer = pages.post("/prenumerera", pages.form(topic="vard", publisher="barrvik", language="en"))
    assert (answer.status_code, "Titta i din e-post" in answer.text) == (200, True)
    (letter,) = pages.letters()
    assert (letter["kind"], letter["state"], letter["language"]) == ("confirm", "waiting", "en")
    assert pages.detail()["wishes"] == [{"digest": "veckobrev", "topics": ["vard"], "publishers": ["barrvik"]}]
    assert [row["state"] for row in pages.subscriptions()] == ["pending"]


def test_the_answer_is_the_same_for_known_unknown_and_suppressed_addresses(pages: Site) -> None:
    joined(pages)
    suppressed = pages.service.key.address_hash(Address("bort@example.org"))
    with pages.service.database.write.begin() as connection:
        pages.service.suppressions.add(connection, suppressed, SuppressionReason.COMPLAINT, datetime.now(UTC))
    answers = [pages.post("/prenumerera", pages.form(address=f"{who}@example.org")) for who in ("ny", "lasare", "bort")]
    assert {(answer.status_code, answer.text, str(answer.headers)) for answer in answers} == {
        (200, answers[0].text, str(answers[0].headers))
    }
    assert len(pages.letters()) == 4


def test_a_confirmation_shows_and_only_its_button_acts_once(pages: Site) -> None:
    pages.post("/prenumerera", pages.form(topic="vard"))
    path = f"/bekrafta/{pages.token(datetime.now(UTC))}"
    for _ in range(3):
        shown = pages.get(path)
        assert asyncio.run(pages.ask("HEAD", path)).status_code == 200
    assert "Hälso- och sjukvård" in shown.text
    assert "lasare@example.org" not in shown.text
    assert "l***@e" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-robots-tag"] == "noindex"
    assert [row["state"] for row in pages.subscriptions()] == ["pending"]
    assert "Nu prenumererar du" in pages.press(path).text
    assert [row["state"] for row in pages.subscriptions()] == ["active"]
    for answer in (pages.post(path), pages.get(path)):
        assert (answer.status_code, "Redan bekräftat" in answer.text) == (200, True)


def test_an_expired_confirmation_says_how_to_get_another(pages: Site) -> None:
    pages.post("/prenumerera", pages.form())
    path = f"/bekrafta/{pages.token(datetime.now(UTC) - timedelta(hours=73))}"
    for answer in (pages.get(path), pages.post(path)):
        assert answer.status_code == 410
        assert 'href="/prenumerera"' in answer.text
    assert [row["state"] for row in pages.subscriptions()] == ["pending"]


def test_tokens_are_good_for_their_own_page_alone(pages: Site) -> None:
    pages.post("/prenumerera", pages.form())
    confirm = pages.token(datetime.now(UTC))
    leave = str(pages.subscriptions()[0]["token"])
    for path in (
        f"/bekrafta/{leave}",
        f"/bekrafta/{confirm[:-1]}",
        f"/bekrafta/{confirm}0",
        f"/mina-val/{confirm}",
        f"/mina-val/{leave[:-1]}",
        f"/mina-uppgifter/{leave}",
        f"/mina-uppgifter/{confirm}",
        "/bekrafta/%00",
        "/mina-val/%ff%fe",
    ):
        for answer in (pages.get(path), pages.post(path)):
            assert answer.status_code == 404, path
            assert "Fel: " not in answer.text
    assert pages.post(f"/avsluta/{confirm}").status_code == 200  # as for somebody who was erased: nobody is behind it
    assert [row["state"] for row in pages.subscriptions()] == ["pending"]


def test_choices_are_shown_without_an_address_and_can_be_changed(pages: Site) -> None:
    path = f"/mina-val/{joined(pages)}"
    shown = pages.get(path)
    assert re.findall(r'name="topic" value="(\w+)"[^>]* checked', shown.text) == ["vard"]
    assert "example.org" not in re.sub(r'href="[^"]*"', "", shown.text)
    done = pages.post(path, [("change", "choices"), ("topic", "kultur"), ("topic", "skola"), ("language", "en")])
    assert (done.status_code, '<html lang="en">' in done.text, "Your choices are kept" in done.text) == (
        200,
        True,
        True,
    )
    assert [row["topics"] for row in pages.subscriptions()] == ["kultur skola"]
    assert "Språk i brev" in pages.get(f"{path}?sprak=sv").text


def test_letters_rest_until_a_day_and_come_again(pages: Site) -> None:
    path = f"/mina-val/{joined(pages)}"
    for wrong in ("", "i morgon", "2020-01-01", "9999-12-31", "2026-13-01"):
        answer = pages.post(path, {"change": "pause", "until": wrong})
        assert answer.status_code == 422
        assert "<title>Fel: " in answer.text
        assert f'value="{wrong}"' in answer.text
        assert 'aria-describedby="until-hint until-error"' in answer.text
    until = (datetime.now(UTC) + timedelta(days=20)).date()
    assert "gör uppehåll" in pages.post(path, {"change": "pause", "until": str(until)}).text
    assert [row["state"] for row in pages.subscriptions()] == ["paused"]
    assert "Dina brev kommer igen" in pages.post(path, {"change": "resume"}).text
    assert [row["state"] for row in pages.subscriptions()] == ["active"]


def test_an_address_moves_by_a_letter_to_the_new_one(pages: Site) -> None:
    path = f"/mina-val/{joined(pages)}"
    asked = pages.post(path, {"change": "address", "address": "ny@example.org"})
    assert "till den adress som ditt nyhetsbrev går till nu" in asked.text
    assert (pages.letters()[-1]["kind"], pages.letters()[-1]["address"]) == ("moving", None), "to the old address"
    where = f"/ny-adress/{pages.token(datetime.now(UTC))}"
    assert "@" not in pages.get(where).text.replace("e-post@", "")
    assert pages.post(where, {"address": "ny"}).status_code == 422
    assert "Titta i din e-post" in pages.post(where, {"address": "ny@example.org"}).text
    assert pages.letters()[-1]["address"] == "ny@example.org"
    move = f"/bekrafta/{pages.token(datetime.now(UTC))}"
    assert "n***@e" in pages.get(move).text
    assert [row["address"] for row in pages.rows("SELECT address FROM subscribers")] == ["lasare@example.org"]
    assert "Din nya adress är bekräftad" in pages.press(move).text
    owners = "SELECT address FROM subscribers JOIN subscriptions ON subscriber_id = subscribers.id"
    assert [row["address"] for row in pages.rows(owners)] == ["ny@example.org"]


def test_an_unknown_reader_is_written_to_in_the_language_of_the_page(pages: Site) -> None:
    form = pages.form("/mina-uppgifter?sprak=en", address="unknown@example.org")
    assert pages.post("/mina-uppgifter?sprak=en", form).status_code == 200
    assert [row["language"] for row in pages.letters()] == ["en"]


def test_ones_data_is_shown_taken_along_and_erased_in_two_steps(pages: Site) -> None:
    joined(pages)
    form = pages.form("/mina-uppgifter", address="lasare@example.org")
    assert "gäller i en timme" in pages.post("/mina-uppgifter", form).text
    assert pages.letters()[-1]["kind"] == "my_data"
    path = f"/mina-uppgifter/{pages.token(datetime.now(UTC))}"
    for _ in range(3):
        door = pages.get(path)
        assert (door.status_code, "@" in door.text) == (200, False)
    shown = pages.post(path, {"change": "open"})
    assert "lasare@example.org" in shown.text
    (visit,) = set(re.findall(r'name="visit" value="(\w{32})"', shown.text))
    assert pages.get(path).status_code == 404, "the link works once"
    assert not pages.rows("SELECT * FROM events WHERE kind = 'exported'")
    assert "Du bekräftade" in shown.text
    copy = pages.post(path, {"change": "copy", "visit": visit})
    assert copy.headers["content-disposition"] == 'attachment; filename="mina-uppgifter.json"'
    assert copy.headers["cache-control"] == "no-store"
    assert json.loads(copy.text)["address"] == "lasare@example.org"
    assert "Du tog en kopia" in pages.post(path, {"visit": visit}).text
    asked = pages.post(path, {"change": "erase", "visit": visit})
    assert ("Vill du radera allt?" in asked.text, f'value="{visit}"' in asked.text) == (True, True)
    for change in ("copy", "erase", "erase for ever", ""):
        assert pages.post(path, {"change": change}).status_code == 404, "without the key of the visit"
    assert "Allt är raderat" in pages.post(path, {"change": "erase for ever", "visit": visit}).text
    for answer in (pages.get(path), pages.post(path, {"change": "erase for ever", "visit": visit})):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("", 422, "Skriv din e-postadress."),
        ("läsare@example.org", 422, "å, ä och ö före @"),
        ("lasare", 422, "inte en hel e-postadress"),
        ("@example.org", 422, "inte en hel e-postadress"),
        ("a" * 65 + "@example.org", 422, "stavad"),
        ("a@" + "b" * 250 + ".org", 422, "för långt"),
        ('"las are"@example.org', 422, "stavad"),
        ("lasare@example.org\r\nBcc: annan@example.org", 422, ""),
        ("lasare\0@example.org", 422, ""),
        ("lasare@räksmörgås.example", 200, "Titta i din e-post"),
        ("  lasare@example.org ", 200, "Titta i din e-post"),
    ],
)
def test_an_address_is_taken_or_refused_in_plain_words(pages: Site, address: str, status: int, said: str) -> None:
    answer = pages.post("/prenumerera", pages.form(address=address))
    assert answer.status_code == status
    assert said in answer.text
    if status == 422:
        assert "<title>Fel: Få nyheterna" in answer.text
        assert 'role="alert"' in answer.text
        assert 'aria-describedby="address-hint address-error" aria-invalid="true"' in answer.text
    assert len(pages.letters()) == (1 if status == 200 else 0)


def test_an_international_domain_is_written_to_in_its_ascii_form(pages: Site) -> None:
    pages.post("/prenumerera", pages.form(address="lasare@räksmörgås.example"))
    rows = pages.rows("SELECT address FROM subscribers")
    assert rows == [{"address": "lasare@xn--rksmrgs-5wao1o.example"}]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"address=%ff%fe&digest=veckobrev", URLENCODED, 400),
        (b"address=\xff", URLENCODED, 400),
        (b"&".join(b"digest=veckobrev" for _ in range(500)), URLENCODED, 400),
        (b"address=" + b"a" * 20_000, URLENCODED, 413),
        (b'{"address": "a@b.test"}', {"Content-Type": "application/json"}, 415),
        (b"", {}, 415),
        (b"", URLENCODED, 422),
        (b"address=a%40b.test&address=c%40d.test&digest=veckobrev&digest=veckobrev", URLENCODED, 422),
    ],
)
def test_what_is_no_form_gets_a_page_and_its_status(
    pages: Site, body: bytes, kind: dict[str, str], status: int
) -> None:
    for path in ("/prenumerera", "/mina-uppgifter"):
        answer = asyncio.run(pages.ask("POST", path, headers=kind, content=body))
        assert answer.status_code == status
        assert "<h1>" in answer.text
    assert pages.letters() == []


FIELD = st.sampled_from(
    ["address", "digest", "topic", "publisher", "language", "stamp", "text", "change", "until", "x"]
)
VALUE = st.one_of(
    st.text(max_size=40), st.sampled_from(["veckobrev", "vard", "sv", "choices", "a@b.test", "\0", "é@b.se"])
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(st.tuples(FIELD, VALUE), max_size=12), raw=st.binary(max_size=30))
def test_no_form_breaks_a_page(pages: Site, leave: str, fields: list[tuple[str, str]], raw: bytes) -> None:
    for path in ("/prenumerera", f"/mina-val/{leave}", "/mina-uppgifter", f"/mina-uppgifter/{quote_from_bytes(raw)}x"):
        sendable = [(name, text.encode("utf-8", "ignore").decode()) for name, text in fields]
        assert pages.post(path, sendable).status_code in {200, 400, 404, 422}
        assert asyncio.run(pages.ask("POST", path, headers=URLENCODED, content=raw)).status_code in {200, 400, 404, 422}
