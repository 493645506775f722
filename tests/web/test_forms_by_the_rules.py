"""Every form that a fixture's order asks for, and its package, by the rules of FHIR, SDC and DTR: a second opinion."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import plans
from service.config import Config
from service.web import create_app
from tests.dtr_rules import package_faults, questionnaire_faults
from tests.test_fixtures import Fixture
from tests.web.test_questionnaires import MISSING, PACKAGE, answered, canonicals

JSON = dict[str, Any]


@pytest.fixture
def client_of(tmp_path: Path) -> Callable[[Fixture], FlaskClient]:
    def made(fixture: Fixture) -> FlaskClient:
        table = plans.parse(fixture.plans) if fixture.plans else plans.Plans()
        day = date.fromisoformat(fixture.expected["today"])
        return create_app(Config(today=day, plans=table, database_url=f"sqlite:///{tmp_path}/r.sqlite3")).test_client()

    return made


def order(fixture: Fixture) -> JSON:
    """The draft order as the EHR holds it."""
    entry = fixture.request["context"]["draftOrders"]["entry"]
    found: JSON = next(one["resource"] for one in entry if one["resource"]["resourceType"] == "MedicationRequest")
    return found


def coverage(fixture: Fixture) -> JSON:
    patient = {"reference": f"Patient/{fixture.request['context']['patientId']}"}
    return {"resourceType": "Coverage", "id": "cov-1", "status": "active", "beneficiary": patient}


def assertions(answer: JSON) -> Iterator[str]:
    for action in answer["systemActions"]:
        for extension in action["resource"].get("extension", []):
            for part in extension.get("extension", []):
                if part["url"] == "coverage-assertion-id":
                    yield part["valueString"]


def packaged(client: FlaskClient, fixture: Fixture, *wanted: JSON) -> JSON:
    resources = [("coverage", coverage(fixture)), ("order", order(fixture))]
    parameter = [*({"name": name, "resource": one} for name, one in resources), *wanted]
    found: JSON = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": parameter}).get_json()
    return found


def test_some_fixtures_ask_for_a_form(client_of: Callable[[Fixture], FlaskClient]) -> None:
    asked = [fixture for fixture in MISSING if canonicals(answered(client_of(fixture), fixture, fixture.request))]
    assert len(asked) > len(MISSING) / 2


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_a_form_has_no_fault(fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]) -> None:
    client = client_of(fixture)
    for canonical in canonicals(answered(client, fixture, fixture.request)):
        questionnaire = client.get(canonical.partition("|")[0]).get_json()
        assert questionnaire_faults(questionnaire, "2.2") == []


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_a_package_by_canonical_and_by_context_has_no_fault(
    fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]
) -> None:
    client = client_of(fixture)
    answer = answered(client, fixture, fixture.request)
    named = canonicals(answer)
    wanted = [{"name": "questionnaire", "valueCanonical": one} for one in named]
    wanted += [{"name": "context", "valueString": one} for one in assertions(answer) if named]
    assert len(wanted) == 2 * len(named)
    for one in wanted:
        package = packaged(client, fixture, one)
        assert [parameter["name"] for parameter in package["parameter"]] == ["packagebundle"]
        assert package_faults(package, "2.2") == []
