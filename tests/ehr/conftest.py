"""What the tests of this room share: lines that are closed, and threads that end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import enumerate as threads
from time import monotonic, sleep
from typing import Protocol

import pytest

from service.ehr.address import Access
from service.ehr.lines import Lines
from service.ehr.visit import Visit
from service.fhir.answers import Answered
from tests.ehr.servers import Server


def at_work() -> list[str]:
    return [thread.name for thread in threads() if thread.name.startswith("ehr-")]


def wait_for(what: object, seconds: float = 10.0) -> None:
    """Until `what` (a function) holds, and no longer than a generous while."""
    assert callable(what)
    end = monotonic() + seconds
    while not what():
        assert monotonic() < end
        sleep(0.01)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Lines of a process; when a test is done, none of their threads is left."""
    made = Lines()
    try:
        yield made
    finally:
        made.close()
        wait_for(lambda: not at_work())


class Ask(Protocol):
    def __call__(self, server: Server, queries: Mapping[str, str] | str, *, within: float = ...) -> dict[str, Answered]:
        """The answers, by the deadline or a little later."""


TOKEN = "lent-for-seconds"


@pytest.fixture
def ask(lines: Lines) -> Ask:
    def _ask(server: Server, queries: Mapping[str, str] | str, *, within: float = 10.0) -> dict[str, Answered]:
        begun = monotonic()
        visit = lines.visit(Access(server.url, TOKEN, own=True), deadline=begun + within)
        assert isinstance(visit, Visit)
        with visit:
            found = visit.ask({queries: queries} if isinstance(queries, str) else queries)
        assert monotonic() - begun < within + 2
        return found

    return _ask
