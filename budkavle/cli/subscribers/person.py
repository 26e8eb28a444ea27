"""Commands about one person: their history, and why they did or did not get something."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import DEFAULT_CONFIG, AddressArgument, AsJson, ConfigFile, Exit, complain, say, say_json
from budkavle.config.load import load
from budkavle.installation.values import digests
from budkavle.installation.wiring import Service, open_to_read
from digest.editions.explain import Explanation
from digest.editions.explanation import ArticleExplanation, WhyNot
from digest.editions.slots import PeriodKey
from digest.letters.content import Showing
from digest.lifecycle.adapters.history import SubscriberHistory
from digest.lifecycle.lift_suppression import why_not
from mail.address import parse_address

_NOBODY = "nobody with this address is known"
_WORDS = {
    WhyNot.ERASED: "it was erased",
    WhyNot.WITHDRAWN: "it was withdrawn, and this subscription was told or never had it",
    WhyNot.NOT_IN_DIGEST: "the digest itself does not take it",
    WhyNot.NO_TOPIC: "none of its topics is among those chosen",
    WhyNot.NO_PUBLISHER: "none of its publishers is among those chosen",
    WhyNot.TOO_OLD: "it is so old that nobody knows any more who had it",
    WhyNot.SENT_BEFORE: "it was sent before",
    WhyNot.SETTLED: "it is older than the cursor: published before the subscription, or settled by an earlier edition",
    WhyNot.BEYOND_LIMIT: "the letter was full; it says how many more there are",
    WhyNot.NO_ROOM: "the letter was full of other corrections and withdrawals; the next one tells of it",
    WhyNot.PULLED: "it was withdrawn or erased before the letter went out",
}


_NAMED = ": the letter was full; the edition's page names it"


def show(address: AddressArgument, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Tell a person's story: subscriptions, consent, what happened, what was sent, and whether they are suppressed."""
    whom = parse_address(address)
    with open_to_read(load(config)) as service:
        suppressed = service.suppressions.find(whom)
        history = service.histories.find(whom)
    why = {"reason": suppressed.reason, "since": _moment(suppressed.since)} if suppressed else None
    if json:
        say_json({"address": whom.text, "suppressed": why, **(_record(history) if history else {"known": False})})
    else:
        for line in _report_lines(history) if history else (_NOBODY,):
            say(line)
        if suppressed:
            say(why_not(suppressed))
    return Exit.DONE if history or suppressed else Exit.NEEDS_A_PERSON


def _record(history: SubscriberHistory) -> dict[str, object]:
    return {
        "known": True,
        "language": history.language,
        "since": _moment(history.since),
        "subscriptions": [
            {
                "digest": subscription.digest,
                "state": subscription.state,
                "ended_reason": subscription.ended_reason,
                "ended": _moment(subscription.ended),
                "topics": subscription.topics.split(),
                "publishers": subscription.publishers.split(),
                "from_seq": subscription.from_seq,
                "consent": subscription.consent,
                "since": _moment(subscription.since),
                "resumes": _moment(subscription.resumes),
            }
            for subscription in history.subscriptions
        ],
        "events": [
            {"at": _moment(event.at), "kind": event.kind, "digest": event.digest, "detail": dict(event.detail)}
            for event in history.events
        ],
        "letters": [
            {"kind": letter.kind, "state": letter.state, "asked": _moment(letter.asked), "reply": letter.reply}
            for letter in history.letters
        ],
        "deliveries": [
            {
                "digest": delivery.digest,
                "edition": delivery.period_key,
                "state": delivery.state,
                "reason": delivery.reason,
                "at": _moment(delivery.at),
                "reply": delivery.reply,
            }
            for delivery in history.deliveries
        ],
    }


def _report_lines(history: SubscriberHistory) -> Iterator[str]:
    yield f"known since {_moment(history.since)}, language {history.language}"
    for subscription in history.subscriptions:
        wants = " ".join([*subscription.topics.split(), *subscription.publishers.split()]) or "everything"
        ended = f", {subscription.ended_reason} {_moment(subscription.ended)}" if subscription.ended else ""
        consent = f"; consent: {subscription.consent}" if subscription.consent else ""
        since = f", wants {wants}, since {_moment(subscription.since)}"
        yield f"{subscription.digest}: {subscription.state}{ended}{since}{consent}"
    for event in history.events:
        detail = ", ".join(f"{name} {value}" for name, value in event.detail.items())
        yield f"{_moment(event.at)} {event.kind} {event.digest or ''} {detail}".rstrip()
    for letter in history.letters:
        yield f"{_moment(letter.asked)} letter {letter.kind}: {letter.state}{_because(letter.reply)}"
    for delivery in history.deliveries:
        why = _because(delivery.reason) + _because(delivery.reply)
        yield f"{_moment(delivery.at)} edition {delivery.digest} {delivery.period_key}: {delivery.state}{why}"


def explain(
    address: AddressArgument,
    edition: Annotated[str | None, Parameter(help="The edition's date; without it, the one to come.")] = None,
    /,
    *,
    digest: Annotated[str | None, Parameter(help="The digest; without it, all of them.")] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Say why somebody got, or did not get, each article of an edition, or of the one to come."""
    loaded, whom = load(config), parse_address(address)
    chosen = [find_digest(loaded, digest)] if digest else digests(loaded)
    with open_to_read(loaded) as service:
        suppressed = service.suppressions.find(whom)
        explained = [
            service.explaining.explain_edition(newsletter, subscription, PeriodKey(edition) if edition else None)
            for newsletter in chosen
            if (subscription := service.subscribers.find(whom, newsletter.name))
        ]
        titles = _titles(service, explained)
    if not explained:
        complain(why_not(suppressed) if suppressed else _NOBODY)
        return Exit.NEEDS_A_PERSON
    for explanation in explained:
        if json:
            say_json(_explained_record(explanation, titles))
        else:
            for line in _lines(explanation, titles):
                say(line)
    if suppressed and not json:
        say(why_not(suppressed))
    return Exit.DONE


def _titles(service: Service, explained: list[Explanation]) -> Mapping[tuple[str, int], str]:
    wanted = [(row.article, row.seq) for explanation in explained for row in explanation.articles]
    return {place: version.article.title for place, version in service.articles.texts(wanted).items()}


def _explained_record(explanation: Explanation, titles: Mapping[tuple[str, int], str]) -> dict[str, object]:
    delivery = explanation.delivery
    return {
        "digest": explanation.digest,
        "edition": explanation.edition,
        "state": delivery.state if delivery else None,
        "reason": delivery.reason if delivery else None,
        "at": _moment(delivery.at) if delivery else None,
        "topics": sorted(delivery.wanted.topics) if delivery else None,
        "publishers": sorted(delivery.wanted.publishers) if delivery else None,
        "from_seq": delivery.from_seq if delivery else None,
        "articles": [
            {
                "id": row.article,
                "seq": row.seq,
                "title": titles.get((row.article, row.seq), ""),
                "shown": row.shown,
                "why": row.why,
                "edition": row.edition,
            }
            for row in explanation.articles
        ],
    }


def _lines(explanation: Explanation, titles: Mapping[tuple[str, int], str]) -> Iterator[str]:
    delivery, name = explanation.delivery, f"{explanation.digest} {explanation.edition}"
    if explanation.edition is None:
        yield f"{explanation.digest}, the edition to come, as it would be planned now:"
    elif delivery is None:
        yield f"{name}: not in its audience, or kept no more; the letter would have held:"
    else:
        why = _because(delivery.reason) + _because(delivery.reply)
        yield f"{name}: {delivery.state} {_moment(delivery.at)}{why}"
    if not explanation.articles:
        yield "  nothing was new"
    for row in explanation.articles:
        yield f"  {row.shown or 'not shown':<9}  {titles.get((row.article, row.seq)) or row.article}{_reason(row)}"


def _reason(row: ArticleExplanation) -> str:
    if row.why is None:
        return _NAMED if row.shown is Showing.NAMED else ""
    where = f", in edition {row.edition}" if row.edition else ""
    return f": {_WORDS[row.why]}{where}"


def _because(text: str | None) -> str:
    return f" ({text})" if text else ""


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
