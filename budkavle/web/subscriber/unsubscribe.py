"""Unsubscribe: a page with one button, RFC 8058's one click, and the way back. Looking never changes anything."""

from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from sqlalchemy.exc import DatabaseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import Pages
from digest.lifecycle.unsubscribe_journal import LeaveOutcome, LeaveResult, UndoOutcome, is_token

log = structlog.get_logger()
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def routes(service: Service, pages: Pages) -> list[Route]:
    """`/avsluta/T` and `/angra/T`: GET and HEAD show, POST acts; the token alone says whose subscription it is."""
    page = _UnsubscribePages(service, pages)
    return [
        Route("/avsluta/{token}", page.leave, methods=["GET", "POST"]),
        Route("/angra/{token}", page.undo, methods=["GET", "POST"]),
    ]


class _UnsubscribePages:
    def __init__(self, service: Service, pages: Pages) -> None:
        self._unsubscribe = service.unsubscribe
        self._pages = pages
        self._titles = {digest.name: digest.title for digest in service.digests}

    def leave(self, request: Request) -> Response:
        """The page that asks, or what became of leaving.

        The body of the POST is not even read: mail programs send it as multipart, urlencoded or empty, from another
        site and without cookies, and RFC 8058 forbids answering with a redirect.
        """
        token = str(request.path_params["token"])
        acts = request.method == "POST"
        return _private(self._left(token) if is_token(token) and acts else self._shown(token))

    def undo(self, request: Request) -> Response:
        """What became of taking a leave back; looking shows how the subscription stands."""
        token = str(request.path_params["token"])
        acts = request.method == "POST"
        return _private(self._back(token) if is_token(token) and acts else self._shown(token))

    def _shown(self, token: str) -> Response:
        if not is_token(token):
            return self._unknown(HTTPStatus.NOT_FOUND)
        stands = self._unsubscribe.look(token, datetime.now(UTC))
        if stands is None:
            return self._unknown(HTTPStatus.OK)
        return self._ask(token, stands) if stands.left is LeaveOutcome.NOW else self._gone(token, stands)

    def _left(self, token: str) -> Response:
        """Say yes to a wish that is on the disk, and to no other."""
        try:
            leaving = self._unsubscribe.leave(token, datetime.now(UTC))
        except OSError as error:
            return self._failed("unsubscribe_failed", error)
        # A mail program that asks for somebody who was erased is told that all is well (RFC 8058): nothing comes.
        return self._unknown(HTTPStatus.OK) if leaving.left is LeaveOutcome.UNKNOWN else self._gone(token, leaving)

    def _back(self, token: str) -> Response:
        now = datetime.now(UTC)
        try:
            outcome = self._unsubscribe.undo(token, now)
        except (OSError, DatabaseError) as error:
            return self._failed("resubscribe_failed", error)
        stands = self._unsubscribe.look(token, now)
        if outcome is UndoOutcome.UNKNOWN or stands is None:
            return self._unknown(HTTPStatus.NOT_FOUND)
        if outcome is UndoOutcome.TOO_LATE:
            return self._gone(token, stands)
        return self._pages.show("back", HTTPStatus.OK, digest=self._title(stands), token=token)

    def _ask(self, token: str, stands: LeaveResult) -> Response:
        return self._pages.show("leave", HTTPStatus.OK, digest=self._title(stands), token=token)

    def _gone(self, token: str, leaving: LeaveResult) -> Response:
        title = self._title(leaving)
        return self._pages.show("left", HTTPStatus.OK, digest=title, token=token, undoable=leaving.undoable)

    def _unknown(self, code: HTTPStatus) -> Response:
        return self._pages.show("unknown", code)

    def _title(self, leaving: LeaveResult) -> str | None:
        return self._titles.get(leaving.digest, leaving.digest) if leaving.digest else None

    def _failed(self, event: str, error: OSError | DatabaseError) -> Response:
        if isinstance(error, OSError):
            remedy = "free some space, and let this user write there: nobody can leave until then"
            log.error(event, file=error.filename, why=error.strerror, remedy=remedy)
        else:
            log.error(event, why=str(error.orig), remedy="others hold the store: it can be tried again")
        code = HTTPStatus.SERVICE_UNAVAILABLE
        return self._pages.show("error", code, status=int(code))


def _private(page: Response) -> Response:
    page.headers.update(_PRIVATE)
    return page
