"""The token of a form, and what is sealed under it: who holds the token reads it, and the database alone is not enough.

Knows no form and no database."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from service import wire

_BYTES = 32


def new_token() -> str:
    """A token that cannot be guessed: 256 random bits, as 43 characters that can stand in a URL."""
    return secrets.token_urlsafe(_BYTES)


def mark(token: str) -> str:
    """What a token is known by where it is not kept: 64 hex digits."""
    return hashlib.sha256(b"countersign form mark\x1f" + _bytes(token)).hexdigest()


def seal(token: str, value: Any) -> bytes:
    """JSON that the token alone opens."""
    return _lock(token).encrypt(wire.encode(value))


def unseal(token: str, sealed: bytes) -> Any:
    """What was sealed under a token; raises ValueError for another's."""
    try:
        return wire.decode(_lock(token).decrypt(sealed))
    except InvalidToken:
        raise ValueError("sealed under another token") from None


def _lock(token: str) -> Fernet:
    return Fernet(urlsafe_b64encode(hashlib.sha256(b"countersign form seal\x1f" + _bytes(token)).digest()))


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
