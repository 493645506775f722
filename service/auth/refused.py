"""Why a call is refused: a closed set of code words for log and metric, never content of a token."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "no-token",  # no Authorization header, or an empty one
    "not-bearer",
    "too-long",
    "malformed",  # no compact JWS of two JSON objects and a signature
    "issuer",  # `iss` missing, or of no client
    "crit",
    "typ",
    "alg",  # not on the list
    "kid",  # missing, or no text
    "jku",  # not the client's own
    "key",  # the client has no such key
    "key-alg",  # a key of the client that is not for this algorithm
    "keys-unavailable",  # the client's keys could not be had
    "signature",
    "exp",
    "iat",
    "nbf",
    "jti",
    "lifetime",
    "ahead",  # `iat` in the future
    "early",  # `nbf` in the future
    "expired",
    "aud",
    "tenant",
    "replayed",
    "replay-unknown",  # whether the token was used before could not be learned
]


class Refused(Exception):
    """What the edge answers, without detail: a status, and Retry-After where `retry_after` gives seconds."""

    def __init__(self, status: Literal[401, 403, 503], reason: Reason, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
