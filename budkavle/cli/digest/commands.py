"""Commands about digests: preview the next letter, send an edition, see how it adds up."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from budkavle.cli.confirm_prompt import Yes
from budkavle.cli.digest.edition_dates import is_meant, period_named
from budkavle.cli.digest.letter_record import letter_record, refuse_file, write_letter
from budkavle.cli.digest.names import find_digest
from budkavle.cli.digest.relay_limits import limits_line
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    DigestArgument,
    Exit,
    WrongUseError,
    complain,
    now,
    say,
    say_json,
    say_text,
    ticking,
)
from budkavle.config.load import load
from budkavle.daemon.hangup import Hangup, note_hangups
from budkavle.installation.wiring import Service, open_to_read, open_to_write
from digest.editions.adapters.take_back import all_taken_back
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.digest import Digest
from digest.editions.edition import CLOSED, Edition, EditionStatus, newest_of_each
from digest.editions.slots import PeriodKey
from mail.address import parse_address
from mail.reply import Verdict
from storage.store import SENDER, LockHeldError

_PLANNED_WITHIN_SECONDS = 60
"""How long `digest send` waits for the plan of a daemon, which looks every twenty seconds."""
_DRAIN_SECONDS = 10
"""How long a stop waits for the letter that is under way."""

_UNCERTAIN = "budkavle digest uncertain"
_TO_COME = (Verdict.LOST, Verdict.LIMITED, Verdict.PAUSE)
"""The verdicts after which a letter is still to be sent."""

app = App(name="digest", help="Plan, send and look after editions.")
app.command(
    "budkavle.cli.digest.test_letter:rehearse", name="test", help="Send the message as it would go now to one address."
)
app.command(
    "budkavle.cli.digest.edition_control:pause", name="pause", help="Stop an edition after the letters under way."
)
app.command("budkavle.cli.digest.edition_control:resume", name="resume", help="Let a paused edition go on.")
app.command(
    "budkavle.cli.digest.edition_control:resume_domain",
    name="resume-domain",
    help="Let the letters to a paused domain go on.",
)
app.command(
    "budkavle.cli.digest.retry:retry", name="retry", help="Plan again what the relay refused, once that is mended."
)
app.command(
    "budkavle.cli.digest.uncertain:uncertain",
    name="uncertain",
    help="Letters that may have arrived or not; settle them.",
)
app.command(
    "budkavle.cli.digest.edition_control:cancel",
    name="cancel",
    help=(
        "Send no more letters of an edition, for good: whoever has none yet gets its news with the next edition.\n\n"
        "One whose date lies ahead can be cancelled after its last letter, too: the slots before that date count again."
    ),
)
app.command(
    "budkavle.cli.digest.edition_control:take_back",
    name="take-back",
    help="Undo an edition of which no letter went out.",
)


@app.command
def preview(
    name: DigestArgument,
    /,
    *,
    address: Annotated[str | None, Parameter(name="--as", help="The letter of this subscriber.")] = None,
    out: Annotated[Path | None, Parameter(help="A folder for letter.eml, letter.html and letter.txt.")] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Show the message as it would go now; nothing is sent or recorded."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    refuse_file(out)
    with open_to_read(loaded) as service:
        reader = parse_address(address) if address else None
        try:
            letter = service.preview.letter(digest, reader, now())
        except LookupError as error:
            raise WrongUseError(str(error)) from None
        for note in service.preview_notes.about(digest, reader, now()):
            complain(f"note: {note}")
    if json:
        say_json(letter_record(name, letter))
    if letter is None:
        if not json:
            say("the letter would be empty, so none would be sent")
        return Exit.DONE
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
    if out is None and json:
        return Exit.DONE
    if out is None:
        text = message.get_body(("plain",))
        say(f"Subject: {message['Subject']}")
        say_text(f"\n{text.get_content() if text else ''}")
        return Exit.DONE
    write_letter(letter, message, out)
    if not json:
        say(f"wrote letter.eml, letter.html and letter.txt into {out}")
    return Exit.DONE


@app.command
def send(
    name: DigestArgument,
    /,
    *,
    edition: Annotated[str | None, Parameter(help="The period's local date, YYYY-MM-DD, due or not.")] = None,
    yes: Yes = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Plan and send the edition that is due, or go on with one that was broken off."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    with open_to_write(loaded) as service:
        wanted = period_named(service, digest, edition) if edition is not None else None
        if wanted is not None and not (yes or is_meant(service, digest, wanted)):
            complain("nothing is changed")
            return Exit.NEEDS_A_PERSON
        planned = _carried_out(service, digest, wanted)
        if planned is None:
            complain(f"no edition of {name} is due; the next one is {service.planning.upcoming(digest, now()).key}")
            return Exit.DONE
        status = _status(service, planned)
    tell(status, json=json)
    return _code(status)


def _carried_out(service: Service, digest: Digest, wanted: PeriodKey | None) -> Edition | None:
    """Plan and send as the holder of the sender's lock; while another holds it, wait until that one has planned."""
    opened, ask = None, f"budkavle digest status {digest.name}"
    for left in range(_PLANNED_WITHIN_SECONDS, -1, -1):
        try:
            with service.database.lock(SENDER) as lock:
                service.sending.settle(now())
                opened = _opened(service, digest, opened.key if opened else wanted)
                if opened is not None:
                    opened = service.planning.plan(digest, opened)
                    _send(service, opened, lock.holder)
                return opened
        except LockHeldError as busy:
            opened = _opened(service, digest, opened.key if opened else wanted)
            if opened is None or opened.is_planned:
                complain(f"{busy.holder} plans and sends what is due; to see how it stands: {ask}")
                return opened
            if not left:
                complain(f"{busy.holder} has not planned {opened.key} yet; to see how it stands: {ask}")
        time.sleep(1)
    return opened


def _opened(service: Service, digest: Digest, wanted: PeriodKey | None) -> Edition | None:
    """The edition to be sent: the one that is named, is due, or was broken off; a paused one goes on."""
    if wanted is not None:
        chosen: Edition | None = service.planning.open_period(digest, wanted, now())
    else:
        newest = service.editions.newest(digest.name)
        chosen = service.planning.open_due(digest, now()) or (newest if newest and newest.state not in CLOSED else None)
    if chosen is None:
        return None
    service.edition_control.resume(chosen)
    return service.editions.get(chosen.digest, chosen.key)


def _send(service: Service, edition: Edition, holder: str) -> None:
    waiting = sum(_status(service, edition).counts[state] for state in OPEN)
    with ticking(f"Sending {edition.digest} {edition.key}", waiting) as tick:

        def show_verdict(judged: Verdict | None) -> None:
            if judged not in _TO_COME:
                tick(judged)

        asyncio.run(_send_until_asked_to_stop(service, holder, show_verdict))


def _hung_up(hangup: Hangup, stop: asyncio.Event) -> None:
    hangup.is_terminals()  # from now on nothing is written to it
    stop.set()


async def _send_until_asked_to_stop(
    service: Service, holder: str, show_verdict: Callable[[Verdict | None], None]
) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end it after the letter under way: none is left in doubt for nothing."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    hangup = note_hangups()
    hangup.heard_by(lambda: loop.call_soon_threadsafe(_hung_up, hangup, stop))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sending = asyncio.ensure_future(service.sending.send_holding(holder, now, stop.is_set, show_verdict))
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait([sending, waiting], return_when=asyncio.FIRST_COMPLETED)
    finished, _ = await asyncio.wait([sending], timeout=_DRAIN_SECONDS)
    waiting.cancel()
    hangup.heard_by(None)
    if finished:
        await sending
    else:
        sending.cancel()  # the relay is silent: what it was offered without its dot is not sent
        await asyncio.wait([sending])


def _status(service: Service, edition: Edition) -> EditionStatus:
    return next(counts for counts in service.edition_counts.status(edition.digest) if counts.edition.id == edition.id)


def _code(status: EditionStatus) -> int:
    if status.needs_a_person:
        return Exit.NEEDS_A_PERSON
    waits = any(status.counts[state] for state in OPEN) or not status.edition.is_planned
    return Exit.TRY_LATER if waits else Exit.DONE


@app.command
def status(
    name: Annotated[str | None, Parameter(help="The digest; without it, all of them.")] = None,
    /,
    *,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Show the editions and how their deliveries add up."""
    loaded = load(config)
    with open_to_read(loaded) as service:
        statuses = list(service.edition_counts.status(name))
        relay_said = limits_line(service)
        taken_back = [] if json else all_taken_back(service.database.read)
    if name is not None and not statuses:  # one that is configured no more may still have editions
        find_digest(loaded, name)
    for edition_status in statuses:
        tell(edition_status, json=json)
    for digest, key, at in taken_back:
        if name in {None, digest}:
            say(f"{digest} {key}: taken back {at:%Y-%m-%d %H:%M} UTC, before any letter went out")
    if not statuses and not json:
        say("no edition yet")
    if relay_said and not json:
        say(relay_said)
    return (
        Exit.NEEDS_A_PERSON
        if any(edition_status.needs_a_person for edition_status in newest_of_each(statuses))
        else Exit.DONE
    )


def tell(status: EditionStatus, *, json: bool) -> None:
    """Say how an edition stands and how its deliveries add up."""
    edition = status.edition
    if json:
        counts = {state.value: number for state, number in status.counts.items()}
        facts = {"digest": edition.digest, "edition": edition.key, "state": edition.state, "audience": status.audience}
        say_json({**facts, **counts, "unexplained": status.unexplained})
        return
    counted = Counter({state.value: number for state, number in status.counts.items()})
    parts = ", ".join(f"{number} {state}" for state, number in counted.most_common() if number)
    say(f"{edition.digest} {edition.key}: {edition.state}, audience {status.audience}: {parts or 'nobody'}")
    uncertain = status.counts[DeliveryState.UNCERTAIN]
    if uncertain and not edition.is_folded:
        say(f"    {uncertain} may have arrived or not; which, and what became of them: {_UNCERTAIN} {edition.digest}")
    if edition.paused_because:
        then = f"mend the cause, then: budkavle digest send {edition.digest}"
        if edition.resume_at:
            again = f"the daemon tries again at {edition.resume_at:%H:%M} UTC"
            then = f"{again}; at once: budkavle digest send {edition.digest}"
        say(f"    paused: {edition.paused_because}; {then}")
