"""What our worker costs beside gunicorn's own gthread, and what it is for: `python -m tests.bench_servers`.

Both serve `tests.small_app`, two processes of 64 threads, one after the other in every round, on loopback and with a
body of a usual chart's size. Nothing is asserted: ratios tell most of it, and of a busy machine they tell nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles

ROUNDS, SECONDS, AT_ONCE = 3, 3, (1, 8, 64)
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
BODY = b"x" * 75_000
SLOW = 300  # senders that send half a request
OURS = [sys.executable, "-m", "tests.small_app"]
GTHREAD = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "64", "--preload"]
GTHREAD += ["--log-level", "warning", "--no-control-socket", "tests.small_app:create()"]


@dataclass
class Load:
    """What so many clients at once met: every request's seconds, and the processor's that the server spent on each."""

    took: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def __str__(self) -> str:
        low, high = median(self.took) * 1000, quantiles(self.took, n=100)[98] * 1000
        return f"{len(self.took) / SECONDS:6.0f}/s  p50 {low:6.2f} ms  p99 {high:7.2f} ms  cpu {self.cpu * 1000:.3f} ms"


@contextmanager
def serving(command: list[str]) -> Iterator[tuple[int, int]]:
    """The server's port and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bound = ["-b", f"127.0.0.1:{port}"] if "gunicorn" in command else []
    variables = {"COUNTERSIGN_PORT": str(port), "SMALL_THREADS": "64"}
    out = subprocess.DEVNULL
    with subprocess.Popen([*command, *bound], env={**os.environ, **variables}, stdin=-1, stderr=out) as process:
        while not answers(port):
            time.sleep(0.1)
        yield port, process.pid
        process.terminate()


def answers(port: int) -> bool:
    client = HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError):
        client.request("GET", "/")
        return client.getresponse().status == 200
    client.close()
    return False


def spent(pid: int) -> float:
    """The processor's seconds of a process and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in (pid, *children)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


async def client(port: int, until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (start := time.perf_counter()) < until:
        writer.write(HEAD % len(BODY) + BODY)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        took.append(time.perf_counter() - start)
    writer.close()


async def load(port: int, pid: int, clients: int) -> Load:
    found, before = Load(), spent(pid)
    until = time.perf_counter() + SECONDS
    await asyncio.gather(*(client(port, until, found.took) for _ in range(clients)))
    found.cpu = (spent(pid) - before) / len(found.took)
    return found


def besieged(port: int) -> str:
    """How a good request fares among slow senders."""
    with ExitStack() as stack:
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            slow.sendall(HEAD % len(BODY))
        start = time.perf_counter()
        return f"answered in {(time.perf_counter() - start) * 1000:.1f} ms" if answers(port) else "not answered in 2 s"


def main() -> None:
    for number in range(ROUNDS):
        for name, command in (("gthread", GTHREAD), ("ours", OURS)):
            with serving(command) as (port, pid):
                for clients in AT_ONCE:
                    print(f"round {number + 1}  {name:8} {clients:3} at once  {asyncio.run(load(port, pid, clients))}")
                print(f"round {number + 1}  {name:8} among {SLOW} slow senders a good request is {besieged(port)}")


if __name__ == "__main__":
    main()
