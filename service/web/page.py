"""The page on which a form is filled in: its files, the same for everyone. Knows no form, no token and no order."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue

from service.web.errors import problem

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
GUARDED = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def offer(app: Flask) -> None:
    """The routes of the page."""

    @app.get("/forms/")
    def form_page() -> ResponseReturnValue:
        # Without the slash the page's own files would be looked for beside it; a browser keeps the fragment.
        return _file("form.html") if request.path.endswith("/") else redirect("forms/", 308)

    @app.get("/forms/<path:name>")
    def form_file(name: str) -> Response:
        return _file(name) if _FILE.fullmatch(name) else problem(404, "there is no such file")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page, as it is and compressed; its content's digest."""

    plain: bytes
    packed: bytes
    digest: str


def _file(name: str) -> Response:
    """A file of the page, which a browser may keep and asks about each time: its parts must be of one version."""
    found = _files().get(name)
    if found is None:
        return problem(404, "there is no such file")
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(found.packed if packed else found.plain, content_type=f"{kind}; charset=utf-8")
    response.headers.update({**GUARDED, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"})
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{found.digest}{'-gzip' if packed else ''}")
    response.make_conditional(request)
    return response


@lru_cache(maxsize=1)
def _files() -> Mapping[str, _File]:
    """The page's files by name, read and compressed once."""
    root = files("service.web") / "static"
    found = {}
    for place in root.iterdir():
        inner = place.iterdir() if place.is_dir() else ()
        for one in (place, *inner):
            if one.is_file():
                body = one.read_bytes()
                name = one.name if one is place else f"{place.name}/{one.name}"
                found[name] = _File(body, gzip.compress(body, 6, mtime=0), hashlib.sha256(body).hexdigest()[:32])
    return found
