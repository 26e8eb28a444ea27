"""Erasure of a person, retention of addresses, and lifting of a suppression."""

from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.terminal import DEFAULT_CONFIG, AddressArgument, ConfigFile, Exit, complain, now, say
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_read, open_to_write
from budkavle.maintenance.file_kinds import copies
from budkavle.maintenance.mentioning_files import left_to_delete
from budkavle.rendering.wording import counted
from digest.lifecycle.lift_suppression import LiftOutcome, why_not
from mail.address import parse_address


def erase(address: AddressArgument, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Forget a person at once: subscriptions, consent, story, letters that wait. Only a keyed hash keeps their no."""
    loaded, whom = load(config), parse_address(address)
    with open_to_write(loaded) as service:
        erased = service.erase_subscriber.erase(whom, now())
    if erased.existed:
        say("erased; a keyed hash remembers the no, and a wish of their own lifts it")
    else:
        say("nobody with this address is known; a keyed hash remembers the no all the same")
    if erased.letters:
        say(f"deleted: {counted(erased.letters, 'letter')} to them in {loaded.outbox}")
    if erased.messages:
        say(f"deleted: {counted(erased.messages, 'message')} that came back and named them")
    say()
    say("still for you to do:")
    store_copies = copies(loaded)
    for path in left_to_delete(loaded, whom):
        say(f"- delete {path}, {'a copy of the store as it was' if path in store_copies else 'or take them out of it'}")
    say("- delete older backups: restored beside the journal of leaves they forget them again, elsewhere not")
    say("- delete the lists, exports, reports and previews that you made elsewhere and that name them")
    if loaded.settings.bounces.imap:
        say("- look for them in the mailbox of [bounces.imap]: messages that came back lie there")
    say("- what a relay took lies in its queue and its log, and in their mailbox")
    if erased.under_way:
        complain("a letter to them is being handed over at this moment: erase them again when that is done")
    if not erased.scrubbed:
        complain("the store was in use: traces may lie in it or in its log; erase them again to have them gone")
    return Exit.TRY_LATER if erased.under_way or not erased.scrubbed else Exit.DONE


def lift(address: AddressArgument, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Mail an address again that bounced, once you know that it works; a person's own no stays."""
    whom = parse_address(address)
    with open_to_write(load(config)) as service:
        outcome, suppression = service.lift_suppression.lift(whom, now())
    match outcome:
        case LiftOutcome.DONE:
            say("lifted: the next edition makes up for what was not sent")
            return Exit.DONE
        case LiftOutcome.NOT_SUPPRESSED:
            complain("this address is not suppressed: there is nothing to lift")
        case LiftOutcome.REFUSED if suppression is not None:
            complain(why_not(suppression))
    return Exit.NEEDS_A_PERSON


def purge(
    *,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say how many.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Forget whose subscriptions all ended more than `[keep] ended` days ago, as the daemon does once a day."""
    loaded = load(config)
    with open_to_read(loaded) if dry_run else open_to_write(loaded) as service:
        expired = service.expire_subscribers.expire(now(), dry_run=dry_run)
    verb = "would be forgotten" if dry_run else "forgotten"
    say(f"{verb}: {expired.left} who left long ago, {expired.without} who never had a subscription")
