"""JSON as it crosses the wire, in and out, decimals exact to the last zero. Knows nothing of what it says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes) -> Any:
    """The JSON of a body; raises ValueError for what is no JSON, or nests beyond any chart (the decoder stops at
    about a thousand levels). The error's text quotes nothing."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        raise ValueError("not JSON, or nested too deep") from None


def encode(value: object) -> bytes:
    """A value as JSON, decimals as numbers."""
    return _ENCODER.encode(value)
