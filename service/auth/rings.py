"""Where a client's keys are kept: pinned from a file, or fetched from its URL, cached and renewed. Threads may share
them. Knows nothing of tokens but the `kid` that one names."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from service.auth.keys import Key, KeySet, read_set

MAX_AGE = 3600  # seconds after which a set is renewed, so that a withdrawn key stops counting
KEPT = 24 * 3600  # seconds for which a set counts while its renewal fails
REFETCH = 60  # seconds between fetches for kids that are not in the set, and after a failure while one is held
RETRY = 5  # seconds between fetches while no set is held
WAIT = 2  # seconds that a thread waits for another's fetch


class Unavailable(Exception):
    """The key may exist, and could not be asked for; try again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Ring(Protocol):
    """The keys of one client."""

    def find(self, kid: str) -> Key | None:
        """The key of that name; None: the client has none. Raises Unavailable where that could not be learned."""


class Pinned:
    """Keys that an operator keeps in a file: nothing is ever fetched."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def find(self, kid: str) -> Key | None:
        return self._keys.get(kid)


class Fetched:
    """Keys at a URL. One thread fetches at a time, however many ask; `get` answers with the whole body in a time and
    size of its own bounding, or raises OSError; `now` is in seconds and may jump either way.

    A well-formed set without a usable key is an answer (all were withdrawn); what is no JWK Set is a failure."""

    def __init__(self, url: str, get: Callable[[str], bytes], now: Callable[[], float]) -> None:
        self._url, self._get, self._now = url, get, now
        self._lock = threading.Lock()
        self._keys: KeySet = {}
        self._since: float | None = None  # when the set held was fetched
        self._failed = True  # the last try brought no set
        self._pause: float | None = None  # when the last try ended, where it forbids another for a while
        self._flight: threading.Event | None = None

    def find(self, kid: str) -> Key | None:
        flight, ours = self._board(kid)
        if flight is not None and ours:
            self._fly(kid, flight)
        elif flight is not None:
            flight.wait(WAIT)
        with self._lock:
            key = self._held().get(kid)
            if key is None and (self._failed or self._flight is not None):
                raise Unavailable(max(1, math.ceil(self._pause_left())))
            return key

    def _board(self, kid: str) -> tuple[threading.Event | None, bool]:
        """The fetch to wait for, if any, and whether it is this thread's to make."""
        with self._lock:
            known = kid in self._held()
            if known and self._younger(MAX_AGE):
                return None, False
            if self._flight is not None:
                return (None if known else self._flight), False
            if self._pause_left() > 0:
                return None, False
            self._flight = threading.Event()
            return self._flight, True

    def _fly(self, kid: str, flight: threading.Event) -> None:
        fetched: KeySet | None = None
        try:
            with suppress(OSError, ValueError):
                fetched = read_set(self._get(self._url))
        finally:
            with self._lock:
                self._land(kid, fetched)
            flight.set()

    def _land(self, kid: str, fetched: KeySet | None) -> None:
        now = self._now()
        again = self._since is not None and kid not in self._keys
        self._failed = fetched is None
        self._pause = now if fetched is None or again or kid not in fetched else None
        if fetched is not None:
            self._keys, self._since = fetched, now
        self._flight = None

    def _held(self) -> KeySet:
        if not self._younger(KEPT):
            self._keys, self._since = {}, None
        return self._keys

    def _younger(self, seconds: int) -> bool:
        return self._since is not None and abs(self._now() - self._since) < seconds

    def _pause_left(self) -> float:
        if self._pause is None:
            return 0
        length = RETRY if self._since is None else REFETCH
        return length - abs(self._now() - self._pause)
