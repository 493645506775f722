"""The FHIR servers as fixtures, and the service that fetches from them; test modules name this one in `pytest_plugins`.

Each process of the test run starts a server once, when a test first asks for it."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from service import plans as operator
from service.config import Config
from service.plans import Plans
from service.web import create_app
from tests.fhir_server import FhirServer, serve
from tests.live.hospital import JSON, Ask, Hospital


@pytest.fixture(scope="session")
def fhir_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    """Open to anyone."""
    yield from serve(tmp_path_factory.mktemp("open"))


@pytest.fixture(scope="session")
def secured_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    """Wants a bearer token; the tokens that it issues itself have run out before they are sent."""
    token = f"tests-{uuid4()}"
    client = {"client_id": "tests", "client_secret": "tests"}
    auth = {"types": ["bearer", "smart"], "tokens": [token], "smart_clients": [client], "token_lifetime": -600}
    yield from serve(tmp_path_factory.mktemp("secured"), {"server_auth": auth}, token=token)


@pytest.fixture(scope="session")
def absolute_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    """Answers with absolute references, as some servers do."""
    yield from serve(tmp_path_factory.mktemp("absolute"), {"server_behaviour": {"absolute_references": True}})


@pytest.fixture(scope="session")
def lenient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    """Sekmet as it comes: it ignores the patient in two searches, and answers with everybody's resources."""
    yield from serve(tmp_path_factory.mktemp("lenient"), all_parameters=False)


@pytest.fixture(scope="session")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Post a hook request to the service, which has time enough on a machine that has much to do. There is one
    application for each day and operator's table."""
    records = tmp_path_factory.mktemp("records")

    @cache
    def service_of(today: str, plans: str | None) -> Flask:
        config = Config(
            today=date.fromisoformat(today),
            plans=operator.parse(plans) if plans else Plans(),
            database_url=f"sqlite:///{records / str(uuid4())}.sqlite3",
            fetch_seconds=60.0,
            call_seconds=90.0,
        )
        return create_app(config)

    def ask(request: JSON, *, today: str, service: str, plans: str | None) -> Any:
        return service_of(today, plans).test_client().post(f"/cds-services/{service}", json=request)

    return ask


@pytest.fixture(scope="session")
def hospital(fhir_server: FhirServer, unhurried: Ask) -> Hospital:
    return Hospital(fhir_server, unhurried)


@pytest.fixture(scope="session")
def secured(secured_server: FhirServer, unhurried: Ask) -> Hospital:
    return Hospital(secured_server, unhurried)


@pytest.fixture(scope="session")
def absolute(absolute_server: FhirServer, unhurried: Ask) -> Hospital:
    return Hospital(absolute_server, unhurried)


@pytest.fixture(scope="session")
def lenient(lenient_server: FhirServer, unhurried: Ask) -> Hospital:
    return Hospital(lenient_server, unhurried)


@pytest.fixture(scope="session")
def office(unhurried: Ask) -> Hospital:
    """Nobody's server."""
    return Hospital(None, unhurried)
