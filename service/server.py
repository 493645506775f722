"""The production server behind `countersign serve`: gunicorn's threads, the application loaded before the fork."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from service.config import Config
from service.web import create_app, tune


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
        "worker_class": "gthread",
        "threads": 8,
        "preload_app": True,
        "graceful_timeout": 30,
        "when_ready": lambda _: tune(),
        "loglevel": "warning",
    }
    _Server(app, options).run()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
