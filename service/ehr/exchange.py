"""One GET or POST: what came of it, or the trouble that it met with. Never raises on what a server does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import requests
import urllib3

from service.ehr.call import Call, making
from service.ehr.trouble import Trouble

T = TypeVar("T")
_CHUNK = 64 * 1024
_STATUSES = {
    401: Trouble.UNAUTHORIZED,
    403: Trouble.FORBIDDEN,
    404: Trouble.MISSING,
    410: Trouble.MISSING,
    429: Trouble.THROTTLED,
}
_THERE = frozenset({200, 201, 412})  # the last: several are found by the condition
_NO_CONDITION = frozenset({400, 501})
_CLASSES = {3: Trouble.REDIRECT, 4: Trouble.REJECTED, 5: Trouble.SERVER}


def fetch(session: requests.Session, url: str, headers: Mapping[str, str], call: Call, limit: int) -> bytes | Trouble:
    """The body of a 200 answer, unpacked, of no more than `limit` bytes; else what stood against it."""
    return _met(call, lambda: _fetch(session, url, headers, call, limit))


def create(
    session: requests.Session, url: str, headers: Mapping[str, str], call: Call, body: bytes, condition: str
) -> Trouble | None:
    """A POST of a body, unless a search by `condition` finds it (FHIR R4, http.html, conditional create): None where it
    is there now, be it more than once; else what stood against it. A server that takes no condition is given it
    without. It may be sent twice."""

    def post(headers: Mapping[str, str]) -> int:
        asked = session.prepare_request(requests.Request("POST", url, headers=dict(headers), data=body))
        with _sent(session, asked, call) as answer:
            return answer.status_code

    def work() -> Trouble | None:
        status = post({**headers, "If-None-Exist": condition})
        if status in _NO_CONDITION:
            status = post(headers)
        return None if status in _THERE else _stood(status)

    return _met(call, work)


def _met(call: Call, work: Callable[[], T]) -> T | Trouble:
    with making(call):
        if call.over():
            return Trouble.LATE
        try:
            return work()
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return call.trouble or Trouble.LATE
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError):
            return call.trouble or (Trouble.LATE if call.over() else Trouble.TLS)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            return call.trouble or (Trouble.LATE if call.over() else Trouble.BROKEN)


def _fetch(session: requests.Session, url: str, headers: Mapping[str, str], call: Call, limit: int) -> bytes | Trouble:
    asked = session.prepare_request(requests.Request("GET", url, headers=dict(headers)))
    with _sent(session, asked, call) as answer:
        return _body(answer, call, limit) if answer.status_code == 200 else _stood(answer.status_code)


def _stood(status: int) -> Trouble:
    return _STATUSES.get(status) or _CLASSES.get(status // 100, Trouble.STATUS)


def _sent(session: requests.Session, asked: requests.PreparedRequest, call: Call) -> requests.Response:
    """The answer's head. A kept connection may have been closed by the server just now: that is no answer, and is
    tried once more."""
    try:
        return _send(session, asked, call)
    except requests.ConnectionError:
        if not call.reused or call.trouble or call.over():
            raise
    call.let_go()
    return _send(session, asked, call)


def _send(session: requests.Session, asked: requests.PreparedRequest, call: Call) -> requests.Response:
    wait = max(call.remaining(), 0.001)
    return session.send(asked, stream=True, allow_redirects=False, timeout=(wait, wait), verify=True, proxies={})


def _body(answer: requests.Response, call: Call, limit: int) -> bytes | Trouble:
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity", "gzip", "x-gzip"):
        return Trouble.ENCODING
    parts: list[bytes] = []
    size = 0
    while part := answer.raw.read(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > min(limit, call.room):
            return Trouble.TOO_LONG
    call.room -= size
    return b"".join(parts)
