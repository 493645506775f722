"""The production server: it serves, refuses what is no HTTP in the one shape, and ends on a signal."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.charts import TODAY, build

SIGN = "/cds-services/prior-auth-order-sign"
APPROVABLE = json.dumps(build({"name": "approvable", "base": "jylamvo-ra"}))


class Served:
    """A server of its own on a free port, and what it logged."""

    def __init__(self, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = log
        variables = {"COUNTERSIGN_PORT": str(self.port), "COUNTERSIGN_TODAY": TODAY}
        command = [sys.executable, "-c", "from service.cli import main; main()", "serve"]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=out, stderr=out)
        self._await()

    def _await(self) -> None:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(self.log.read_text())

    def raw(self, sent: bytes) -> str:
        """What the server answers to these bytes, until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("served") / "log")
    yield found
    found.process.terminate()
    found.process.wait(30)


def test_it_serves_a_card(served: Served) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as client:
        client.request("POST", SIGN, APPROVABLE, {"Content-Type": "application/json"})
        answer = client.getresponse()
        cards = json.loads(answer.read())["cards"]
    assert (answer.status, cards[0]["extension"]["determination"]["status"]) == (200, "approvable")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b'{"family":"Doe"}\r\n\r\n', 400),
        (b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n{}", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (
            b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json"
            b"\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
            400,
        ),
    ],
)
def test_what_is_no_http_request_is_refused_in_the_one_shape(served: Served, sent: bytes, status: int) -> None:
    head, _, body = served.raw(sent).partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "application/json" in head
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["id"]


def test_nothing_that_was_sent_is_logged(served: Served) -> None:
    served.raw(b'{"family":"Doe"}\r\n\r\n')
    assert "Doe" not in served.log.read_text()


def test_it_ends_on_a_signal_after_what_is_under_way(tmp_path: Path) -> None:
    found = Served(tmp_path / "log")
    with closing(http.client.HTTPConnection("127.0.0.1", found.port)) as client:
        client.request("POST", SIGN, APPROVABLE, {"Content-Type": "application/json"})
        found.process.send_signal(signal.SIGTERM)
        answer = client.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    assert found.process.wait(30) == 0
    assert not re.search(r"Traceback|Doe", found.log.read_text())
