"""The store on each database that it runs on: an SQLite file, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store
from tests import postgres
from tests.store.made import AT
from tests.store.processes import Processes


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'records.db'}"
        return
    try:
        with postgres.database() as url:
            yield url
    except postgres.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """A store on an empty database, brought up to date; its clock stands at AT."""
    opened = Store(address, now=lambda: AT)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Children that end with the test."""
    started = Processes()
    yield started
    started.end()
