"""Access report in the words of the page that shows it; a person's copy has all of it as it is stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from budkavle.rendering.translations import name_of, translations
from budkavle.web.subscriber.choices import FormOptions
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import SubscriptionState, filter_of

Said = Callable[[str], str]


def shown(data: Mapping[str, Any], options: FormOptions, language: str, tokens: Mapping[str, str]) -> dict[str, object]:
    """The values of the template `pages/my_data.html`, from what `digest.lifecycle.request_my_data` gives."""
    gettext: Said = translations(language).ugettext
    return {
        "address": data["address"],
        "since": datetime.fromisoformat(data["since"]),
        "language": name_of(data["language"]),
        "subscriptions": [
            _subscription(subscription, options, gettext, tokens) for subscription in data["subscriptions"]
        ],
        "story": [_event(event, options, gettext) for event in data["events"]],
        "consents": [consent["text"] for consent in data["consent_texts"]],
    }


def _subscription(
    row: Mapping[str, Any], options: FormOptions, gettext: Said, tokens: Mapping[str, str]
) -> dict[str, object]:
    states = {
        SubscriptionState.PENDING: gettext("Waits for your confirmation"),
        SubscriptionState.ACTIVE: gettext("Under way"),
        SubscriptionState.PAUSED: gettext("Paused"),
        SubscriptionState.ENDED: gettext("Ended"),
    }
    wanted = options.words(filter_of(row["topics"], row["publishers"]))
    state = states[SubscriptionState(row["state"])]
    return {
        "title": options.title(row["digest"]),
        "state": state,
        "token": tokens.get(row["digest"], ""),
        **wanted,
    }


def _event(event: Mapping[str, Any], options: FormOptions, gettext: Said) -> dict[str, object]:
    text = _happened(gettext).get(event["kind"], event["kind"])
    digest = f" ({options.title(event['digest'])})" if event["digest"] else ""
    return {"at": datetime.fromisoformat(event["at"]), "text": f"{text}{digest}"}


def _happened(gettext: Said) -> dict[str, str]:
    return {
        EventKind.ASKED: gettext("Somebody wrote your address into our page"),
        EventKind.LETTER: gettext("We sent you a letter with a link"),
        EventKind.CONFIRMED: gettext("You confirmed"),
        EventKind.ADDED: gettext("We entered you by hand"),
        EventKind.IMPORTED: gettext("We entered you from a list"),
        EventKind.CHOSE: gettext("Your choices changed"),
        EventKind.PAUSED: gettext("The letters were paused"),
        EventKind.RESUMED: gettext("The letters came again"),
        EventKind.LEFT: gettext("The subscription ended"),
        EventKind.TAKEN_BACK: gettext("The leaving was undone"),
        EventKind.MOVED: gettext("A subscription came from another address"),
        EventKind.BOUNCED: gettext("A letter could not be delivered"),
        EventKind.SUPPRESSED: gettext("We stopped writing to your address"),
        EventKind.LIFTED: gettext("We write to your address again"),
        EventKind.EXPORTED: gettext("You took a copy of what we know"),
    }
