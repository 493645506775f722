"""JSON as it crosses the wire, in and out, decimals exact to the last zero. Knows nothing of what it says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_DIGITS = 64  # of a number: the longest that is written down by measuring anything has some twenty
_POWER = 400
_EVERY = 8  # bytes a value, at the least, and twice that an object or list: denser is no chart, and a trap for memory
_ALLOWED = 16_384  # values that a small body may hold however dense it is


def _number(text: str) -> Decimal | str:
    """A decimal, exactly; a number that no chart can mean is left as the text it is, so that nobody reckons with it."""
    if len(text) > _DIGITS:
        return text
    found = Decimal(text)
    return found if abs(found.adjusted()) < _POWER else text


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Dense(ValueError):
    """Far more values than its bytes should hold."""


def decode(body: bytes) -> Any:
    """The JSON of a body; raises ValueError for what is no JSON, or nests beyond any chart (the decoder stops at
    about a thousand levels), and Dense for what would take far more memory than its bytes. The errors quote nothing."""
    values, opened = body.count(b","), body.count(b"{") + body.count(b"[")
    crowded = values > _ALLOWED + len(body) // _EVERY or opened > _ALLOWED + len(body) // (2 * _EVERY)
    if crowded and values > _ALLOWED:  # else it is nested, and the decoder soon stops at that
        raise Dense("more values than any chart has in so few bytes")
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        raise ValueError("not JSON, or nested too deep") from None


def encode(value: object) -> bytes:
    """A value as JSON, decimals as numbers."""
    return _ENCODER.encode(value)
