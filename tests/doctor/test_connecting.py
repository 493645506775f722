"""The page for integrators says what the service does: its tables and its example are those of the code."""

import re
from pathlib import Path

import pytest

from service.hooks.discovery import SERVICES, discovery
from service.policy import library
from tests.doctor.desk import examined

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "connecting.md").read_text(encoding="utf-8")


def test_the_prefetch_table_is_discovery() -> None:
    offered = discovery(library.load().resources())["services"]
    assert isinstance(offered, list)
    table = re.findall(r"^\| `(\w+)` \| `([^`]+\{\{context\.patientId\}\})` \|$", PAGE, re.MULTILINE)
    for entry in offered:
        assert table == list(entry["prefetch"].items())


def test_the_services_are_those_that_are_offered() -> None:
    table = re.findall(r"^\| `(prior-[\w-]+)` \| ([\w-]+) \|", PAGE, re.MULTILINE)
    assert table == [(service.id, service.hook) for service in SERVICES]


def test_the_example_is_what_the_doctor_says() -> None:
    body = (ROOT / "fhir_fixtures" / "shape-sandbox-order-sign" / "request.json").read_bytes()
    (example,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert example == examined(body).as_text()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 412, 413, 415, 429, 503, 500])
def test_every_status_of_the_contract_has_its_row(status: int) -> None:
    assert re.search(rf"^\|[^|]*\b{status}\b[^|]*\|[^|]+\|[^|]+\|$", PAGE, re.MULTILINE)
