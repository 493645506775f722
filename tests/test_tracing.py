"""Traces reach a receiver of their own protocol (OTLP over HTTP), with nothing of the request in them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from service import labels, tracing
from tests.charts import build
from tests.served import ROOT, SIGN, Served

ID = "0b8a1c9e-3f4d-4a5b-8c6d-7e8f90a1b2c3"
MARK = "Zqx7Family"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ERROR = 2  # of a span's status


class Receiver(HTTPServer):
    """What collects traces: it keeps every body that is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receives)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for r in requests for spans in r.resource_spans for scope in spans.scope_spans]
        return [span for scope in scopes for span in scope.spans]


class _Receives(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@contextmanager
def traced(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    tracing.configure()
    try:
        yield
    finally:
        tracing.close()


def attributes(span: Span) -> dict[str, object]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "") for a in span.attributes}


def test_a_call_is_a_span_under_its_callers_and_its_steps_are_under_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels.declare("service", ["traced-service"])
    with traced(receiver, monkeypatch), tracing.call(TRACEPARENT):
        with tracing.span("parse"):
            pass
        tracing.mark(ID, service="traced-service", client="open", status=200)
    spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"call", "parse"}
    assert (spans["call"].trace_id.hex(), spans["call"].parent_span_id.hex()) == (TRACE, PARENT)
    assert spans["parse"].parent_span_id == spans["call"].span_id
    assert attributes(spans["call"]) == {
        "countersign.correlation": ID,
        "countersign.service": "traced-service",
        "countersign.client": "open",
        "http.response.status_code": 200,
    }
    assert b"countersign" in receiver.bodies[0]


@pytest.mark.parametrize("traceparent", [None, "", MARK, f"00-{'0' * 32}-{PARENT}-01"])
def test_without_a_well_formed_caller_a_call_begins_a_trace(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, traceparent: str | None
) -> None:
    with traced(receiver, monkeypatch), tracing.call(traceparent):
        pass
    (span,) = receiver.spans
    assert (span.parent_span_id, int(span.trace_id.hex(), 16) > 0) == (b"", True)


def test_nothing_but_declared_words_gets_into_a_span(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with traced(receiver, monkeypatch), suppress(ValueError), tracing.call(MARK):
        tracing.mark(MARK, service=MARK, client=MARK, status=500)
        with tracing.span(MARK):
            raise ValueError(MARK)
    spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"call", "other"}
    assert spans["call"].status.code == ERROR
    assert [(span.status.message, list(span.events)) for span in spans.values()] == [("", [])] * 2
    assert MARK.encode() not in b"".join(receiver.bodies)


def test_unasked_nothing_is_loaded_and_a_span_is_no_more_than_its_inside() -> None:
    code = (
        "import sys; from service import tracing; tracing.configure()\n"
        "with tracing.call('00'), tracing.span('parse'): tracing.mark('x', service='', client='', status=500)\n"
        "tracing.close(); sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    environment = {"PYTHONPATH": str(ROOT), "OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}
    for variables in ({"PYTHONPATH": str(ROOT)}, environment):
        assert subprocess.run([sys.executable, "-c", code], env=variables, check=False).returncode == 0


def test_the_server_sends_the_traces_of_its_workers(receiver: Receiver, tmp_path: Path) -> None:
    with Served(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, COUNTERSIGN_WORKERS="2") as served:
        answer = served.post(SIGN, build({"name": "approvable", "base": "jylamvo-ra"}), {"traceparent": TRACEPARENT})
        assert answer.cards
    spans = [span for span in receiver.spans if span.trace_id.hex() == TRACE]
    assert {"call", "verify", "parse", "decide", "render", "record"} <= {span.name for span in spans}
    (call,) = (span for span in spans if span.name == "call")
    assert attributes(call)["countersign.correlation"] == answer.headers["x-correlation-id"]
