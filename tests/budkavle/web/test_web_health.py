"""Health checks: one look for all who ask at once, and its answer for a second."""

import asyncio
import threading

import pytest
from starlette.requests import Request

from budkavle.web.health import HealthCheck


class Looks:
    """A look that counts itself, and lasts until it is let go."""

    def __init__(self) -> None:
        self.number, self.now, self.wrong = 0, 0.0, tuple[str, ...]()
        self.going = threading.Event()
        self.going.set()
        self.check = HealthCheck(self._look, lambda: self.now)

    def _look(self) -> tuple[str, ...]:
        self.number += 1
        assert self.going.wait(20)
        return self.wrong

    async def ask(self) -> tuple[int, str]:
        answer = await self.check.answer(Request({"type": "http"}))
        return answer.status_code, bytes(answer.body).decode()


def test_a_look_is_good_for_a_second_and_then_made_anew() -> None:
    looks = Looks()

    async def asked() -> None:
        assert await looks.ask() == (200, "ok\n")
        looks.wrong = ("news hangs", "the store cannot be read")
        looks.now = 0.9
        assert await looks.ask() == (200, "ok\n")
        looks.now = 1.0
        assert await looks.ask() == (503, "news hangs\nthe store cannot be read\n")

    asyncio.run(asked())
    assert looks.number == 2


def test_many_who_ask_while_a_look_waits_for_the_disk_share_it_and_one_who_hangs_up_leaves_it_to_the_others() -> None:
    looks = Looks()
    looks.going.clear()

    async def asked() -> None:
        asking = [asyncio.create_task(looks.ask()) for _ in range(50)]
        await asyncio.sleep(0)
        looks.now = 100.0
        asking[0].cancel()
        looks.going.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert set(answers[1:]) == {(200, "ok\n")}

    asyncio.run(asked())
    assert looks.number == 1


def test_a_look_that_breaks_is_an_answer_for_no_longer_than_a_second() -> None:
    looks = Looks()

    def breaks_once() -> tuple[str, ...]:
        looks.number += 1
        if looks.number == 1:
            raise ZeroDivisionError
        return ()

    check = HealthCheck(breaks_once, lambda: looks.now)

    async def asked() -> None:
        with pytest.raises(ZeroDivisionError):
            await check.answer(Request({"type": "http"}))
        looks.now = 1.0
        assert (await check.answer(Request({"type": "http"}))).status_code == 200

    asyncio.run(asked())
