"""The daemon's work: its jobs as a table, each with what it does, where, and the alarm that its failure raises."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import DatabaseError

from budkavle.alarms.alarms import Alarm, AlarmKind
from budkavle.alarms.monitor import Monitor
from budkavle.daemon.bounce_loop import faults_of_mailbox, take_refused
from budkavle.daemon.import_loop import ImportLoop
from budkavle.daemon.jobs import JobName
from budkavle.daemon.liveness import Liveness
from budkavle.daemon.outbound_loop import OutboundLoop
from budkavle.daemon.sending_thread import SendingThread
from budkavle.daemon.systemd import notify
from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import apply_retention
from mail.reply import Verdict

_FIRST_NEWS_SECONDS = 60
Do = Callable[[], Awaitable[None]]


def now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


class Work:
    """The daemon's jobs, and what they work with.

    Planning and sending are two of them, and neither waits for the other: planning wakes the sending thread, and itself
    waits only for letters of its own digest that are between mark and answer.

    `name` is the holder of the sender's lock, `wake` wakes a job, and `stopping` says whether to end.
    """

    def __init__(
        self,
        service: Service,
        name: str,
        liveness: Liveness,
        wake: Callable[[JobName], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._service = service
        self._name = name
        self._liveness = liveness
        self._wake = wake
        self._stopping = stopping
        self._first_news = asyncio.Event()
        self.monitor = Monitor(service)
        self.outbound = OutboundLoop(service, self.monitor, now, stopping)
        self.import_loop = ImportLoop(service, self.monitor, partial(self._goes_on, JobName.NEWS), self._published)
        self.sending = SendingThread(self._send)
        self.visitors_unseen: Callable[[], Iterable[Alarm]] = tuple
        self.listen = ""

    def table(self) -> Mapping[JobName, Do]:
        """Every job that the scheduler wakes: in a thread where it works with files and the store, else on the loop."""
        over = self.monitor.alarm_on_error
        return {
            JobName.SCHEDULER: self._wake_sending,
            JobName.NEWS: _in_thread(lambda: self.import_loop.round(now()), then=self._first_news.set),
            JobName.PLANNING: _in_thread(self._plan, then=self.sending.wake),
            JobName.WATCH: self._look,
            JobName.KEEPING: _in_thread(self._keep, alarm=lambda: over(AlarmKind.KEEPING_FAILED, "old editions")),
            JobName.ANNOUNCING: self.outbound.announce,
            JobName.CHECKING: self.outbound.check,
            JobName.BOUNCES: _in_thread(self._bounces, alarm=lambda: over(AlarmKind.BOUNCES_FAILED, "returned mail")),
            JobName.NOTICES: self._post_notices,
        }

    def wake_outside(self) -> None:
        """Have hubs told, and the feeds looked at."""
        self._wake(JobName.ANNOUNCING)
        self._wake(JobName.CHECKING)

    def status(self) -> str:
        """The daemon in a line, as systemd shows it."""
        following = ", ".join(self.following()) or "none"
        return f"STATUS=Serving {self.listen}; alarms: {self.monitor.lasting}; next edition: {following}"

    def following(self) -> list[str]:
        """The next slot of every digest."""
        zone = self._service.config.settings.timezone
        slots = [(digest.name, self._service.planning.upcoming(digest, now())) for digest in self._service.digests]
        return [f"{name} {slot.due.astimezone(zone):%Y-%m-%d %H:%M}" for name, slot in slots]

    def _goes_on(self, job: JobName) -> bool:
        """Whether to stop, as a job asks between two steps: which is its sign of life."""
        self._liveness.sign(job)
        return self._stopping()

    async def _wake_sending(self) -> None:
        self.sending.wake()

    def _published(self, changed: Sequence[str]) -> None:
        self.outbound.published(changed, self.wake_outside)

    async def _post_notices(self) -> None:
        with self.monitor.alarm_on_error(AlarmKind.SENDING_FAILED, "letters about subscriptions"):
            await self._service.transactional.post(now, partial(self._goes_on, JobName.NOTICES))

    def _plan(self) -> None:
        with self.monitor.alarm_on_error(AlarmKind.PLANNING_FAILED, "leaves"):
            self._service.unsubscribe.replay()
        for digest in self._service.digests:
            if not self._goes_on(JobName.PLANNING):
                with self.monitor.alarm_on_error(AlarmKind.PLANNING_FAILED, digest.name):
                    self._service.planning.plan_due(digest, now())

    async def _send(self) -> None:
        """One round of sending, in the sending thread's loop."""
        with self.monitor.alarm_on_error(AlarmKind.SENDING_FAILED, "sending"):
            await asyncio.to_thread(self._service.edition_control.resume_due, now())
            await self._service.sending.send_holding(self._name, now, self._stopping, self._sends)
        self._liveness.sign(JobName.SENDING)

    def _sends(self, verdict: Verdict | None) -> None:
        self._liveness.sign(JobName.SENDING)
        if verdict is Verdict.SENT:  # a round may take hours: what failed before it is over now
            self.monitor.report(AlarmKind.SENDING_FAILED)

    def _keep(self) -> None:
        apply_retention(self._service, now(), partial(self._goes_on, JobName.KEEPING))

    def _bounces(self) -> None:
        stopping = partial(self._goes_on, JobName.BOUNCES)
        take_refused(self._service, now(), stopping)
        self.monitor.report(AlarmKind.MAILBOX_FAILED, faults_of_mailbox(self._service, now, stopping))

    async def _look(self) -> None:
        with contextlib.suppress(TimeoutError):  # what the first import meets belongs into the first mail
            await asyncio.wait_for(self._first_news.wait(), _FIRST_NEWS_SECONDS)
        self.monitor.report(AlarmKind.VISITORS_UNSEEN, self.visitors_unseen())
        await asyncio.to_thread(self.monitor.round, now())
        await self.monitor.mail_operator(now())
        with contextlib.suppress(DatabaseError):  # an alarm says so already
            notify(await asyncio.to_thread(self.status))


def _in_thread(
    do: Callable[[], object],
    then: Callable[[], object] = lambda: None,
    alarm: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext,
) -> Do:
    """A job that would block the loop; `then` is done on the loop."""

    def guarded() -> None:
        with alarm():
            do()

    async def job() -> None:
        await asyncio.to_thread(guarded)
        then()

    return job
