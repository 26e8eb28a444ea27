"""A relay that speaks HTTP, as small as one can be: for the port's test, and to be copied by who writes a real one."""

import asyncio
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from mail.failure.refusal_words import Blame
from mail.limits.limit import Limit
from mail.relay import Envelope
from mail.reply import Answer, Phase, Reply


class HttpRelay:
    """Posts each letter whole: nothing is sent before `finish`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._offered: Envelope | None = None

    async def offer(self, envelope: Envelope) -> Reply | None:
        self._offered = envelope
        return None

    async def finish(self, _following: Envelope | None = None) -> Reply:
        envelope, self._offered = self._offered, None
        if envelope is None:
            return Reply(phase=Phase.CONNECT, text="nothing was offered")
        return await asyncio.to_thread(self._post, envelope)

    async def drop(self) -> None:
        self._offered = None

    async def close(self) -> None:
        await self.drop()

    def _post(self, envelope: Envelope) -> Reply:
        client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            client.connect()
        except OSError as error:
            return Reply(phase=Phase.CONNECT, text=str(error))
        try:
            client.request("POST", "/letters", envelope.letter, {"X-Recipient": envelope.recipient})  # in no URL
            response = client.getresponse()
            return _reply(response.status, response.read().decode())
        except (OSError, http.client.HTTPException) as error:
            return Reply(phase=Phase.DOT, text=str(error))  # nobody knows what became of it
        finally:
            client.close()


def _reply(status: int, text: str) -> Reply:
    match status:
        case 200:
            return Reply(phase=Phase.DOT, plainly=Answer.TAKEN, text=text)
        case 403:  # our key is wrong: that is said of no letter
            return Reply(phase=Phase.CONNECT, plainly=Answer.REFUSED, text=text)
        case 422:
            return Reply(phase=Phase.DOT, plainly=Answer.REFUSED, blame=Blame.MAILBOX, text=text)
        case 429:
            return Reply(phase=Phase.DOT, plainly=Answer.LATER, limit=Limit.PACE, text=text)
        case _:
            return Reply(phase=Phase.DOT, plainly=Answer.LATER, text=text)


class Provider(ThreadingHTTPServer):
    """The other side: answers with these codes in turn, and with 200 when they are used up; -1 hangs up."""

    def __init__(self, *codes: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.codes = list(codes)
        self.letters: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        letter = self.rfile.read(int(self.headers["Content-Length"]))
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code < 0:
            self.close_connection = True
            return
        if code == 200:
            self.server.letters.append(letter)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(b"as you wish" if code == 200 else b"no")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider(*codes: int) -> Iterator[Provider]:
    with Provider(*codes) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
