"""A whole server as operators start it, in a folder and a process group of its own; what it is asked, and its end.

Knows no test framework. A server ends with its context, or by itself when the tests' process has gone."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.charts import TODAY

ROOT = Path(__file__).parent.parent
SIGN = "/cds-services/prior-auth-order-sign"
FEEDBACK = f"{SIGN}/feedback"
JSON_TYPE = {"Content-Type": "application/json"}
STARTS_WITHIN = 60  # seconds
ENDS_WITHIN = 60
ANSWERS_WITHIN = 60

# `countersign serve`, which ends when the pipe from the tests' process breaks.
_SERVE = """
import os, signal, sys, threading
def watch():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
sys.argv = ["countersign", "serve"]
from service.cli import main
main()
"""


@dataclass(frozen=True)
class Answer:
    """An answer, wholly read. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def cards(self) -> list[dict[str, Any]]:
        assert self.status == 200, (self.status, self.body[:500])
        return list(self.json["cards"])


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}
) -> Answer:
    """One request on a connection, which may be used again; a body that is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    client.request(method, path, sent, {**(JSON_TYPE if sent is not None else {}), **headers})
    answer = client.getresponse()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


class Served:
    """A running server. `variables` are those of its environment, beside the port, the day, and a database in
    `folder`; it sees no other variable of the tests'."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder, self.log = folder, folder / "log"
        self.database = variables.get("COUNTERSIGN_DATABASE_URL", f"sqlite:///{folder / 'records.sqlite3'}")
        (folder / "tmp").mkdir(exist_ok=True)
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COUNTERSIGN_TODAY": TODAY,
            "COUNTERSIGN_WORKERS": "1",
            **variables,
            "COUNTERSIGN_DATABASE_URL": self.database,
        }
        self.port = 0
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        deadline = time.monotonic() + STARTS_WITHIN
        while True:  # another process may take the free port first
            self.port = self.port or _free_port()
            process = self._spawned()
            while process.poll() is None and time.monotonic() < deadline:
                if b'"listening"' in self._written() and self._answers():
                    return process
                time.sleep(0.02)
            _end(process)
            if time.monotonic() > deadline or b'"listening"' in self._written():
                raise RuntimeError(self.log.read_text(encoding="utf-8", errors="replace"))
            self.port = 0

    def _spawned(self) -> "subprocess.Popen[bytes]":
        self._before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", _SERVE],
                cwd=self.folder,
                env={**self._variables, "COUNTERSIGN_PORT": str(self.port)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _written(self) -> bytes:
        """What this start, and none before it, wrote to the log."""
        return self.log.read_bytes()[self._before :]

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/healthz").status == 200
        return False

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERS_WITHIN)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}) -> Answer:
        """One request on a connection of its own."""
        with closing(self.connect()) as client:
            return ask(client, method, path, body, headers)

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Answer:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] = {}) -> Answer:
        return self.ask("POST", path, body, headers)

    def raw(self, sent: bytes) -> bytes:
        """What the server answers to these bytes, until it closes."""
        with socket.create_connection(("127.0.0.1", self.port), ANSWERS_WITHIN) as client:
            with suppress(OSError):
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
            return _read(client)

    def processes(self) -> list[int]:
        """The ids of its processes, the first one's first."""
        first = self.process.pid
        tasks = Path(f"/proc/{first}/task").glob("*/children")
        return [first, *(int(child) for task in tasks for child in task.read_text().split())]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(ENDS_WITHIN)
        finally:
            _end(self.process)

    def kill(self) -> None:
        """End all its processes at once, without a word (kill -9)."""
        os.killpg(self.process.pid, signal.SIGKILL)
        _end(self.process)

    def restart(self) -> None:
        """Start it anew where it was: same folder, database and port."""
        self.process = self._started()

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()


def _read(client: socket.socket) -> bytes:
    parts: list[bytes] = []
    with suppress(ConnectionError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(ENDS_WITHIN)
    if process.stdin:
        process.stdin.close()
