"""The worker of the production server: gunicorn's threads, and a request given to a thread only once it is wholly
received. Who sends slowly, or never closes, waits in the poller on a deadline. Knows nothing of what is asked."""

from __future__ import annotations

import re
import signal
import socket
import uuid
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from itertools import takewhile
from queue import SimpleQueue
from selectors import EVENT_READ
from time import monotonic
from typing import Any

from gunicorn.asgi.parser import ParseError, PythonProtocol
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from service import logs
from service.web import LIMIT, refusal

RECEIVE = 10.0  # seconds from a connection's (or a kept-alive one's next) first byte to the request's last
SEND = 10.0  # seconds that one write of an answer may take
LINGER = 2.0  # seconds for a sender to read its answer and close (RFC 9112, 9.6)
HELD = 16 * LIMIT  # bytes of requests that one worker holds, received in part or whole
# Line ends that a body in chunks may have: taking one apart that is chunked by the byte would keep the others waiting.
_LINES, _LINE = 65_536, 24

_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_REFUSALS = (
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (ParseException, HTTPStatus.BAD_REQUEST),
    (OSError, HTTPStatus.BAD_REQUEST),
)
_SAYS = {
    HTTPStatus.REQUEST_TIMEOUT: "the request did not arrive in time",
    HTTPStatus.SERVICE_UNAVAILABLE: "too much is being received; send it again",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the service failed",
}


class _Reception:
    """A request on its way in: the pieces so far, and gunicorn's own push parser, which tells when it is all here."""

    def __init__(self, cfg: Any) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self._lines = 0
        self._heads: list[bool] = []  # not a method of this object: a cycle would keep the pieces
        self._parser = PythonProtocol(
            on_headers_complete=partial(self._heads.append, True),
            limit_request_line=cfg.limit_request_line,
            limit_request_fields=cfg.limit_request_fields,
            limit_request_field_size=cfg.limit_request_field_size,
        )

    def feed(self, sent: bytes) -> bool:
        """Whether the request is whole, or past what is taken: the application then refuses what it is shown of it."""
        self.pieces.append(sent)
        self.size += len(sent)
        self._lines += sent.count(b"\r\n")
        if self._parser.is_chunked and self._lines > _LINES + self.size // _LINE:
            return True
        try:
            self._parser.feed(sent)
        except ParseError:
            return True
        longest = max(self.size, self._parser.content_length or 0)
        return self.whole or longest > LIMIT + 65_536

    @property
    def whole(self) -> bool:
        return bool(self._parser.is_complete)

    def origin(self) -> str | None:
        """The page that the request says it is from, where its head is here."""
        return next((value.decode("latin-1") for name, value in self._parser.headers if name == b"origin"), None)

    def awaits_leave(self) -> bool:
        """Whether the head is here, just now, and its sender waits to be told to go on."""
        come, expect = bool(self._heads), (b"expect", b"100-continue")
        self._heads.clear()
        return come and expect in ((name, value.lower()) for name, value in self._parser.headers)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gthread, with a place before its threads: slow senders wait in the poller, each on a deadline of its own, and so
    do clients that never close (gthread lingers for them in its one accepting loop)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._receptions: dict[Any, _Reception] = {}  # these two in the order of their deadlines
        self._lingering: dict[Any, None] = {}
        self._held = 0
        self.early: SimpleQueue[int] = SimpleQueue()

    def init_signals(self) -> None:
        """A signal that came between the fork and now stands in a copy of the first process's queue, unheard there."""
        super().init_signals()
        while not self.early.empty():
            if self.early.get() in _ENDS:
                self.alive = False

    def enqueue_req(self, conn: Any) -> None:
        """Where gthread would give a connection to a thread, with whatever it sent behind its last request."""
        sent = conn.parser.unreader.take_buffered() if conn.parser else b""
        conn.sock.setblocking(False)
        conn.held = 0
        conn.until = monotonic() + RECEIVE
        self._receptions[conn] = reception = _Reception(self.cfg)
        self.poller.register(conn.sock, EVENT_READ, lambda _: self._receive(conn, reception))
        if sent:
            self._received(conn, reception, sent)
        else:
            self._receive(conn, reception)

    def _receive(self, conn: Any, reception: _Reception) -> None:
        try:
            sent = conn.sock.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            sent = b""
        if sent or reception.pieces:
            self._received(conn, reception, sent)
        else:
            self._forget(conn)
            self._close(conn)

    def _received(self, conn: Any, reception: _Reception, sent: bytes) -> None:
        done = reception.feed(sent) or not sent
        self._held += len(sent)
        conn.held += len(sent)
        if done:
            self._hand_over(conn, self._forget(conn))
        elif self._held > HELD:
            self._refuse(conn, HTTPStatus.SERVICE_UNAVAILABLE, self._forget(conn))
        elif reception.awaits_leave():
            _send(conn.sock, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _hand_over(self, conn: Any, reception: _Reception) -> None:
        conn.parser = RequestParser(self.cfg, iter(reception.pieces), conn.client)
        conn.whole = reception.whole
        conn.data_ready = True
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        conn.sock.settimeout(SEND)
        req._expected_100_continue = False  # it was said while the body was awaited
        if not conn.whole:  # where the next request begins is not known
            req.force_close()
        return super().handle_request(req, conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self._held -= conn.held
        conn.held = 0
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """Part with those whose time is over: called after every turn of the loop."""
        for conn in _overdue(self._receptions):
            reception = self._forget(conn)
            if reception.pieces:
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT, reception)
            else:
                self._close(conn)
        for conn in _overdue(self._lingering):
            self._part(conn)

    def _refuse(self, conn: Any, status: HTTPStatus, reception: _Reception) -> None:
        self._held -= conn.held
        conn.held = 0
        _send(conn.sock, self._refusal(status, None, reception.origin()))
        self._linger(conn)

    def _linger(self, conn: Any) -> None:
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, lambda _: self._drain(conn))
            self._lingering[conn] = None
            conn.until = monotonic() + LINGER
        except (OSError, ValueError):
            self._close(conn)

    def _drain(self, conn: Any) -> None:
        with suppress(BlockingIOError):
            try:
                if conn.sock.recv(262_144):
                    return
            except ConnectionError:
                pass
            self._part(conn)

    def _part(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        del self._lingering[conn]
        self._close(conn)

    def _forget(self, conn: Any) -> _Reception:
        self.poller.unregister(conn.sock)
        return self._receptions.pop(conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, req: object, client: Any, addr: object, exc: BaseException) -> None:  # noqa: ARG002
        """Refuses what is no HTTP request as every other error is refused, and writes nothing of it to the log."""
        status = next((found for kind, found in _REFUSALS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        with suppress(OSError):
            client.settimeout(SEND)
            client.sendall(self._refusal(status, exc))

    def _refusal(self, status: HTTPStatus, error: BaseException | None, origin: str | None = None) -> bytes:
        correlation = str(uuid.uuid4())
        logs.refused(status.value, error, correlation)
        body = refusal(status, _SAYS.get(status, "this is no HTTP request that can be read"), correlation)
        again = "Retry-After: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n{again}{self._shared_with(origin)}"
            f"X-Correlation-Id: {correlation}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _shared_with(self, origin: str | None) -> str:
        """The cross-origin headers, for a page that may read the answer (`ORIGINS` of the application: patterns)."""
        patterns = getattr(self.wsgi, "config", {}).get("ORIGINS", ())
        if origin is None or not any(re.fullmatch(pattern, origin) for pattern in patterns):
            return ""
        return f"Access-Control-Allow-Origin: {origin}\r\nVary: Origin\r\n"


def _send(client: socket.socket, said: bytes) -> None:
    """A few hundred bytes, into the socket's buffer; who has no room for them does not read."""
    with suppress(OSError):
        client.send(said)


def _overdue(waiting: Iterable[Any]) -> list[Any]:
    now = monotonic()
    return list(takewhile(lambda conn: conn.until <= now, waiting))
