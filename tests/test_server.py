"""The production server: it serves, refuses what is no HTTP in the one shape, gives no thread to who sends slowly, and
ends on a signal after what is under way."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.charts import build
from tests.served import ROOT, SIGN, Served

APPROVABLE = build({"name": "approvable", "base": "jylamvo-ra"})
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
LENGTHY = POST + b"Content-Length: 100000\r\n\r\n{"  # a body of which the rest never comes
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"
WITHIN = 60  # seconds; nothing here takes as long


class Small:
    """A server around `tests.small_app`, two processes of two threads, on a free port. It waits for what is sent for
    three seconds, where the service waits for ten."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.log = folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.small_app"],
                cwd=ROOT,
                env={**os.environ, "COUNTERSIGN_PORT": str(self.port), "SMALL_RECEIVE": "3", **variables},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
            )
        soon(lambda: b'"listening"' in self.log.read_bytes())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), WITHIN)

    def exchange(self, *sent: bytes, end: bool = True) -> bytes:
        """What it answers to these pieces, until it closes."""
        with self.connect() as client:
            for piece in sent:
                client.sendall(piece)
            if end:
                client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def get(self, path: str) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)) as client:
            client.request("GET", path)
            return client.getresponse().read()

    def workers(self) -> set[int]:
        """The ids of the processes that answer; two of them, soon after the start."""
        found: set[int] = set()

        def both() -> bool:
            found.add(int(self.get("/")))
            return len(found) == 2

        soon(both)
        return found

    def __enter__(self) -> "Small":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(WITHIN)
        assert self.process.stdin
        self.process.stdin.close()


def soon(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with Small(tmp_path_factory.mktemp("small")) as found:
        yield found


def test_it_serves_a_card(served: Served) -> None:
    answer = served.post(SIGN, APPROVABLE)
    assert answer.cards[0]["extension"]["determination"]["status"] == "approvable"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b'{"family":"Doe"}\r\n\r\n', 400),
        (b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n{}", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
        (
            b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json"
            b"\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
            400,
        ),
        (
            b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json"
            b"\r\nContent-Length: 9000\r\n\r\n{}",
            400,
        ),
    ],
)
def test_what_is_no_http_request_is_refused_in_the_one_shape(served: Served, sent: bytes, status: int) -> None:
    head, _, body = served.raw(sent).decode().partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "application/json" in head
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert f"X-Correlation-Id: {outcome['id']}" in head


def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(served: Served) -> None:
    head = b"POST " + SIGN.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    said = served.raw(head + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")


def test_nothing_that_was_sent_is_logged(served: Served) -> None:
    served.raw(b'{"family":"Doe"}\r\n\r\n')
    assert "Doe" not in served.log.read_text()


def test_it_ends_on_a_signal_after_what_is_under_way(tmp_path: Path) -> None:
    with Served(tmp_path) as found, closing(found.connect()) as client:
        client.request("POST", SIGN, json.dumps(APPROVABLE), {"Content-Type": "application/json"})
        found.process.send_signal(signal.SIGTERM)
        answer = client.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
        assert found.stop() == 0
        assert not re.search(r"Traceback|Doe", found.log.read_text())


def test_hundreds_of_slow_senders_hold_no_thread_and_are_told_that_they_are_late(tmp_path: Path) -> None:
    with Small(tmp_path) as server, ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(300)]
        for n, client in enumerate(slow):
            client.sendall((LENGTHY, CHUNKED, POST)[n % 3])
        for _ in range(20):
            assert server.exchange(POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}").endswith(b"2")
        answers = [b"".join(iter(lambda client=client: client.recv(65536), b"")) for client in slow]  # type: ignore[misc]
    assert {answer[:13] for answer in answers} == {b"HTTP/1.1 408 "}
    assert {json.loads(answer.partition(b"\r\n\r\n")[2])["resourceType"] for answer in answers} == {"OperationOutcome"}


def test_who_drips_is_cut_off_however_steadily(small: Small) -> None:
    with small.connect() as client:
        client.sendall(LENGTHY)
        client.settimeout(0.5)
        for _ in range(WITHIN):
            try:
                answer = client.recv(65536)
                break
            except TimeoutError:
                client.sendall(b" ")
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("origin", "told_whose_page"),
    [(b"http://localhost:8080", True), (b"https://evil.example", False), (b"http://localhost.evil.example", False)],
)
def test_a_page_may_read_that_its_request_came_too_late(served: Served, origin: bytes, told_whose_page: bool) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nOrigin: " + origin + b"\r\nContent-Length: 9\r\n\r\n{")
        client.settimeout(30)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert (b"Access-Control-Allow-Origin: " + origin + b"\r\n" in answer) is told_whose_page


def test_who_says_nothing_is_parted_with_in_silence(small: Small) -> None:
    assert small.exchange(end=False) == b""


def test_who_never_closes_keeps_nobody_waiting(small: Small) -> None:
    with ExitStack() as stack:
        for _ in range(100):  # gthread would wait two seconds for each of them, one after another
            stack.enter_context(small.connect()).sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        start = time.monotonic()
        assert small.get("/").isdigit()
        assert time.monotonic() - start < 30


def test_a_request_in_pieces_is_one_request(small: Small) -> None:
    sent = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n"
    with small.connect() as client:
        for n in range(len(sent)):
            client.sendall(sent[n : n + 1])
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n6")


def test_a_body_in_chunks_of_a_byte_is_given_up_before_it_costs_the_others(small: Small) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.monotonic()
    said = small.exchange(head + b"1\r\na\r\n" * 400_000 + b"0\r\n\r\n")
    assert b" 200 " not in said.split(b"\r\n")[0]
    assert time.monotonic() - began < 10


def test_requests_one_behind_the_other_are_answered_in_their_order(small: Small) -> None:
    first, second = (POST + b"Content-Length: %d\r\n\r\n" % n + b"x" * n for n in (3, 4))
    last = POST + b"Connection: close\r\nContent-Length: 5\r\n\r\nxxxxx"
    assert re.findall(rb"\r\n\r\n(\d)", small.exchange(first + second + last[:-2], last[-2:])) == [b"3", b"4", b"5"]


def test_a_kept_connection_serves_again(small: Small) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", small.port, timeout=WITHIN)) as client:
        for size in (0, 1, 70_000, 2_000_000):
            client.request("POST", "/", b"x" * size)
            kept = client.sock
            assert client.getresponse().read() == str(size).encode()
            assert client.sock is kept


def test_who_asks_before_sending_the_body_is_told_to_go_on_once(small: Small) -> None:
    with small.connect() as client:
        client.sendall(POST + b"Connection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"2")


def test_more_than_it_holds_is_refused_for_now(tmp_path: Path) -> None:
    with Small(tmp_path, SMALL_HELD="50000") as server:
        refused = server.exchange(LENGTHY + b" " * 60_000, end=False)
        assert server.exchange(POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}").endswith(b"2")
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: " in refused


def test_a_slow_answer_is_finished_after_the_signal(tmp_path: Path) -> None:
    with Small(tmp_path) as server:
        answers: list[bytes] = []
        asking = threading.Thread(target=lambda: answers.append(server.get("/slow?seconds=2")))
        asking.start()
        time.sleep(0.5)
        server.process.terminate()
        asking.join()
        assert answers == [b"done"]
        assert server.process.wait(30) == 0


def test_a_killed_worker_is_replaced_and_what_it_counted_stays(tmp_path: Path) -> None:
    with Small(tmp_path) as server:
        before = server.workers()
        soon(lambda: {int(server.get("/count")) for _ in range(10)} == before)
        count, victim = counted(server), min(before)
        os.kill(victim, signal.SIGKILL)
        soon(lambda: victim not in server.workers())
        assert counted(server) == count >= 10


def counted(server: Small) -> float:
    found = re.search(rb'^countersign_tokens_refused_total\{refusal="replayed"\} (\S+)$', server.get("/metrics"), re.M)
    return float(found[1]) if found else 0


def test_each_worker_is_told_that_it_was_forked(tmp_path: Path) -> None:
    forks = tmp_path / "forks"
    forks.mkdir()
    with Small(tmp_path, SMALL_FORKS=str(forks)) as server:
        workers = server.workers()
    assert {int(path.name) for path in forks.iterdir()} == workers


def test_a_signal_amid_the_start_of_a_worker_ends_it_too(tmp_path: Path) -> None:
    forks = tmp_path / "forks"
    forks.mkdir()
    with Small(tmp_path, SMALL_FORKS=str(forks), SMALL_FORK_SECONDS="1") as server:
        soon(lambda: len(list(forks.iterdir())) == 2)
        server.process.terminate()
        assert server.process.wait(20) == 0  # one that did not hear it would be killed after thirty seconds


def test_the_log_is_json_line_by_line_and_names_what_became_of_processes(tmp_path: Path) -> None:
    with Small(tmp_path) as server:
        os.kill(min(server.workers()), signal.SIGKILL)
        soon(lambda: b'"worker-killed"' in server.log.read_bytes())
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert {"listening", "worker-started", "worker-killed", "worker-ended", "stopped"} <= set(events)
