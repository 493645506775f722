"""What a client's token must hold, as two tables: each line a code word and its check. Knows no keys and no signatures.

The header's checks precede the signature and can only refuse; the claims' run on what a verified client signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from service.auth.clients import Client
from service.auth.exact import Members
from service.auth.keys import ALGORITHMS
from service.auth.refused import Reason, Refused

LEEWAY = 10  # seconds that clocks may differ by; the sandbox rounds `iat` up (digest Q21)
LIFETIME = 24 * 3600  # seconds from `iat` to `exp`; the standard's best practice is minutes (digest N101)
JTI_LENGTH = 256
_LAST = 253402300799  # the last second of the year 9999: what is no date beyond it is a mistake


@dataclass(frozen=True, slots=True)
class Call:
    """What claims are held against: the audiences they may name, and the time in seconds."""

    audiences: tuple[str, ...]
    now: float


Against = TypeVar("Against", Client, Call)
Checks = Sequence[tuple[Reason, Callable[[Members, Against], bool]]]


def hold(checks: Checks[Against], members: Members, against: Against) -> None:
    """Raises Refused, 401, with the word of the first check that fails."""
    for reason, check in checks:
        if not check(members, against):
            raise Refused(401, reason)


def _own_jku(header: Members, client: Client) -> bool:
    """Pinned keys: a `jku` is never fetched, so it may say anything (the sandbox's always points to the internet,
    digest Q23). Otherwise it must be the client's own to the letter."""
    return client.jwks_url is None or header.get("jku") in (None, client.jwks_url)


def _is_jwt(header: Members, _: Client) -> bool:
    typ = header.get("typ")
    return typ is None or (isinstance(typ, str) and typ.lower() == "jwt")


def _is_date(value: Any) -> bool:
    """A NumericDate (RFC 7519 2)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST


def is_id(value: Any) -> bool:
    """Whether a claim is text that can be kept: printable, and not endless."""
    return isinstance(value, str) and 0 < len(value) <= JTI_LENGTH and value.isprintable()


def _meant_for_us(claims: Members, call: Call) -> bool:
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    return all(isinstance(one, str) for one in named) and any(one in call.audiences for one in named)


HEADER: Checks[Client] = (
    ("crit", lambda header, _: "crit" not in header),  # RFC 7515 4.1.11: none is understood here
    ("typ", _is_jwt),  # RFC 8725 3.11: a token of another kind is no client's
    ("alg", lambda header, _: header.get("alg") in ALGORITHMS),
    ("kid", lambda header, _: isinstance(header.get("kid"), str) and header["kid"] != ""),
    ("jku", _own_jku),
)
CLAIMS: Checks[Call] = (
    ("exp", lambda claims, _: _is_date(claims.get("exp"))),
    ("iat", lambda claims, _: _is_date(claims.get("iat"))),
    ("nbf", lambda claims, _: "nbf" not in claims or _is_date(claims["nbf"])),
    ("jti", lambda claims, _: is_id(claims.get("jti"))),
    ("lifetime", lambda claims, _: 0 < claims["exp"] - claims["iat"] <= LIFETIME),
    ("ahead", lambda claims, call: claims["iat"] <= call.now + LEEWAY),
    ("early", lambda claims, call: claims.get("nbf", 0) <= call.now + LEEWAY),
    ("expired", lambda claims, call: call.now - LEEWAY < claims["exp"]),
    ("aud", _meant_for_us),
)
