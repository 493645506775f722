"""The service as a client meets it: the application, its test client, and one call that asks a case."""

import os
import uuid
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from service import plans as operator
from service.config import Config
from service.plans import Plans
from service.web import create_app
from tests.charts import JSON, TODAY

# The same examples every time (machines differ in speed: no deadline); HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


_RECORDS = TemporaryDirectory(prefix="countersign-", ignore_cleanup_errors=True)


@lru_cache(maxsize=64)
def application(today: str, plans: str | None) -> Flask:
    """One application for each day and operator's table that tests ask for, with records of its own."""
    table = operator.parse(plans) if plans else Plans()
    database = f"sqlite:///{_RECORDS.name}/{uuid.uuid4()}.sqlite3"
    return create_app(Config(today=date.fromisoformat(today), plans=table, database_url=database))


@pytest.fixture
def app() -> Flask:
    return application(TODAY, None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Post a hook request; the answer as the client gets it."""

    def _ask(
        request: JSON | str, *, today: str = TODAY, service: str = "prior-auth-order-sign", plans: str | None = None
    ) -> Any:
        """`request` as JSON, or as the text that is sent."""
        sent: JSON = {"data": request, "content_type": "application/json"} if isinstance(request, str) else {}
        return application(today, plans).test_client().post(f"/cds-services/{service}", **(sent or {"json": request}))

    return _ask
