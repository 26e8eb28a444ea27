"""Commands about subscribers: add, list, end, pause, resume."""

from inspect import cleandoc
from typing import Annotated

from cyclopts import App, Parameter

from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AddressArgument,
    AsJson,
    ConfigFile,
    Exit,
    WrongUseError,
    complain,
    now,
    say,
    say_json,
)
from budkavle.config.load import Config, load
from budkavle.installation.slices.lists import offer
from budkavle.installation.wiring import open_service, open_to_read, open_to_write
from digest.lifecycle.adapters.by_operator import JoinOutcome
from digest.lifecycle.lift_suppression import why_not
from digest.lists.parse_line import WishText, wish_of
from mail.address import parse_address

app = App(name="subscribers", help="Add, import, list and end subscriptions.")
for _name, _place, _help in (
    ("erase", "erase:erase", "Forget a person at once; only a keyed hash keeps their no."),
    ("lift", "erase:lift", "Mail an address again that bounced, once you know that it works."),
    ("purge", "erase:purge", "Forget whose subscriptions all ended more than `[keep] ended` days ago."),
    ("show", "person:show", "Tell a person's story: subscriptions, consent, what happened, what was sent."),
    ("explain", "person:explain", "Say why somebody got, or did not get, each article of an edition."),
    (
        "import",
        "lists:take",
        """Subscribe the people on a list (CSV). Who has not agreed gets one letter that asks.

        Whoever subscribes already, has left here or there, or must not be mailed is left alone. A bad line is named
        and the others go on. What a list made can be undone.
        """,
    ),
    (
        "suppress",
        "suppress_list:suppress",
        """Never mail the people on a list (CSV) who left, bounced or complained in another system.

        Their addresses are kept as keyed hashes alone, so that no list brings them back; what they have here ends.
        Who has confirmed here themselves stays, and who confirms anew is mailed again.
        """,
    ),
    ("imports", "lists:show_imports", "List the imports that made something."),
    (
        "undo-import",
        "lists:undo",
        """Take back what an import made and nobody has touched since.

        Whoever has confirmed, chosen, paused or left stays as they are.
        """,
    ),
    ("export", "export:give", "Write all subscriptions into a file."),
):
    app.command(f"budkavle.cli.subscribers.{_place}", name=_name, help=cleandoc(_help))
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())]
EndedDigest = Annotated[str | None, Parameter(help="The digest; without it, all of them.")]
DigestName = Annotated[str | None, Parameter(help="The digest; needed only where there are several.")]


_SAID = {
    JoinOutcome.NEW: "subscribed",
    JoinOutcome.CHANGED: "subscribed again",
    JoinOutcome.UNCHANGED: "subscribes already, unchanged",
}


def _digest(config: Config, name: str | None) -> str:
    if name is not None:
        return find_digest(config, name).name
    names = [table.name for table in config.settings.digests]
    if len(names) != 1:
        raise WrongUseError(f"say which digest with --digest ({', '.join(names) or 'none is configured'})")
    return names[0]


@app.command
def add(  # noqa: PLR0913 - one option each, as the manual lists them
    address: AddressArgument,
    /,
    *,
    digest: DigestName = None,
    topics: Annotated[Names, Parameter(help="Ids of topics; none means all.")] = (),
    publishers: Annotated[Names, Parameter(help="Ids of publishers; none means all.")] = (),
    consent: Annotated[str, Parameter(help="Where and when it was given.")] = "",
    again: Annotated[bool, Parameter(negative=(), help="Somebody who left wants to come back.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Subscribe an address, or change the choices of one that subscribes already."""
    loaded = load(config)
    line = WishText(
        address=address,
        digest=_digest(loaded, digest),
        topics=" ".join(topics),
        publishers=" ".join(publishers),
        consent=consent,
    )
    wish = wish_of(offer(loaded), line)
    if isinstance(wish, str):
        raise WrongUseError(wish)
    with open_service(loaded) as service:
        join = service.by_operator.join_again if again else service.by_operator.join
        joined = join(wish, service.articles.last_seq(), now())
        chosen = joined is JoinOutcome.UNCHANGED and bool(topics or publishers)
        changed = chosen and service.by_operator.choose(wish.address, wish.digest, wish.wanted, now())
        suppressed = service.suppressions.find(wish.address)
    why = why_not(suppressed) if joined is JoinOutcome.SUPPRESSED and suppressed is not None else ""
    if joined is JoinOutcome.LEFT_BEFORE:
        why = "this address left before and is left alone; if its owner asks to come back: --again"
    if json:
        outcome = "choices changed" if changed else joined.value
        say_json({"address": wish.address.text, "digest": wish.digest, "outcome": outcome, "why": why or None})
    elif why:
        complain(why)
    else:
        say("changed its choices" if changed else _SAID[joined])
    return Exit.NEEDS_A_PERSON if why else Exit.DONE


@app.command(name="list")
def show_all(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List every subscription, ended ones included."""
    with open_to_read(load(config)) as service:
        for subscription in service.subscribers.all():
            topics, publishers = sorted(subscription.wanted.topics), sorted(subscription.wanted.publishers)
            if json:
                facts = {"address": subscription.address, "digest": subscription.digest, "state": subscription.state}
                say_json(
                    {**facts, "topics": topics, "publishers": publishers, "ended_reason": subscription.ended_reason}
                )
            else:
                words = " ".join([*topics, *publishers]) or "everything"
                say(f"{subscription.state:<8} {subscription.digest}  {subscription.address}  {words}")


@app.command
def end(address: AddressArgument, /, *, digest: EndedDigest = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """End the subscriptions of an address, to one digest or to all: at once, before the next letter."""
    loaded = load(config)
    if digest is not None:
        find_digest(loaded, digest)
    with open_to_write(loaded) as service:
        ended = service.unsubscribe_by_operator.end(parse_address(address), digest, now())
    say(f"ended {ended}" if ended else "there was nothing to end")
    return Exit.DONE if ended else Exit.NEEDS_A_PERSON


@app.command
def pause(address: AddressArgument, /, *, digest: DigestName = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send nothing to an address until it is resumed; the edition after that makes up for it."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        paused = service.by_operator.pause(parse_address(address), _digest(loaded, digest), now())
    say("paused" if paused else "there is no active subscription to pause")
    return Exit.DONE if paused else Exit.NEEDS_A_PERSON


@app.command
def resume(address: AddressArgument, /, *, digest: DigestName = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send to a paused address again."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        resumed = service.by_operator.resume(parse_address(address), _digest(loaded, digest), now())
    say("resumed" if resumed else "there is no paused subscription to resume")
    return Exit.DONE if resumed else Exit.NEEDS_A_PERSON
