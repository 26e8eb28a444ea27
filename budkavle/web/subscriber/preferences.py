"""Preferences: what the holder of a leave token gets, and how they change it. No address is ever shown here."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.rendering.translations import translations
from budkavle.web.layout.pages import Pages, just_done, see_other
from budkavle.web.subscriber.choices import FormOptions, Option
from budkavle.web.subscriber.fields import Fields, Problem, value
from budkavle.web.subscriber.forms import read_form
from budkavle.web.subscriber.letter_limits import allowed_from
from digest.keys import Purpose
from digest.lifecycle.change_preferences import Choices
from digest.lifecycle.preferences import PreferencesOutcome
from digest.subscribers.subscription import Filter, SubscriptionState
from digest.subscribers.tokens import TokenPurpose

_LONGEST_PAUSE = timedelta(days=366)


def routes(service: Service, pages: Pages) -> list[Route]:
    """`/mina-val/T`."""
    return [Route("/mina-val/{token}", _PreferencesPage(service, pages).page, methods=["GET", "POST"])]


_Act = Callable[[Request, str, Choices, Fields], Response]


def _still_so(change: str, choices: Choices) -> str:
    """What was done, as far as it holds: a page may be loaded again days later."""
    if change == "paused":
        return change if choices.state is SubscriptionState.PAUSED and choices.paused_until else ""
    return change if change in {"chosen", "resumed", "moved"} and choices.state is not SubscriptionState.ENDED else ""


class _PreferencesPage:
    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._preferences = service.change_preferences
        self._pages = pages
        self._options = FormOptions(service)
        self._zone = service.config.settings.timezone

    async def page(self, request: Request) -> Response:
        """What is chosen, or what becomes of a change."""
        fields = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(self._answer, request, fields)

    def _answer(self, request: Request, fields: Fields) -> Response:
        token = str(request.path_params["token"])
        choices = self._preferences.look(token)
        if choices is None:
            return self._pages.private("unknown", HTTPStatus.NOT_FOUND)
        if request.method != "POST" and just_done(request) == "asked":
            return self._pages.private("asked", HTTPStatus.OK, reader_language=choices.language, what="moving")
        if request.method != "POST":
            return self._shown(token, choices, done=_still_so(just_done(request), choices))
        acts: dict[str, _Act] = {"choices": self._choose, "pause": self._pause, "resume": self._resume}
        acts |= {"digest": self._move_to_digest, "address": self._move}
        act = acts.get(value(fields, "change"))
        if act is None:
            return self._pages.private("error", HTTPStatus.BAD_REQUEST, status=int(HTTPStatus.BAD_REQUEST))
        return act(request, token, choices, fields)

    def _is_older(self, choices: Choices, fields: Fields) -> bool:
        """Whether the page was opened before the last change: in another window, or by somebody else."""
        return "seen" in fields and value(fields, "seen") != self._seen(choices)

    def _seen(self, choices: Choices) -> str:
        """What tells one standing of a subscription from another; a page carries that which it shows."""
        wanted = [sorted(choices.wanted.topics), sorted(choices.wanted.publishers)]
        standing = (choices.digest, str(choices.state), str(choices.paused_until), choices.language, *wanted)
        return self._service.key.mac(Purpose.FORM, f"choices {standing}")[:32]

    def _changed_meanwhile(self, token: str, choices: Choices, wanted: Filter | None = None) -> Response:
        """Show what is saved now, and what was just chosen to be saved once more: nothing is undone unseen."""
        gettext = translations(self._pages.language(choices.language)).ugettext
        text = gettext("Your choices were changed in another window after you had opened this page.")
        if wanted is not None:
            text += " " + gettext("What you chose here stands below. Save it again, if that is to hold.")
        return self._shown(token, choices, problems=[Problem(field="", text=text)], wanted=wanted, now=choices.wanted)

    def _choose(self, _: Request, token: str, choices: Choices, fields: Fields) -> Response:
        wanted = self._options.chosen_filter(fields, [choices.digest])
        language = self._options.chosen_language(fields, choices.language)
        if self._is_older(choices, fields) and (wanted, language) != (choices.wanted, choices.language):
            return self._changed_meanwhile(token, choices, wanted)
        outcome = self._preferences.choose(token, wanted, language, datetime.now(UTC))
        return self._after(token, outcome, "chosen")

    def _pause(self, _: Request, token: str, choices: Choices, fields: Fields) -> Response:
        now = datetime.now(UTC)
        until = self._day(value(fields, "until"), now.astimezone(self._zone).date(), choices.language)
        if isinstance(until, Problem):
            return self._shown(token, choices, problems=[until], until=value(fields, "until"))
        if self._is_older(choices, fields):
            return self._changed_meanwhile(token, choices)
        return self._after(token, self._preferences.pause_until(token, until, now), "paused")

    def _resume(self, _: Request, token: str, __: Choices, ___: Fields) -> Response:
        return self._after(token, self._preferences.resume(token, datetime.now(UTC)), "resumed")

    def _move_to_digest(self, _: Request, token: str, choices: Choices, fields: Fields) -> Response:
        digest = value(fields, "digest")
        if digest not in choices.others:
            text = translations(self._pages.language(choices.language)).ugettext("Choose a newsletter.")
            return self._shown(token, choices, problems=[Problem(field="digest", text=text)])
        if self._is_older(choices, fields):
            return self._changed_meanwhile(token, choices)
        return self._after(token, self._preferences.change_digest(token, digest, datetime.now(UTC)), "moved")

    def _move(self, request: Request, token: str, _: Choices, __: Fields) -> Response:
        """A letter to the address that the newsletter goes to: whoever was forwarded one has no more than its links."""
        address, now = self._service.change_address.address_of(token), datetime.now(UTC)
        if address is not None:
            goes = allowed_from(self._service, TokenPurpose.MOVING, address, request, now)
            if goes is not None:
                self._service.change_address.ask(token, now, goes)
        return see_other("asked")

    def _after(self, token: str, outcome: PreferencesOutcome, what: str) -> Response:
        choices = self._preferences.look(token)
        if choices is None or outcome is PreferencesOutcome.UNKNOWN:
            return self._pages.private("unknown", HTTPStatus.NOT_FOUND)
        if outcome is PreferencesOutcome.TAKEN:
            text = translations(self._pages.language(choices.language)).ugettext(
                "You have, or had, that newsletter already."
            )
            return self._shown(token, choices, problems=[Problem(field="digest", text=text)])
        return see_other("" if outcome is PreferencesOutcome.ENDED else what)

    def _shown(
        self,
        token: str,
        choices: Choices,
        problems: Sequence[Problem] = (),
        *,
        wanted: Filter | None = None,
        now: Filter | None = None,
        **typed: str,
    ) -> Response:
        """The page, after a fault with what was `typed` or `wanted`, and what holds `now` where that differs.

        `done` says what has just been changed.
        """
        options, chosen = self._options, wanted or choices.wanted
        return self._pages.private(
            "choices",
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            reader_language=choices.language,
            errors=problems,
            digest=choices.title,
            state=str(choices.state),
            token=token,
            topics=options.topics([choices.digest], chosen.topics),
            publishers=options.publishers([choices.digest], chosen.publishers),
            languages=options.languages(choices.language),
            others=[Option(id=name, label=title) for name, title in choices.others.items()],
            paused_until=choices.paused_until,
            seen=self._seen(choices),
            saved=options.words(now) if now else None,
            **{"done": "", "until": "", **typed},
        )

    def _day(self, text: str, today: date, language: str) -> date | Problem:
        """The day until which somebody wants to rest, within a year."""
        gettext = translations(self._pages.language(language)).ugettext
        try:
            day = date.fromisoformat(text)
        except ValueError:
            example = str(today + timedelta(days=30))
            return Problem(field="until", text=gettext("Write a day like %(day)s.") % {"day": example})
        if not today < day <= today + _LONGEST_PAUSE:
            return Problem(field="until", text=gettext("Choose a day after today, and within a year."))
        return day
