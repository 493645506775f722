"""JSON objects where two readings would be an attack: no repeated member, no NaN, UTF-8 only."""

from __future__ import annotations

import json
from typing import Any, NoReturn

Members = dict[str, Any]


def read_object(document: bytes) -> Members:
    """The object in `document`; raises ValueError, which quotes nothing, for anything else (RFC 7519 4, 7.2)."""
    try:
        found = json.loads(document.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("not a JSON object") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> Members:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("repeated member")
    return members


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number")
