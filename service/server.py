"""The production server behind `countersign serve`: several processes, the application loaded before the fork."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from service import logs, metrics, tracing
from service.config import Config
from service.web import create_app, tune
from service.worker import Worker

CONNECTIONS = 1000  # open to one worker; more wait in the listener's queue
FILES = 10_240  # open files of a process, where the system lets it: connections, and those to EHRs and the database


class _Log(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own words go the way of every other logger's; calls are logged by the edge, with nothing of them."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(cfg.loglevel.upper())


class _Server(BaseApplication):  # type: ignore[misc]
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
    """Serve until a signal ends it; requests under way are finished first, within 30 seconds."""
    serve(partial(create_app, config), config)


def serve(create: Callable[[], Flask], config: Config) -> None:
    """Serve what `create` makes, once for all processes."""
    logs.configure(config.log_level)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))
    first, shared = os.getpid(), tempfile.mkdtemp(prefix="countersign-", dir=_memory())
    metrics.share(shared)
    try:
        app = create()
        _Server(app, _options(config, app)).run()
    finally:
        if os.getpid() == first:  # a worker leaves by here as well
            shutil.rmtree(shared, ignore_errors=True)


def _options(config: Config, app: Flask) -> dict[str, Any]:
    return {
        "bind": f"[{config.host}]:{config.port}" if ":" in config.host else f"{config.host}:{config.port}",
        "workers": config.workers,
        "worker_class": Worker,
        "worker_connections": CONNECTIONS,
        "worker_tmp_dir": _memory(),
        "threads": config.threads,
        "preload_app": True,
        "keepalive": 5,
        "graceful_timeout": 30,
        "limit_request_fields": 100,
        "forwarded_allow_ips": "",  # the configuration says under which URL the service is called, no header does
        "control_socket_disable": True,
        "logger_class": _Log,
        "loglevel": config.log_level,
        "when_ready": lambda _: tune(),
        "post_fork": lambda arbiter, worker: _forked(app, arbiter, worker),
        "worker_exit": lambda _, __: tracing.close(),
    }


def _forked(app: Flask, arbiter: Any, worker: Any) -> None:
    """What must not be shared with the first process, anew: connections to the database, threads that send traces."""
    worker.early = arbiter.SIG_QUEUE
    forked: Callable[[], None] | None = getattr(app.extensions.get("countersign"), "forked", None)
    if forked:
        forked()
    tracing.configure()


def _memory() -> str | None:
    """Where small files are kept in memory, also where the file system is read-only."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
