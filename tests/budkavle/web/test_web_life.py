"""A subscriber's whole life in a real browser, on a real daemon that sends to a real mail server.

Each walk is walked through every window: by keyboard alone, with a mouse, and with scripts off. Each page and each
state that it comes to is looked at (windows.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from budkavle.installation.shipped_config import write_config
from tests.budkavle.hands import Hand, Keyboard, Mouse
from tests.budkavle.running_newsroom import Newsroom, link, links, running_newsroom, titles
from tests.budkavle.walker import Walker
from tests.budkavle.windows import Window, chromium

WALKS = [
    (Keyboard(), Window(width=360, scheme="light")),
    (Keyboard(), Window(width=360, scheme="dark")),
    (Keyboard(), Window(width=1280, scheme="light")),
    (Keyboard(), Window(width=1280, scheme="dark")),
    (Keyboard(), Window(width=360, scheme="dark", zoom=2)),
    (Keyboard(), Window(width=1280, scheme="light", zoom=2)),
    (Keyboard(), Window(width=360, scheme="dark", forced=True)),
    (Mouse(), Window(script=False)),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """One daemon for all walks: each has readers and articles of its own."""
    home = tmp_path_factory.mktemp("life") / "home"
    write_config(home, {})
    for source in ("lingonmark", "barrvik", "gemensamt"):
        (home / "newsroom" / source).mkdir(parents=True)
    with running_newsroom(home) as running:
        yield running


@pytest.fixture(params=WALKS, ids=lambda walk: f"{type(walk[0]).__name__}-{walk[1]}")
def walker(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Walker]:
    hand: Hand
    hand, window = request.param
    with window.opened(browser) as sheet:
        part = "life" if "whole_life" in request.node.name else "ways"
        name = f"{part}-{type(hand).__name__}-{window}".lower()
        yield Walker(sheet=sheet, hand=hand, window=window, name=name)


def test_a_subscriber_joins_reads_chooses_and_leaves_a_whole_life(newsroom: Newsroom, walker: Walker) -> None:
    newsroom.publish(f"Gammalt om kultur till {walker.name}", "kultur")
    walker.open(newsroom.root)
    walker.follow("Prenumerera med e-post")
    walker.press("Prenumerera")
    assert walker.mend("Välj ett nyhetsbrev.") == "digest"
    walker.choose("Veckans nyheter")
    walker.choose("English")
    walker.choose("Svenska")
    walker.write("Din e-postadress", "lasare@")
    walker.choose("Kultur och fritid")
    walker.press("Prenumerera")
    assert walker.mend("Det här är inte en hel e-postadress.") == "address"
    walker.write("Din e-postadress", walker.address)
    walker.press("Prenumerera")
    assert walker.told().startswith("Titta i din e-post")

    asking = newsroom.letter_to(walker.address)
    newsroom.scan(asking)
    walker.read(asking)
    walker.follow("Titta och bekräfta")
    walker.press("Bekräfta")
    assert walker.told().startswith("Nu prenumererar du")

    newsroom.publish(f"Nytt om kultur till {walker.name}", "kultur")
    newsroom.publish(f"Nytt om skola till {walker.name}", "skola")
    newsroom.edition()
    first = newsroom.letter_to(walker.address)
    assert titles(first, walker.name) == ["Nytt om kultur"]
    newsroom.scan(first)

    newsroom.publish(f"Mer om kultur till {walker.name}", "kultur")
    walker.read(first)
    walker.follow("Ändra dina val för Veckans nyheter")
    walker.choose("Skola och utbildning")
    walker.press("Spara dina val")
    assert walker.told().startswith("Dina val är sparade")
    newsroom.publish(f"Mer om skola till {walker.name}", "skola")
    newsroom.edition()
    second = newsroom.letter_to(walker.address)
    assert sorted(titles(second, walker.name)) == ["Mer om kultur", "Mer om skola"]

    walker.read(second)
    walker.follow("Läs hela utgåvan på webben")
    one_click = newsroom.client.post(link(second, "/avsluta/"), data={"List-Unsubscribe": "One-Click"})
    assert (one_click.status_code, one_click.is_redirect) == (200, False)
    newsroom.publish(f"Sist om skola till {walker.name}", "skola")
    newsroom.edition()
    assert len(newsroom.letters_to(walker.address)) == 3
    walker.read(second)
    walker.follow("Ändra dina val för Veckans nyheter")
    assert walker.sheet.get_by_role("button").count() == 0


def test_a_subscriber_goes_the_other_ways_that_there_are(newsroom: Newsroom, walker: Walker) -> None:
    walker.open(f"{newsroom.root}/prenumerera")
    walker.choose("Månadens nyheter")
    walker.write("Din e-postadress", walker.address)
    walker.press("Prenumerera")
    asking = newsroom.letter_to(walker.address)
    walker.open(link(asking, "/bekrafta/"))
    walker.press("Bekräfta")
    walker.follow("Ändra dina val för Månadens nyheter")
    choices = walker.sheet.url

    changes(walker)
    new = f"ny-{walker.address}"
    walker.press("Byt adress")
    assert walker.told().startswith("Titta i din e-post")
    fresh = newsroom.letter_to(walker.address)
    newsroom.scan(fresh)
    walker.read(fresh)
    walker.follow("Skriv den nya adressen")
    walker.press("Byt adress")
    assert walker.mend("Skriv din e-postadress.") == "address"
    walker.write("Din nya adress", new)
    walker.press("Byt adress")
    moving = newsroom.letter_to(new)
    newsroom.scan(moving)
    walker.read(moving)
    walker.follow("Titta och bekräfta")
    walker.press("Bekräfta")
    assert walker.told().startswith("Din nya adress är bekräftad")
    walker.open(link(moving, "/bekrafta/"))
    assert walker.told().startswith("Redan bekräftat")

    walker.open(f"{newsroom.root}/prenumerera")
    walker.choose("Veckans nyheter")
    walker.write("Din e-postadress", new)
    walker.press("Prenumerera")
    already = newsroom.letter_to(new)
    newsroom.scan(already)
    walker.read(already)
    walker.follow("Mina val för Veckans nyheter")
    assert walker.sheet.url == choices
    walker.follow("Avsluta prenumerationen på Veckans nyheter")
    walker.press("Avsluta prenumerationen på Veckans nyheter")
    assert walker.told().startswith("Prenumerationen är avslutad")
    erases(newsroom, walker, new)


def changes(walker: Walker) -> None:
    """What can be done on the page of somebody's choices, and what can be done wrong there."""
    walker.press("Gör uppehåll")
    assert walker.mend("Skriv dagen så här:") == "until"
    walker.write_day("Till vilken dag?", datetime.now(UTC).date() + timedelta(days=40))
    walker.press("Gör uppehåll")
    assert walker.told().startswith("Dina brev gör uppehåll")
    walker.press("Få brev igen")
    walker.press("Byt nyhetsbrev")
    assert walker.mend("Välj ett nyhetsbrev.") == "digest"
    walker.choose("Veckans nyheter")
    walker.press("Byt nyhetsbrev")
    assert walker.sheet.locator("h1").inner_text() == "Dina val för Veckans nyheter"


def erases(newsroom: Newsroom, walker: Walker, address: str) -> None:
    """Somebody sees what is known of them, and has it erased."""
    walker.open(f"{newsroom.root}/mina-uppgifter")
    walker.press("Skicka länken")
    assert walker.mend("Skriv din e-postadress.") == "address"
    walker.write("Din e-postadress", address)
    walker.press("Skicka länken")
    letter = newsroom.letter_to(address)
    newsroom.scan(letter)
    walker.read(letter)
    (address,) = links(letter)
    walker.open(address)
    walker.press("Se vad vi vet om dig")
    walker.press("Radera …")
    walker.press("Radera allt för alltid")
    assert walker.told().startswith("Allt är raderat")
    walker.open(address)
    assert walker.sheet.locator("h1").inner_text() == "Länken fungerar inte längre"
