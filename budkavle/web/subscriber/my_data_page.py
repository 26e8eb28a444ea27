"""What there is about a person, in the words of the page that shows it; their copy has all of it as it is stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from budkavle.rendering.translations import name_of, translations
from budkavle.web.subscriber.choices import Offer
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import SubscriptionState, filter_of

Said = Callable[[str], str]


def shown(found: Mapping[str, Any], offer: Offer, language: str, tokens: Mapping[str, str]) -> dict[str, object]:
    """The values of the template `pages/my_data.html`, from what `digest.lifecycle.request_my_data` gives."""
    gettext: Said = translations(language).ugettext
    return {
        "address": found["address"],
        "since": datetime.fromisoformat(found["since"]),
        "language": name_of(found["language"]),
        "subscriptions": [_subscription(each, offer, gettext, tokens) for each in found["subscriptions"]],
        "story": [_event(each, offer, gettext) for each in found["events"]],
        "consents": [each["text"] for each in found["consent_texts"]],
    }


def _subscription(own: Mapping[str, Any], offer: Offer, gettext: Said, tokens: Mapping[str, str]) -> dict[str, object]:
    states = {
        SubscriptionState.PENDING: gettext("Waits for your confirmation"),
        SubscriptionState.ACTIVE: gettext("Under way"),
        SubscriptionState.PAUSED: gettext("Paused"),
        SubscriptionState.ENDED: gettext("Ended"),
    }
    wanted = offer.words(filter_of(own["topics"], own["publishers"]))
    state = states[SubscriptionState(own["state"])]
    return {"title": offer.title(own["digest"]), "state": state, "token": tokens.get(own["digest"], ""), **wanted}


def _event(event: Mapping[str, Any], offer: Offer, gettext: Said) -> dict[str, object]:
    text = _happened(gettext).get(event["kind"], event["kind"])
    digest = f" ({offer.title(event['digest'])})" if event["digest"] else ""
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
