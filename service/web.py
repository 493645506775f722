"""The HTTP edge: discovery and the services, over Flask. Every error is an OperationOutcome, made in one place."""

from __future__ import annotations

import gc
import logging
import re
import uuid
from datetime import date
from typing import Any

import msgspec
from flask import Flask, Response, g, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cards import render
from service.config import Config
from service.decide import Office, Unavailable, decide
from service.faults import record
from service.fhir.models import warm
from service.hooks.discovery import discovery, service
from service.hooks.gather import gather
from service.hooks.request import Invalid, decode, parse
from service.policy import library
from service.terminology import load

LIMIT = 16 * 1024 * 1024  # bytes of a body: eight times a very large chart
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CODES = {401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 412: "not-found", 413: "too-long"}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_log = logging.getLogger("countersign.web")


def create_app(config: Config | None = None) -> Flask:
    """The application: policies loaded and checked, value sets indexed, models warm. Raises PolicyError."""
    config = config or Config()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    office = Office(library.load(), load(), config.plans)
    warm()
    offered = _ENCODER.encode(discovery(office.library.resources()))
    CORS(app, origins=list(config.origins), allow_headers=["Authorization", "Content-Type"], methods=["GET", "POST"])
    _answer_errors(app)
    app.before_request(_correlate)
    app.after_request(_stamp)

    @app.get("/cds-services")
    def services() -> Response:
        return _json(offered)

    @app.post("/cds-services/<service_id>")
    @app.post("/cds-services//<service_id>")
    def call(service_id: str) -> Response:
        return _call(service_id, office, config)

    return app


def tune() -> None:
    """Keep the garbage collector off what lives as long as the process: full collections are the tail of latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _call(service_id: str, office: Office, config: Config) -> Response:
    found = service(service_id)
    if found is None:
        return _problem(404, "there is no such service")
    if not (request.mimetype == "application/json" or request.mimetype.endswith("+json")):
        return _problem(415, "the body must be application/json")
    asked = parse(decode(_body()), found)
    chart = gather(asked, office.library.resources())
    today = config.today or date.today()
    correlation, unreadable = g.correlation, asked.unreadable
    outcomes = decide(asked.orders(), chart, office, today=today, correlation=correlation, unreadable=unreadable)
    seed = f"{found.id} {asked.instance} {asked.patient_id}"
    url = config.public_url or _own_url()
    return _json(_ENCODER.encode({"cards": render(outcomes, service_url=url, seed=seed)}))


def _body() -> bytes:
    """The body, whole; one that stops short or is beyond the limit is refused (a chunked one says no length first)."""
    try:
        body = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception:  # each server has its own for a body that stops short or is wrongly chunked
        raise Invalid("the body could not be read whole") from None
    if len(body) >= LIMIT:
        raise RequestEntityTooLarge
    return body


def _own_url() -> str | None:
    """The URL that the client called, where its Host header says one."""
    return request.host_url.rstrip("/") if _HOST.fullmatch(request.host) else None


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")


def _problem(status: int, diagnostics: str, expression: str | None = None) -> Response:
    return _json(refusal(status, diagnostics, g.correlation, expression), status)


def refusal(status: int, diagnostics: str, correlation: str, expression: str | None = None) -> bytes:
    """The one shape of every error: an OperationOutcome; its id is the correlation id."""
    issue: dict[str, Any] = {
        "severity": "error",
        "code": _CODES.get(status, "invalid" if status < 500 else "exception"),
        "diagnostics": diagnostics,
    }
    if expression:
        issue["expression"] = [expression]
    return _ENCODER.encode({"resourceType": "OperationOutcome", "id": correlation, "issue": [issue]})


def _answer_errors(app: Flask) -> None:
    @app.errorhandler(Invalid)
    def invalid(error: Invalid) -> Response:
        return _problem(400, str(error), error.expression)

    @app.errorhandler(Unavailable)
    def unavailable(error: Unavailable) -> Response:
        return _problem(412, str(error), error.expression)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        answer = _problem(error.code or 500, error.description or error.name)
        answer.headers.extend((k, v) for k, v in error.get_headers() if k in ("Allow", "Retry-After"))
        return answer

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        record(_log, "a call", error, g.correlation)
        return _problem(500, "the service failed; the failure is on record under the correlation id")


def _correlate() -> None:
    g.correlation = str(uuid.uuid4())


def _stamp(response: Response) -> Response:
    response.headers["X-Correlation-Id"] = g.correlation
    return response
