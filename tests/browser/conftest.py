"""A browser, and the page of the second renderer in it; each process of the test run starts its own, and keeps it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.browsing import NAMES, NODE_MODULES, Second, bundled, found_chromium, opened
from tests.fhir_server import FhirServer


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser of this machine."""
    if (path := found_chromium()) is None:
        pytest.skip(f"no Chromium on this machine: none of {', '.join(NAMES)} is on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What is installed from npm."""
    if not (NODE_MODULES / ".bin" / "esbuild").exists():
        pytest.skip("node_modules is not installed: npm ci --ignore-scripts")
    return NODE_MODULES


@pytest.fixture(scope="session")
def second_page(
    chromium: Browser, node_modules: Path, fhir_server: FhirServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Second]:
    assert node_modules.is_dir()
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # pytest-xdist's workers
    second = opened(chromium, bundled(shared), fhir_server.base)
    yield second
    second.page.context.close()


@pytest.fixture
def second(second_page: Second) -> Second:
    """The second renderer's page, which has complained of nothing yet."""
    second_page.forget()
    return second_page
