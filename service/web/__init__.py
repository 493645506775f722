"""The HTTP edge, over Flask: discovery, the services and their feedback, operation. Errors are OperationOutcomes."""

from __future__ import annotations

import gc
import uuid
from time import perf_counter

from flask import Flask, Response, g, request
from flask_cors import CORS

from service import logs, metrics, tracing
from service.config import Config
from service.fhir.models import warm
from service.hooks.discovery import discovery
from service.steps import timed
from service.web import conformance, entry, operation, page, policies, questionnaires
from service.web.calls import LIMIT, call
from service.web.errors import answer, answer_errors, refusal
from service.web.feedback import feedback
from service.web.state import build, keep
from service.wire import encode

__all__ = ["LIMIT", "create_app", "refusal", "tune"]


class _App(Flask):
    """Every request is timed and traced, and leaves one line in the log: numbers and declared words."""

    def full_dispatch_request(self) -> Response:
        start = perf_counter()
        g.correlation, g.client, g.determinations, g.unread, g.ignored = str(uuid.uuid4()), "open", {}, {}, {}
        with tracing.call(request.headers.get("traceparent")), timed() as g.steps:
            response = super().full_dispatch_request()
            response.headers["X-Correlation-Id"] = g.correlation
            if request.endpoint not in operation.ROUTES:
                _told(response.status_code, perf_counter() - start)
        return response


def _told(status: int, seconds: float) -> None:
    service = (request.view_args or {}).get("service_id", "none")
    metrics.call(service, g.client, status, seconds, {name: ms / 1000 for name, ms in g.steps.items()})
    tracing.mark(g.correlation, service=service, client=g.client, status=status)
    logs.call(
        g.correlation,
        service=service,
        client=g.client,
        status=status,
        ms=seconds * 1000,
        steps=g.steps,
        determinations=g.determinations,
        unread=g.unread,
        ignored=g.ignored,
    )


def create_app(config: Config | None = None) -> Flask:
    """The application: policies loaded and checked, value sets indexed, the database migrated, models warm.

    Raises PolicyError, and what else keeps it from serving."""
    config = config or Config()
    app = _App(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.config["ORIGINS"] = config.origins
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    held = build(config)
    keep(app, held)
    warm()
    CORS(app, origins=list(config.origins), allow_headers=["Authorization", "Content-Type"], methods=["GET", "POST"])
    answer_errors(app)
    _offer(app, encode(discovery(held.office.library.resources())))
    policies.offer(app)
    questionnaires.offer(app)
    conformance.offer(app)
    entry.offer(app)
    page.offer(app)
    operation.offer(app)
    return app


def _offer(app: Flask, discovered: bytes) -> None:
    """The routes of CDS Hooks; a doubled slash is what some clients make of a trailing one."""

    @app.get("/cds-services")
    def services() -> Response:
        return answer(discovered)

    for base in ("/cds-services", "/cds-services/"):
        app.add_url_rule(f"{base}/<service_id>", view_func=call, methods=["POST"], endpoint=f"call {base}")
        app.add_url_rule(
            f"{base}/<service_id>/feedback", view_func=feedback, methods=["POST"], endpoint=f"feedback {base}"
        )


def tune() -> None:
    """Keep the garbage collector off what lives as long as the process: full collections are the tail of latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
