"""Keyed hashes: ids become joinable without being readable. HMAC-SHA256 under the store's own secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator


class Keyed:
    """Hashes under one secret. The same parts of the same kind give the same hash, and no others do."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __call__(self, kind: str, *parts: str | bytes | None) -> str:
        """64 hex digits; a part that is None differs from an empty one."""
        return hmac.new(self._secret, b"".join(_framed(kind, *parts)), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "Keyed(...)"


def _framed(*parts: str | bytes | None) -> Iterator[bytes]:
    """Each part with its length before it, so that no two lists of parts read alike."""
    for part in parts:
        if part is None:
            yield b"-"
            continue
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        yield b"+" + len(raw).to_bytes(8, "big") + raw
