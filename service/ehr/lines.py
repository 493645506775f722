"""The lines to EHRs that this process keeps: one for each server, apart from each other. Thread-safe; threads and
sockets are made on first use, thus after a fork."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Literal

import requests

from service.case import CouldNotAsk
from service.ehr.address import Access, Place, place
from service.ehr.call import Call, Door
from service.ehr.connection import session, trust
from service.ehr.crew import Crew
from service.ehr.exchange import fetch
from service.ehr.job import Job, together
from service.ehr.trouble import Trouble
from service.ehr.visit import Visit

AT_ONCE = 16  # calls under way to one server
WAITING = 16  # visits at one server
LINES = 64  # servers kept in touch with
KEYS = 1024 * 1024  # bytes of a key document
KEYS_WAIT = 2.0  # seconds for a key document


@dataclass(frozen=True, slots=True)
class _To:
    """What a line is for. A line that may reach private networks is never lent to one that may not; keys have a line
    of their own, since a FHIR server that hangs must not hold up the check of a client's signature."""

    origin: tuple[str, str, int]
    own: bool
    use: Literal["fhir", "keys"]


@dataclass(slots=True)
class _Line:
    door: Door
    session: requests.Session
    crew: Crew = field(default_factory=lambda: Crew(AT_ONCE))
    visits: int = 0


class Lines:
    """All lines of a process. `verify` is as for requests: True, or the path of a bundle of authorities."""

    def __init__(self, *, verify: bool | str = True) -> None:
        self._trust = trust(verify)
        self._lock = Lock()
        self._lines: OrderedDict[_To, _Line] = OrderedDict()

    def visit(self, access: Access, *, deadline: float) -> Visit | CouldNotAsk:
        """A visit that ends at `deadline` (of time.monotonic), to be left as a context manager; at once CouldNotAsk
        where the server has as many as it may."""
        server = place(access.server)
        assert server is not None, "Access is made by permitted alone"
        line = self._enter(server, own=access.own, use="fhir")
        if line is None:
            return CouldNotAsk(Trouble.BUSY.says)
        return Visit(line, access, deadline, lambda: self._leave(line))

    def get(self, url: str) -> bytes:
        """A key document of a configured client: https, or http on loopback. Raises OSError, which names the trouble's
        code alone."""
        found = place(url)
        line = self._enter(found, own=True, use="keys") if found else None
        if found is None or line is None:
            raise _no_keys(Trouble.BUSY if found else Trouble.ADDRESS)
        try:
            body = self._keys(line, found.url, monotonic() + KEYS_WAIT)
        finally:
            self._leave(line)
        if isinstance(body, Trouble):
            raise _no_keys(body)
        return body

    def close(self) -> None:
        """Close what is kept open between calls; calls under way end by their own deadlines."""
        with self._lock:
            for line in self._lines.values():
                line.session.close()
            self._lines.clear()

    def _keys(self, line: _Line, url: str, deadline: float) -> bytes | Trouble:
        def work(job: Job[bytes | Trouble]) -> bytes | Trouble:
            return fetch(line.session, url, {"Accept": "application/json"}, job.call, KEYS)

        job: Job[bytes | Trouble] = Job(Call(line.door, deadline, KEYS), work, late=Trouble.LATE, fault=Trouble.FAULT)
        return together(line.crew, {"": job}, deadline)[""]

    def _enter(self, server: Place, *, own: bool, use: Literal["fhir", "keys"]) -> _Line | None:
        to = _To(server.origin, own, use)
        with self._lock:
            line = self._lines.get(to) or self._opened(to, server)
            if line is None or line.visits == WAITING:
                return None
            self._lines.move_to_end(to)
            line.visits += 1
            return line

    def _opened(self, to: _To, server: Place) -> _Line | None:
        """A new line, for which the one longest unused is closed; None where all are in use."""
        if len(self._lines) == LINES:
            idle = next((each for each, line in self._lines.items() if not line.visits), None)
            if idle is None:
                return None
            self._lines.pop(idle).session.close()
        made = _Line(Door(server, own=to.own), session(server.scheme, self._trust, AT_ONCE))
        self._lines[to] = made
        return made

    def _leave(self, line: _Line) -> None:
        with self._lock:
            line.visits -= 1


def _no_keys(trouble: Trouble) -> OSError:
    return OSError(f"the client's keys could not be had ({trouble.code})")
