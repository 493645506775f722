"""The policies' own pages: the read-back of each revision, with an anchor for each clause, for whoever reads a card.

Nothing of a patient is on them, so no token is asked for; everything on them comes from the documents."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, render_template, request, url_for

from service.policy.library import Revision
from service.policy.readback import read_back
from service.web.errors import problem
from service.web.state import state

_CACHED = "public, max-age=300"
_GUARDED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": _CACHED,
}


def offer(app: Flask) -> None:
    """The routes of the policies' pages."""

    @app.get("/policies")
    def policy_index() -> Response:
        listed = {id: [r.policy.document for r in reversed(revisions)] for id, revisions in _revisions().items()}
        return _page(render_template("policies.html", policies=listed, address=_address))

    @app.get("/policies/style.css")
    def policy_style() -> Response:
        return _page(_style(), "text/css")

    @app.get("/policies/<policy_id>")
    def policy_latest(policy_id: str) -> Response:
        found = _revisions().get(policy_id)
        return _revision(found[-1], found) if found else problem(404, "there is no such policy")

    @app.get("/policies/<policy_id>/<version>")
    def policy_revision(policy_id: str, version: str) -> Response:
        found = _revisions().get(policy_id, ())
        one = next((r for r in found if r.policy.document.version == version), None)
        return _revision(one, found) if one else problem(404, "there is no such revision of a policy")


def _revisions() -> dict[str, tuple[Revision, ...]]:
    return state().office.library.policies


def _revision(revision: Revision, among: tuple[Revision, ...]) -> Response:
    others = [r.policy.document.version for r in reversed(among) if r is not revision]
    told = read_back(revision.policy)
    page = url_for("policy_revision", policy_id=told.document.id, version=told.document.version)
    canonical = f"{state().config.public_url or ''}{page}"
    return _page(render_template("policy.html", told=told, others=others, canonical=canonical, address=_address))


def _address(endpoint: str, **named: Any) -> str:
    """A page's path, under the path at which a proxy has the service, if any. No host: the caller names that, and
    what a caller names must not stand on a page that others' caches may keep."""
    return f"{urlsplit(state().config.public_url or '').path}{url_for(endpoint, **named)}"


def _page(text: str, kind: str = "text/html") -> Response:
    """A page that a browser may keep for a while, and asks about by its content's digest."""
    response = Response(text, content_type=f"{kind}; charset=utf-8", headers=_GUARDED)
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response


@lru_cache(maxsize=1)
def _style() -> str:
    return (files("service.web") / "templates" / "policy.css").read_text(encoding="utf-8")
