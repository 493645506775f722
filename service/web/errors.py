"""Every error that a client meets, made in one place: an OperationOutcome, a correlation id, nothing of a patient."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from service.auth.refused import Refused
from service.decide import Unavailable
from service.faults import record
from service.hooks.request import Invalid, TooLarge
from service.metrics import token_refused
from service.wire import encode

_CODES = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    412: "not-found",
    413: "too-long",
    429: "throttled",
    503: "transient",
}
_SAID = {
    401: "a client token is required",
    403: "this client may not do that",
    503: "the service cannot verify clients now; please try again",
}
FHIR = "application/fhir+json"
_log = logging.getLogger("countersign.web")


def refusal(status: int, diagnostics: str, correlation: str, expression: str | None = None) -> bytes:
    """The one shape of every error: an OperationOutcome; its id is the correlation id."""
    return _outcome(status, [(diagnostics, expression)], correlation)


def _outcome(status: int, faults: Sequence[tuple[str, str | None]], correlation: str) -> bytes:
    code = _CODES.get(status, "invalid" if status < 500 else "exception")
    issues: list[dict[str, Any]] = [
        {"severity": "error", "code": code, "diagnostics": said} | ({"expression": [at]} if at else {})
        for said, at in faults
    ]
    return encode({"resourceType": "OperationOutcome", "id": correlation, "issue": issues})


def answer(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")


def problem(
    status: int, diagnostics: str, expression: str | None = None, *, retry_after: int | None = None
) -> Response:
    """An error's answer; `retry_after` in seconds where trying again later can help."""
    said = _refused(refusal(status, diagnostics, g.correlation, expression), status)
    if retry_after is not None:
        said.headers["Retry-After"] = str(retry_after)
    return said


def problems(status: int, faults: Sequence[tuple[str, str | None]]) -> Response:
    """The answer to several errors at once: what each is, and where."""
    return _refused(_outcome(status, faults, g.correlation), status)


def _refused(body: bytes, status: int) -> Response:
    """An OperationOutcome as an answer: by FHIR's own media type where FHIR is served, as what succeeds there is."""
    return Response(body, status, content_type=FHIR) if request.path.startswith("/fhir/") else answer(body, status)


def answer_errors(app: Flask) -> None:
    """Have every way to fail answered in the one shape."""

    @app.errorhandler(Invalid)
    def invalid(error: Invalid) -> Response:
        return problem(413 if isinstance(error, TooLarge) else 400, str(error), error.expression)

    @app.errorhandler(Unavailable)
    def unavailable(error: Unavailable) -> Response:
        return problem(412, str(error), error.expression)

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        token_refused(error.reason)
        said = problem(error.status, _SAID[error.status], retry_after=error.retry_after)
        if error.status == 401:
            said.headers["WWW-Authenticate"] = "Bearer"
        return said

    @app.errorhandler(HTTPException)
    def by_http(error: HTTPException) -> Response:
        said = problem(error.code or 500, error.description or error.name)
        said.headers.extend((k, v) for k, v in error.get_headers() if k in ("Allow", "Retry-After"))
        return said

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        record(_log, "a call", error, g.correlation)
        return problem(500, "the service failed; the failure is on record under the correlation id")
