"""The scheduler: it wakes jobs at intervals, and a clock that is set does not put it to sleep."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A scheduled job: what is done, and every how many seconds; never twice at once."""

    do: Callable[[], Awaitable[None]]
    every: int


class Scheduler:
    """The scheduler: it wakes each job now and at its intervals; `began` and `came_round` hear of each round.

    APScheduler only wakes: what is due is read from the database, so a tick that is lost, late or doubled by a clock
    change does no harm.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job],
        came_round: Callable[[str], None],
        now: datetime,
        began: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._came_round = came_round
        self._began = began
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._once_more: set[str] = set()
        self._stopped = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        for name, job in jobs.items():
            self._scheduler.add_job(
                self._round,
                "interval",
                args=(name, job),
                id=name,
                seconds=job.every,
                next_run_time=now,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin, on the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Wake nobody any more; what is under way goes on."""
        self._stopped = True
        self._scheduler.pause()

    async def ended(self, by: float) -> None:
        """Wait for the rounds that are under way, until a moment on the running loop's clock; then break them off."""
        if not self._under_way:
            return
        seconds = max(0, by - asyncio.get_running_loop().time())
        _, hanging = await asyncio.wait(self._under_way.values(), timeout=seconds)
        for name in [name for name, round_ in self._under_way.items() if round_ in hanging]:
            log.warning("job_broken_off", job=name, remedy="it goes on after the next start")
            self._under_way[name].cancel()
        if hanging:
            await asyncio.wait(hanging)

    def wake(self, name: str, now: datetime) -> None:
        """Wake one job at once, or once more when it is at work: it may have looked already. To be called on the loop.

        APScheduler drops what comes due while a job is at work.
        """
        if name in self._under_way:
            self._once_more.add(name)
        else:
            self._scheduler.modify_job(name, next_run_time=now)

    def set_right(self, now: datetime) -> None:
        """Wake at once what would sleep, after the clock was set back, until its old time comes again."""
        for job in self._scheduler.get_jobs():
            if job.next_run_time and job.next_run_time - now > 2 * timedelta(seconds=job.trigger.interval_length):
                log.warning("clock_was_set_back", job=job.id)
                job.modify(next_run_time=now)

    async def _round(self, name: str, job: Job) -> None:
        await self._one_round(name, job)
        while name in self._once_more and not self._stopped:
            self._once_more.discard(name)
            await self._one_round(name, job)

    async def _one_round(self, name: str, job: Job) -> None:
        self._began(name)
        round_ = self._under_way[name] = asyncio.ensure_future(job.do())
        await asyncio.wait([round_])
        del self._under_way[name]
        if not round_.cancelled():
            round_.result()
            self._came_round(name)
