"""A compact JWS taken apart, nothing of it verified: good for finding out whose key to try, and for nothing else."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from service.auth.exact import Members, read_object
from service.auth.refused import Refused

HEADER_BYTES = 8192  # the longest Authorization header that is looked at
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")  # RFC 7515 7.1, its three parts filled


@dataclass(frozen=True, slots=True)
class Unverified:
    """The token as it came, and its two JSON objects."""

    text: str
    header: Members
    claims: Members


def read(authorization: str | None) -> Unverified:
    """The token of an `Authorization: Bearer` header (RFC 6750 2.1; the scheme in any case); raises Refused."""
    if not authorization:
        raise Refused(401, "no-token")
    if len(authorization) > HEADER_BYTES:
        raise Refused(401, "too-long")
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused(401, "not-bearer")
    return _taken_apart(text.strip(" "))


def _taken_apart(text: str) -> Unverified:
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise Refused(401, "malformed")
    try:
        return Unverified(text, _object(parts[1]), _object(parts[2]))
    except ValueError:
        raise Refused(401, "malformed") from None


def _object(part: str) -> Members:
    return read_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
