"""A server like `countersign serve` around an application of a few lines, for `tests.test_server` and
`tests.bench_servers`: `python -m tests.small_app`. It ends when its standard input does."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, Response, request

from service import labels, metrics, worker
from service.config import Config
from service.server import serve


def create() -> Flask:
    app = Flask("small")
    if "SMALL_FORKS" in os.environ:
        app.extensions["countersign"] = SimpleNamespace(forked=forked)

    @app.post("/")
    def read() -> Response:
        return Response(str(len(request.get_data(cache=False))))

    @app.get("/")
    def who() -> Response:
        return Response(str(os.getpid()))

    @app.get("/slow")
    def slow() -> Response:
        time.sleep(float(request.args["seconds"]))
        return Response("done")

    @app.get("/count")
    def count() -> Response:
        metrics.token_refused("replayed")
        return Response(str(os.getpid()))

    @app.get("/metrics")
    def counted() -> Response:
        body, kind = metrics.exposition()
        return Response(body, content_type=kind)

    return app


def forked() -> None:
    Path(os.environ["SMALL_FORKS"], str(os.getpid())).touch()
    time.sleep(float(os.environ.get("SMALL_FORK_SECONDS", "0")))


def watch() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=watch, daemon=True).start()
    labels.declare("refusal", ["replayed"])
    worker.HELD = int(os.environ.get("SMALL_HELD", worker.HELD))
    worker.RECEIVE = float(os.environ.get("SMALL_RECEIVE", worker.RECEIVE))
    workers, threads = (int(os.environ.get(f"SMALL_{name}", "2")) for name in ("WORKERS", "THREADS"))
    serve(create, Config(port=int(os.environ["COUNTERSIGN_PORT"]), workers=workers, threads=threads))
