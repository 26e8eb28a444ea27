"""Subscribe: the form, and the page that a confirmation letter leads to. Only a POST does anything."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.rendering.translations import translations
from budkavle.web.layout.pages import Pages, just_done, see_other
from budkavle.web.subscriber.choices import FormOptions
from budkavle.web.subscriber.fields import Fields, Problem, value
from budkavle.web.subscriber.forms import TRAP, Sent, Stamps, read_form, why_not
from budkavle.web.subscriber.letter_limits import allowed_from, typed_address
from digest.lifecycle.double_opt_in import AskedToJoin, ConfirmOutcome, DigestWish
from digest.lifecycle.subscribe import Confirmation, UnknownConsentError, WishShown
from digest.subscribers.tokens import TokenPurpose, TokenState
from mail.address import Address

PAGE = "/prenumerera"
_WORST = {
    ConfirmOutcome.EXPIRED: HTTPStatus.GONE,
    ConfirmOutcome.UNKNOWN: HTTPStatus.NOT_FOUND,
}


def routes(service: Service, pages: Pages) -> list[Route]:
    """`/prenumerera` and `/bekrafta/T`."""
    join, answer = _SubscribeForm(service, pages), _ConfirmationPage(service, pages)
    return [
        Route(PAGE, join.page, methods=["GET", "POST"]),
        Route("/bekrafta/{token}", answer.page, methods=["GET", "POST"]),
    ]


class _SubscribeForm:
    """The subscribe form: whatever it is sent, it does not tell whether an address is known."""

    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._options = FormOptions(service)
        self._stamps = Stamps(service.key, timedelta(seconds=service.config.settings.limits.fill_seconds))

    async def page(self, request: Request) -> Response:
        """The form, or what becomes of it."""
        if request.method != "POST" and just_done(request) == "join":
            return self._pages.private("asked", HTTPStatus.OK, what="join")
        if request.method != "POST":
            return await run_in_threadpool(self._form, {}, ())
        fields = await read_form(request)
        return await run_in_threadpool(self._take, request, fields)

    def _take(self, request: Request, fields: Fields) -> Response:
        now, language = datetime.now(UTC), self._pages.language()
        digests = self._options.chosen_digests(fields)
        wanted = self._options.chosen_filter(fields, digests)
        address = typed_address(value(fields, "address"), language)
        problems = [*self._problems(fields, digests, language), *([address] if isinstance(address, Problem) else [])]
        unsent = why_not(self._stamps.sent(fields, now), language)
        if problems or unsent or not isinstance(address, Address):
            return self._form(fields, [*problems, *unsent])
        wish = AskedToJoin(
            address=address,
            wishes=tuple(DigestWish(digest=digest, wanted=wanted) for digest in digests),
            language=self._options.chosen_language(fields, language),
            page=PAGE,
            text=value(fields, "text"),
        )
        if wish.text != self._service.consent.text(language).hash:
            return self._form(fields, [_other_text(language)])
        goes = allowed_from(self._service, TokenPurpose.CONFIRM, address, request, now)
        if goes is not None:
            try:
                self._service.subscribe.ask(wish, now, goes)
            except UnknownConsentError:
                return self._form(fields, [_other_text(language)])
        return see_other("join")

    def _problems(self, fields: Fields, digests: tuple[str, ...], language: str) -> list[Problem]:
        gettext = translations(language).ugettext
        if not digests:
            return [Problem(field="digest", text=gettext("Choose a newsletter."))]
        wanted = self._options.chosen_filter(fields, self._options.every_digest())
        text = gettext("%(title)s never holds what you have chosen. Choose otherwise, or leave it out.")
        return [
            Problem(field="topic" if wanted.topics else "publisher", text=text % {"title": title})
            for title in self._options.empty_ones(digests, wanted)
        ]

    def _form(self, fields: Fields, problems: list[Problem] | tuple[()]) -> Response:
        now, language, options = datetime.now(UTC), self._pages.language(), self._options
        every, consent = options.every_digest(), self._service.consent.text(language)
        return self._pages.private(
            "subscribe",
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            errors=problems,
            digests=options.digests(fields.get("digest", ()), language),
            topics=options.topics(every, fields.get("topic", ())),
            publishers=options.publishers(every, fields.get("publisher", ())),
            languages=options.languages(options.chosen_language(fields, language)),
            address=value(fields, "address"),
            consent=consent,
            form={"stamp": self._stamps.stamp(now), "trap": TRAP},
        )


def _other_text(language: str) -> Problem:
    text = translations(language).ugettext(
        "What you agree to has changed since you opened this page. Read it, and send again."
    )
    return Problem(field="", text=text)


class _ConfirmationPage:
    """The confirmation page, which a letter's link leads to: it shows, and its button acts, once."""

    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._options = FormOptions(service)
        # Half of what a form takes: there is one button to press.
        self._stamps = Stamps(service.key, timedelta(seconds=service.config.settings.limits.fill_seconds) / 2)

    async def page(self, request: Request) -> Response:
        """The page of one token, or what becomes of its button."""
        fields = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(self._answer, request, fields)

    def _answer(self, request: Request, fields: Fields) -> Response:
        token, now = str(request.path_params["token"]), datetime.now(UTC)
        confirmation = self._service.subscribe.look(token, now)
        if confirmation is None:
            return self._pages.private("expired", HTTPStatus.NOT_FOUND, what="confirm")
        sent = self._stamps.sent(fields, now)
        if request.method == "POST" and (sent is Sent.BY_A_PERSON or confirmation.state is not TokenState.OPEN):
            return self._confirm(token, confirmation.purpose, now)
        if confirmation.state is TokenState.EXPIRED:
            return self._pages.private(
                "expired", HTTPStatus.GONE, reader_language=confirmation.language, what=confirmation.purpose
            )
        if confirmation.state is TokenState.USED:
            just = just_done(request) == "confirmed" and confirmation.is_fresh
            return self._done(confirmation, already=not just)
        return self._button(confirmation, fields, sent, now, pressed=request.method == "POST")

    def _button(
        self, confirmation: Confirmation, fields: Fields, sent: Sent, now: datetime, *, pressed: bool
    ) -> Response:
        """The page with the button; once more where a program seems to have pressed it, which programs do not heed."""
        gettext = translations(self._pages.language(confirmation.language)).ugettext
        text = gettext("Press the button once more: so we know that no program has pressed it.")
        # Who was too quick once is not made to wait anew.
        stamp = value(fields, "stamp") if sent is Sent.TOO_FAST else self._stamps.stamp(now)
        return self._pages.private(
            "confirm",
            HTTPStatus.UNPROCESSABLE_ENTITY if pressed else HTTPStatus.OK,
            reader_language=confirmation.language,
            what=confirmation.purpose,
            address=confirmation.masked,
            wishes=[self._shown(wish) for wish in confirmation.wishes],
            form={"stamp": stamp, "trap": TRAP},
            errors=[Problem(field="", text=text)] if pressed else [],
        )

    def _confirm(self, token: str, purpose: str, now: datetime) -> Response:
        confirmed = self._service.subscribe.confirm(token, now)
        if confirmed.outcome in _WORST:
            return self._pages.private(
                "expired",
                _WORST[confirmed.outcome],
                reader_language=confirmed.language,
                what=confirmed.purpose or purpose,
            )
        return see_other("confirmed" if confirmed.outcome is ConfirmOutcome.DONE else "already")

    def _done(self, confirmation: Confirmation, *, already: bool) -> Response:
        tokens = {} if already else confirmation.choices
        choices = [{"token": token, "title": self._options.title(name)} for name, token in tokens.items()]
        values = {"what": confirmation.purpose, "already": already, "choices": choices}
        return self._pages.private("confirmed", HTTPStatus.OK, reader_language=confirmation.language, **values)

    def _shown(self, wish: WishShown) -> dict[str, object]:
        return {"title": wish.title, **self._options.words(wish.wanted)}
