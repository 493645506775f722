"""A real HTTP server of JWK Sets on the loopback address, that counts, rotates, hangs and lies."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import requests


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for what is still being answered
    request_queue_size = 256


class KeyServer:
    """What it answers with can be changed at any time; `free` unset, every answer hangs until it is set."""

    def __init__(self, body: bytes = b"") -> None:
        self.body, self.status, self.promised = body, 200, 0
        self.asked = 0
        self._counting = threading.Lock()
        self.free = threading.Event()
        self.free.set()
        self.hanging = threading.Event()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def __enter__(self) -> KeyServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def get(self, url: str) -> bytes:
        """What the edge passes in: the body of a 200, or OSError (all of requests' errors are)."""
        answer = requests.get(url, timeout=10, allow_redirects=False)
        if answer.status_code != 200:
            raise OSError("not 200")
        return answer.content

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with outer._counting:
                    outer.asked += 1
                outer.hanging.set()
                outer.free.wait(20)
                self.send_response(outer.status)
                self.send_header("Content-Length", str(outer.promised or len(outer.body)))
                self.send_header("Location", "/elsewhere.json")
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
