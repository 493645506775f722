"""The one way in for a client's call: from an Authorization header to a verified client, or a refusal.

Knows no HTTP beyond that header. The `jti` is used up last: a token refused for another reason is not spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.auth.checks import CLAIMS, HEADER, LEEWAY, Call, hold, is_id
from service.auth.clients import Client
from service.auth.exact import Members
from service.auth.keys import Key, read_file
from service.auth.refused import Refused
from service.auth.rings import Fetched, Pinned, Ring, Unavailable
from service.auth.token import Unverified, read

__all__ = ["Gate", "Refused", "Verified"]

RETRY_AFTER = 5  # seconds, where the memory of used tokens fails


@dataclass(frozen=True, slots=True)
class Verified:
    """A client that proved itself, made by Gate.admit only: who holds one need check nothing more.

    `tenant` is one of the client's list; where it has none, whatever text the client signed, or None."""

    client: Client
    tenant: str | None


class Gate:
    """Threads may share one. `get(url)` brings a JWK Set, bounded in time and size, without redirects, or raises
    OSError; `first_use(issuer, jti, until)` is False for a token seen before, by any process, until it has expired;
    `now` is in seconds since 1970. Raises ValueError where a client's key file no longer reads."""

    def __init__(
        self,
        clients: Sequence[Client],
        *,
        get: Callable[[str], bytes],
        first_use: Callable[[str, str, datetime], bool],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clients = {client.issuer: client for client in clients}
        self._rings = {client.issuer: _ring(client, get, now) for client in clients}
        self._first_use, self._now = first_use, now

    def admit(self, authorization: str | None, urls: Sequence[str]) -> Verified:
        """The client that signed for one of `urls` (each a URL of the endpoint called) or for an audience of its own.

        Raises Refused: 401 for what is no good token, 403 for a good one of a tenant that the client's row does not
        list, 503 where keys or the memory of used tokens can't be had, so that nothing was proved or disproved."""
        token = read(authorization)
        client = self._named(token)
        hold(HEADER, token.header, client)
        key = self._key(client, token.header["kid"])
        if token.header["alg"] not in key.algorithms:
            raise Refused(401, "key-alg")
        if not key.signed(token.text):
            raise Refused(401, "signature")
        # The time is read after any fetch of keys: a token may expire meanwhile, and its `jti` be forgotten.
        hold(CLAIMS, token.claims, Call((*urls, *client.audiences), self._now()))
        tenant = _tenant(client, token.claims)
        self._use_up(client, token.claims)
        return Verified(client, tenant)

    def _named(self, token: Unverified) -> Client:
        issuer = token.claims.get("iss")
        client = self._clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise Refused(401, "issuer")
        return client

    def _key(self, client: Client, kid: str) -> Key:
        try:
            key = self._rings[client.issuer].find(kid)
        except Unavailable as error:
            raise Refused(503, "keys-unavailable", error.retry_after) from None
        if key is None:
            raise Refused(401, "key")
        return key

    def _use_up(self, client: Client, claims: Members) -> None:
        until = datetime.fromtimestamp(claims["exp"] + LEEWAY, UTC)
        try:
            first = self._first_use(client.issuer, claims["jti"], until)
        except Exception:  # whatever failed, a replay can't be excluded
            raise Refused(503, "replay-unknown", RETRY_AFTER) from None
        if not first:
            raise Refused(401, "replayed")


def _ring(client: Client, get: Callable[[str], bytes], now: Callable[[], float]) -> Ring:
    if client.jwks_url is not None:
        return Fetched(client.jwks_url, get, now)
    if client.jwks_file is None:
        raise ValueError("a client without keys")
    return Pinned(read_file(client.jwks_file))


def _tenant(client: Client, claims: Members) -> str | None:
    tenant = claims.get("tenant")
    if client.tenants and tenant not in client.tenants:
        raise Refused(403, "tenant")
    if not isinstance(tenant, str):
        return None
    if not is_id(tenant):  # it goes into the records
        raise Refused(401, "tenant")
    return tenant
