"""What a call costs, as ratios between endpoints that run side by side in one process: `make bench`.

Three bodies (a small chart, a usual one, a very large one), each with orders that the policy governs and all of
prefetch. Nothing is asserted: a machine that is busy tells nothing, and ratios tell most of it."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from statistics import median, quantiles
from time import perf_counter_ns, process_time_ns

import msgspec
from fhir.resources.R4B.bundle import Bundle
from flask import Flask, Response, request

from cards import render
from service.config import Config
from service.decide import Circumstances, Desk, Office, decide
from service.hooks.gather import gather
from service.hooks.request import decode, parse
from service.logs import configure
from service.plans import Plans
from service.policy import library
from service.terminology import load
from service.web import create_app, tune
from tests.bench_bodies import SIGN, SIZES, TODAY, Size, body

Call = Callable[[bytes], bytes]

ROUNDS = 12
MOST_A_ROUND = 250


def empty_endpoint() -> Flask:
    """Reads the body and answers one fixed card: what Flask itself costs."""
    app = Flask("empty")
    fixed = b'{"cards":[{"summary":"Nothing was read","indicator":"info","source":{"label":"Bench"}}]}'

    @app.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:  # noqa: ARG001
        request.get_data(cache=False)
        return Response(fixed, content_type="application/json")

    return app


def validating_endpoint() -> Flask:
    """Validates every Bundle of the request with fhir.resources, and decides nothing."""
    app = Flask("validating")
    encode = msgspec.json.encode

    @app.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:  # noqa: ARG001
        asked = msgspec.json.decode(request.get_data(cache=False))
        bundles = [asked["context"]["draftOrders"], *asked["prefetch"].values()]
        read = [Bundle.model_validate(b) for b in bundles if b["resourceType"] == "Bundle"]
        return Response(encode({"cards": [], "read": len(read)}), content_type="application/json")

    return app


def through(app: Flask) -> Call:
    """A call of an application through WSGI, without a server."""
    base = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/cds-services/{SIGN.id}",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def call(sent: bytes) -> bytes:
        environ = {**base, "CONTENT_LENGTH": str(len(sent)), "wsgi.input": BytesIO(sent)}
        statuses: list[str] = []

        def start(status: str, _headers: object, _error: object = None, /) -> Callable[[bytes], object]:
            statuses.append(status)
            return len

        answer = app(environ, start)
        text = b"".join(answer)
        if not statuses or not statuses[0].startswith("200"):
            raise RuntimeError(f"{app.name} answered {statuses}: {text[:200]!r}")
        return text

    return call


@dataclass
class Spent:
    """What calls took: CPU per call of each round, wall time of each call (both ns)."""

    cpu: list[float] = field(default_factory=list)
    wall: list[int] = field(default_factory=list)

    def run(self, call: Call, sent: bytes, times: int) -> None:
        gc.collect()
        started = process_time_ns()
        for _ in range(times):
            begun = perf_counter_ns()
            call(sent)
            self.wall.append(perf_counter_ns() - begun)
        self.cpu.append((process_time_ns() - started) / times)

    @property
    def cpu_ms(self) -> float:
        return median(self.cpu) / 1e6

    def wall_ms(self, percent: int) -> float:
        return quantiles(self.wall, n=100)[percent - 1] / 1e6


STEPS = ("decode", "gather", "decide", "cards")


def policy_alone(office: Office) -> tuple[Call, dict[str, list[int]]]:
    """A call without Flask, and the CPU time (ns) of its steps, filled call by call."""
    spent: dict[str, list[int]] = {step: [] for step in STEPS}

    def call(sent: bytes) -> bytes:
        clock = [process_time_ns()]
        asked = parse(decode(sent), SIGN)
        clock.append(process_time_ns())
        chart = gather(asked, office.library.resources())
        clock.append(process_time_ns())
        outcomes = [one.outcome for one in decide(asked.orders(), Desk(chart, office, Circumstances(TODAY, "bench")))]
        clock.append(process_time_ns())
        text = msgspec.json.encode(render(outcomes, service_url="http://127.0.0.1:8000", seed="bench"))
        clock.append(process_time_ns())
        for step, start, end in zip(STEPS, clock, clock[1:], strict=False):
            spent[step].append(end - start)
        return text

    return call, spent


def measure(size: Size, calls: dict[str, Call]) -> dict[str, Spent]:
    """Every call on one body, by turns, after calls that do not count but tell how many fit into the time."""
    sent = body(size)
    times = {name: _fitting(call, sent, size.seconds) for name, call in calls.items()}
    found = {name: Spent() for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            found[name].run(call, sent, times[name])
    return found


def _fitting(call: Call, sent: bytes, seconds: int) -> int:
    """How many calls a round takes."""
    trial = Spent()
    trial.run(call, sent, 3)
    return max(1, min(MOST_A_ROUND, int(seconds * 1e9 / ROUNDS / median(trial.wall))))


def _pin() -> None:
    """Keep to one core where the system lets us: less noise, and room for others."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _check(call: Call, size: Size) -> None:
    """Whether the service decides what it is measured on: a failure is quick, and its time tells nothing."""
    cards = json.loads(call(body(size)))["cards"]
    decided = sum("determination" in card.get("extension", {}) for card in cards)
    if decided != size.drafts:
        raise RuntimeError(f"{size.name}: {decided} of {size.drafts} orders were decided")


def main() -> None:
    _pin()
    configure("warning")
    office = Office(library.load(), load(), Plans())
    apps = {
        "empty": empty_endpoint(),
        "ours": create_app(Config(today=TODAY)),
        "validating": validating_endpoint(),
    }
    alone, steps = policy_alone(office)
    calls = {**{name: through(app) for name, app in apps.items()}, "policy alone": alone}
    for size in SIZES:
        _check(calls["ours"], size)
    tune()
    found: dict[str, dict[str, Spent]] = {}
    shares: dict[str, dict[str, float]] = {}
    for size in SIZES:
        for taken in steps.values():
            taken.clear()
        found[size.name] = measure(size, calls)
        shares[size.name] = {step: median(taken) / 1e6 for step, taken in steps.items()}
    _table(found)
    _steps(shares)
    _goals(found)


def _table(found: dict[str, dict[str, Spent]]) -> None:
    print(f"{'body':<9}{'bytes':>10}  {'endpoint':<14}{'CPU ms':>9}{'p50 ms':>9}{'p99 ms':>9}{'calls':>8}")
    for size in SIZES:
        sent = len(body(size))
        for name, spent in found[size.name].items():
            row = f"{spent.cpu_ms:>9.3f}{spent.wall_ms(50):>9.3f}{spent.wall_ms(99):>9.3f}{len(spent.wall):>8}"
            print(f"{size.name:<9}{sent:>10,}  {name:<14}{row}")


def _steps(shares: dict[str, dict[str, float]]) -> None:
    print("\npolicy alone, CPU ms by step")
    print(f"{'body':<9}" + "".join(f"{step:>9}" for step in STEPS))
    for name, share in shares.items():
        print(f"{name:<9}" + "".join(f"{share[step]:>9.3f}" for step in STEPS))


def _goals(found: dict[str, dict[str, Spent]]) -> None:
    usual, large = found["typical"], found["large"]
    ours = usual["ours"]
    rows: Iterable[tuple[str, float, str, float]] = (
        ("typical: CPU of ours / of validating every Bundle", ours.cpu_ms / usual["validating"].cpu_ms, "", 0.25),
        ("typical: p50 of ours / of the empty endpoint", ours.wall_ms(50) / usual["empty"].wall_ms(50), "", 12),
        ("typical: p99 / p50 of ours", ours.wall_ms(99) / ours.wall_ms(50), "", 3),
        ("CPU of ours on large / on typical", large["ours"].cpu_ms / ours.cpu_ms, "", 15),
        ("typical: CPU of the policy alone, two orders", usual["policy alone"].cpu_ms, " ms", 1.3),
    )
    print(f"\n{'goal':<54}{'found':>9}{'at most':>10}")
    for name, value, unit, limit in rows:
        print(f"{name:<54}{value:>9.2f}{limit:>10}{unit:<4}{'' if value <= limit else '  missed'}")


if __name__ == "__main__":
    main()
