"""Undoing a leave: the page that says that one has left offers it, and all is as before."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from budkavle.web.app import application
from budkavle.wiring import Service
from digest.adapters.tables import subscriptions
from digest.leaves import UNDO_WITHIN, Back, How, Left, read
from digest.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.returned import WEEK, edition, installation
from tests.budkavle.test_leaving_by_mail import happened, states, token
from tests.given import NOW

MOMENT = timedelta(minutes=1)


def asked(service: Service, method: str, path: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(service, tuple))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
            return await client.request(method, path)

    return asyncio.run(answer())


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Service, str]]:
    with installation(folder) as service:
        yield service, token(service)


def test_the_page_that_says_one_has_left_offers_to_undo_it_and_the_button_does(tmp_path: Path) -> None:
    with opened(tmp_path) as (service, own):
        left = asked(service, "POST", f"/avsluta/{own}")
        assert "Prenumerationen är avslutad" in left.text
        assert f'action="/angra/{own}"' in left.text
        assert states(service)[0] == "ended"
        for page in (f"/avsluta/{own}", f"/angra/{own}"):
            shown = asked(service, "GET", page)
            assert "Prenumerationen är avslutad" in shown.text
            assert f'action="/angra/{own}"' in shown.text
        assert states(service)[0] == "ended"
        back = asked(service, "POST", f"/angra/{own}")
        assert (back.status_code, back.headers["cache-control"]) == (200, "no-store")
        assert "Du behåller prenumerationen" in back.text
        assert states(service) == ["active"] * 3
        assert [each.value for each in happened(service)][-2:] == ["left", "taken_back"]
        assert "Avsluta prenumerationen" in asked(service, "GET", f"/avsluta/{own}").text


async def test_who_undoes_it_misses_nothing_and_gets_nothing_twice(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        own = token(service)
        await edition(service, 0)
        assert service.leaves.leave(own, NOW + MOMENT).left is Left.NOW
        await edition(service, 1)
        assert service.leaves.undo(own, NOW + WEEK + MOMENT) is Back.NOW
        await edition(service, 2)
        mine = [
            path.read_text(encoding="utf-8")
            for path in (service.config.outbox / "new").iterdir()
            if path.read_bytes().startswith(b"To: lasare0@example.org")
        ]
        assert len(mine) == 2
        for number in range(3):
            assert sum(f"Nyhet {number}" in each for each in mine) == 1


@pytest.mark.parametrize(
    ("state", "resumes"), [("paused", NOW + 2 * WEEK), ("paused", None), ("pending", None), ("active", None)]
)
def test_what_was_paused_or_never_confirmed_is_so_again(state: str, resumes: datetime | None, tmp_path: Path) -> None:
    with opened(tmp_path) as (service, own):
        here = subscriptions.c.token == own
        with service.database.write.begin() as connection:
            connection.execute(update(subscriptions).where(here).values(state=state, resumes=resumes))
        assert service.leaves.leave(own, NOW + MOMENT).left is Left.NOW
        assert states(service)[0] == "ended"
        assert service.leaves.undo(own, NOW + WEEK) is Back.NOW
        with service.database.read.begin() as connection:
            row = connection.execute(select(subscriptions.c.state, subscriptions.c.resumes).where(here)).one()
        assert (row.state, row.resumes) == (state, resumes)


def test_undoing_twice_and_without_having_left_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as (service, own):
        assert service.leaves.undo(own, NOW) is Back.NEVER_LEFT
        assert "Du behåller prenumerationen" in asked(service, "POST", f"/angra/{own}").text
        service.leaves.leave(own, NOW)
        assert service.leaves.undo(own, NOW) is Back.NOW
        assert service.leaves.undo(own, NOW) is Back.NEVER_LEFT
        lines = (service.config.store_path.parent / "leaves").read_bytes().splitlines(keepends=True)
        wishes = [read(line) for line in lines]
        assert [wish.how for wish in wishes if wish] == [How.LEFT, How.UNDONE]


def test_a_month_later_and_after_a_complaint_it_is_too_late(tmp_path: Path) -> None:
    with opened(tmp_path) as (service, own):
        service.leaves.leave(own, NOW)
        assert service.leaves.undo(own, NOW + UNDO_WITHIN + MOMENT) is Back.TOO_LATE
        stands = service.leaves.look(own, NOW + UNDO_WITHIN + MOMENT)
        assert stands is not None
        assert not stands.undoable
        known = service.key.address_hash(Address("lasare0@example.org"))
        with service.database.write.begin() as connection:
            service.suppressions.add(connection, known, SuppressionReason.COMPLAINT, NOW)
        assert service.leaves.undo(own, NOW) is Back.TOO_LATE
        assert "angra" not in asked(service, "GET", f"/avsluta/{own}").text
        assert states(service)[0] == "ended"


@pytest.mark.parametrize("path", ["avsluta", "angra"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_token_never_hears_that_something_ended(path: str, method: str, tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for which in ("0" * 32, "0" * 31, "g" * 32, "0" * 33):
            answer = asked(service, method, f"/{path}/{which}")
            assert "Vi känner inte igen länken" in answer.text
            assert "avslutad" not in answer.text.replace("/avsluta", "")
            assert "angra" not in answer.text
        assert states(service) == ["active"] * 3


def test_a_link_that_was_changed_on_the_way_leaves_and_undoes(tmp_path: Path) -> None:
    with opened(tmp_path) as (service, own):
        changed = f"/AVSLUTA/=3D{own.upper()[:9]}=%0A{own.upper()[9:]}.&utm_source=brev"
        assert "Avsluta prenumerationen" in asked(service, "GET", changed).text
        assert "Prenumerationen är avslutad" in asked(service, "POST", f"{changed}?x=1").text
        assert states(service)[0] == "ended"
        assert "Du behåller prenumerationen" in asked(service, "POST", f"/angra/{own}).").text
        assert asked(service, "GET", f"/mina-val/{own},").status_code == 200
