"""What is counted and timed, for Prometheus. Labels take declared words only (service.labels), so that no client can
make a series; with several worker processes each counts in a shared folder, and any of them answers for all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING

from service.determination import Determination, Outcome
from service.labels import OTHER, word

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

_SHARED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it as it is imported: hence the imports inside functions
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COUNTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "calls": ("Calls answered, by HTTP status", ("service", "client", "http_status")),
    "determinations": ("Determinations made", ("policy", "version", "status")),
    "criterion_results": ("Criteria evaluated", ("policy", "criterion", "result")),
    "fetch_failures": ("What an EHR's FHIR server could not be asked", ("client", "code")),
    "feedback": ("Cards that prescribers answered", ("service", "outcome", "reason")),
    "tokens_refused": ("Client tokens refused", ("refusal",)),
    "forms": ("Forms, by what became of them", ("event",)),
    "form_faults": ("Faults of forms that clients reported", ("client",)),
}
_TIMED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "call_seconds": ("How long a call took", ("service",)),
    "step_seconds": ("How long a step of a call took", ("step",)),
}
_lock = Lock()


def share(folder: str) -> None:
    """Count for several processes, in `folder`: called before anything is counted, and before the fork."""
    os.environ[_SHARED] = folder


def call(service: str, client: str, http_status: int, seconds: float, steps: Mapping[str, float]) -> None:
    """A call was answered; the seconds that it took, in all and by step."""
    where = word("service", service)
    _count("calls", where, word("client", client), str(int(http_status)))
    _time("call_seconds", seconds, where)
    for step, took in steps.items():
        _time("step_seconds", took, word("step", step))


def decided(outcomes: Iterable[Outcome]) -> None:
    """Orders were decided; the labels are the policy's own, its revision's and its criteria's."""
    for found in outcomes:
        if isinstance(found, Determination):
            _count("determinations", found.policy.id, found.policy.version, found.status.value)
            for finding in found.findings:
                _count("criterion_results", found.policy.id, finding.id, finding.result.value)


def fetch_failed(client: str, code: str, times: int = 1) -> None:
    """Something could not be had from a client's FHIR server."""
    _count("fetch_failures", word("client", client), word("code", code), times=times)


def form_faulted(client: str) -> None:
    """A client reported that a form of ours does not work for it."""
    _count("form_faults", word("client", client))


def form(event: str, times: int = 1) -> None:
    """A form was offered, answered, answered anew, or its answers were (not) delivered to an EHR."""
    if times:
        _count("forms", word("form", event), times=times)


def answered(service: str, outcome: str, system: str | None, code: str | None) -> None:
    """A prescriber accepted or overrode a card; for a reason that the service offered, another, or none given."""
    reason = "none" if code is None else code if word("reason", f"{system}|{code}") != OTHER else OTHER
    _count("feedback", word("service", service), word("outcome", outcome), reason)


def token_refused(refusal: str) -> None:
    """A client's token was refused."""
    _count("tokens_refused", word("refusal", refusal))


def exposition() -> tuple[bytes, str]:
    """All of it, of every process, in Prometheus's text format; and its content type."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = _families()[0]
    if _SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def _count(name: str, *labels: str, times: int = 1) -> None:
    _families()[1][name].labels(*labels).inc(times)


def _time(name: str, seconds: float, label: str) -> None:
    _families()[2][name].labels(label).observe(seconds)


def _families() -> tuple[CollectorRegistry, dict[str, Counter], dict[str, Histogram]]:
    with _lock:
        return _made()


@cache
def _made() -> tuple[CollectorRegistry, dict[str, Counter], dict[str, Histogram]]:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    own = CollectorRegistry()
    build = Gauge("countersign_build_info", "This version", ("version",), registry=own, multiprocess_mode="max")
    build.labels(version("countersign")).set(1)
    counted = {name: Counter(f"countersign_{name}", *about, registry=own) for name, about in _COUNTED.items()}
    timed = {
        name: Histogram(f"countersign_{name}", *about, buckets=_SECONDS, registry=own) for name, about in _TIMED.items()
    }
    return own, counted, timed
