"""Traces by OpenTelemetry, where the environment names a receiver (OTEL_EXPORTER_OTLP_ENDPOINT); without one, nothing
is loaded and a span costs nothing. It holds declared words, numbers and the correlation id; no exception's text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from service.labels import correlation_id, word

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ASKED_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
_provider: TracerProvider | None = None  # of this process


def configure() -> None:
    """Send traces, if the environment asks for it. After the fork: the thread that sends them does not survive one."""
    global _provider
    if os.environ.get("OTEL_TRACES_EXPORTER") == "none" or not any(os.environ.get(name) for name in _ASKED_BY):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", "countersign")
    _provider = TracerProvider(resource=Resource.create())
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))


def close() -> None:
    """Send what is left, and no more."""
    global _provider
    if _provider:
        _provider.shutdown()
        _provider = None


@contextmanager
def call(traceparent: str | None) -> Iterator[None]:
    """The span of one call; under the caller's own where `traceparent` (W3C Trace Context) is well-formed."""
    if _provider is None:
        yield
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent} if traceparent else {})
    with _begun("call", context=parent, kind=SpanKind.SERVER):
        yield


@contextmanager
def span(name: str) -> Iterator[None]:
    """The span of one step, under the call's. Usable always."""
    if _provider is None:
        yield
        return
    with _begun(word("step", name)):
        yield


def mark(correlation: str, *, service: str, client: str, status: int) -> None:
    """Say of the call's span what it was, and how it was answered (the HTTP status)."""
    if _provider is None:
        return
    from opentelemetry.trace import Status, StatusCode, get_current_span

    span = get_current_span()
    span.set_attribute("countersign.correlation", correlation_id(correlation))
    span.set_attribute("countersign.service", word("service", service))
    span.set_attribute("countersign.client", word("client", client))
    span.set_attribute("http.response.status_code", int(status))
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


def _begun(name: str, **about: Any) -> AbstractContextManager[Any]:
    """A current span that keeps no exception that passes: its text may quote a request."""
    assert _provider is not None
    tracer = _provider.get_tracer("countersign")
    return tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False, **about)
