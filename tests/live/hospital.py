"""Fixtures' charts on a FHIR server, the requests about them as clients may send them, and what cards answer."""

import copy
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.hooks.discovery import KEYS
from tests.fhir_server import FhirServer, load
from tests.test_fixtures import ALL, ANSWERED, Fixture

JSON = dict[str, Any]
Ask = Callable[..., Any]

# What no server holds: that the EHR failed to answer, that its list stops short.
NOT_HELD = {
    "jylamvo-mycosis-fungoides-medication-list-not-whole",
    "xatmep-polyarticular-jia-observations-answered-with-an-error",
}
HELD = [fixture for fixture in ANSWERED if fixture.name not in NOT_HELD]
WHOLE = [fixture for fixture in HELD if set(KEYS.values()) <= set(fixture.request["prefetch"])]
NAMED = {fixture.name: fixture for fixture in ALL}
TAGS = {fixture.name: f"f{number:02}" for number, fixture in enumerate(ALL)}
APPROVABLE = NAMED["jylamvo-rheumatoid-arthritis-approvable"]


def of(fixtures: list[Fixture]) -> pytest.MarkDecorator:
    """A test of each of these fixtures."""
    return pytest.mark.parametrize("fixture", fixtures, ids=lambda fixture: fixture.name)


class Hospital:
    """A FHIR server (None: none at all), the charts that stand on it, and the service that is asked about them."""

    def __init__(self, server: FhirServer | None, ask: Ask) -> None:
        self._server = server
        self._ask = ask
        self._charts: dict[str, JSON] = {}

    @property
    def server(self) -> FhirServer:
        assert self._server
        return self._server

    def chart(self, fixture: Fixture) -> JSON:
        """The request of a fixture, whose chart then stands on the server. A key that a client left out is empty."""
        if fixture.name not in self._charts:
            request = load(self.server, fixture.request, TAGS[fixture.name])
            request["prefetch"] = {**{key: empty() for key in KEYS.values()}, **request["prefetch"]}
            self._charts[fixture.name] = request
        return copy.deepcopy(self._charts[fixture.name])

    def ask(self, request: JSON, fixture: Fixture = APPROVABLE) -> Any:
        """The service's response on the fixture's day."""
        day = fixture.expected.get("today", "2026-03-10")
        return self._ask(request, today=day, service=f"prior-auth-{request['hook']}", plans=fixture.plans)

    def cards(self, request: JSON, fixture: Fixture = APPROVABLE) -> list[JSON]:
        """The cards, but for the token of a form: every call has its own."""
        response = self.ask(request, fixture)
        assert response.status_code == 200, response.get_json()
        cards = list(response.get_json()["cards"])
        for link in (link for card in cards for link in card.get("links", ()) if "/forms/#" in link["url"]):
            link["url"] = link["url"].partition("#")[0]
        return cards

    def told(self, request: JSON, fixture: Fixture = APPROVABLE) -> list[JSON]:
        return determinations(self.cards(request, fixture))


def empty() -> JSON:
    return {"resourceType": "Bundle", "type": "searchset", "total": 0}


def bare(request: JSON) -> JSON:
    """The request of a client that sends no prefetch."""
    return {key: value for key, value in request.items() if key != "prefetch"}


def without(request: JSON, *keys: str) -> JSON:
    return {**request, "prefetch": {k: v for k, v in request["prefetch"].items() if k not in keys}}


def only(request: JSON, *keys: str) -> JSON:
    return {**request, "prefetch": {k: v for k, v in request["prefetch"].items() if k in keys}}


def determinations(cards: list[JSON]) -> list[JSON]:
    return [card["extension"]["determination"] for card in cards if "determination" in card.get("extension", {})]


def details(cards: list[JSON]) -> str:
    return "\n".join(card.get("detail", "") for card in cards)


def draft(request: JSON) -> JSON:
    """The first draft order of a request, as it stands in it."""
    order: JSON = request["context"]["draftOrders"]["entry"][0]["resource"]
    return order


def at(request: JSON, base: str) -> JSON:
    """The request of a client whose FHIR server is another."""
    return {**request, "fhirServer": base}


def nowhere() -> str:
    """The base URL of a server that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"


@contextmanager
def counting() -> Iterator[tuple[str, list[int]]]:
    """A FHIR server that hangs up on every caller, and the list that grows by one for each."""
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        over = threading.Event()

        def hang_up() -> None:
            while not over.is_set():
                try:
                    caller, _ = listener.accept()
                except TimeoutError:
                    continue
                calls.append(1)
                caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir", calls
        finally:
            over.set()
            thread.join()
