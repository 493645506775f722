"""For those who run the service: whether it lives, whether it can serve, what it counted; and the doctor."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from service import metrics
from service.doctor import examine
from service.web.calls import read_body
from service.web.errors import answer
from service.web.state import state
from service.wire import encode

ROUTES = frozenset({"alive", "ready", "counted"})  # no call of anybody's: not logged, not counted
_FORWARDED = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")


def offer(app: Flask) -> None:
    """The routes of operation."""

    @app.get("/healthz")
    def alive() -> Response:
        return answer(b'{"status":"alive"}')

    @app.get("/readyz")
    def ready() -> Response:
        held = state()
        checks = {"policies": len(held.office.library.policies) > 0, "database": held.store.ready()}
        able = all(checks.values())
        said = {"status": "ready" if able else "not ready", **{n: "ok" if good else "no" for n, good in checks.items()}}
        return answer(encode(said), 200 if able else 503)

    @app.get("/metrics")
    def counted() -> Response:
        if not near(private=True):
            abort(404)
        body, content_type = metrics.exposition()
        return Response(body, content_type=content_type)

    @app.post("/doctor")
    def doctor() -> Response:
        """What of a hook request was understood, from the request alone: nothing is fetched for it."""
        if not (near() and _called_loopback()):
            abort(404)
        held = state()
        return answer(encode(examine(read_body(), held.office, held.config.day()).as_json()))


def _called_loopback() -> bool:
    """Whether the caller meant this machine: a browser that was told another name for it (DNS rebinding) did not."""
    host = urlsplit(f"//{request.host}").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def near(*, private: bool = False) -> bool:
    """Whether the caller sits on this machine (or, `private`, in its own network) and came by no proxy: a proxy's
    callers are anyone."""
    named = [name.lower() for name in request.headers.keys()]  # noqa: SIM118 (Headers iterates pairs)
    if any(name in _FORWARDED or name.startswith("x-forwarded-") for name in named):
        return False
    try:
        peer = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return peer.is_loopback or (private and peer.is_private)
