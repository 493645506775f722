"""The production server behind `countersign serve`: gunicorn's threads, the application loaded before the fork."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.config import Config
from service.web import create_app, refusal, tune

_REFUSALS = (
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (ParseException, HTTPStatus.BAD_REQUEST),
    (OSError, HTTPStatus.BAD_REQUEST),
)


class _Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Refuses what is no HTTP request as every other error is refused, and writes nothing of it to the log."""

    def handle_error(self, req: object, client: Any, addr: object, exc: BaseException) -> None:  # noqa: ARG002
        status = next((found for kind, found in _REFUSALS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        self.log.warning("request refused with %d: %s", status.value, type(exc).__name__)
        said = "this is no HTTP request that can be read" if status < 500 else "the service failed"
        body = refusal(status, said, str(uuid.uuid4()))
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            client.sendall(head.encode() + body)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def run(config: Config) -> None:
    """Serve until a signal ends it; requests under way are finished first."""
    app = create_app(config)
    options = {
        "bind": f"{_bracketed(config.host)}:{config.port}",
        "workers": min(4, os.cpu_count() or 1),
        "worker_class": _Worker,
        "threads": 8,
        "preload_app": True,
        "graceful_timeout": 30,
        "when_ready": lambda _: tune(),
        "loglevel": "warning",
    }
    _Server(app, options).run()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
