"""Every form that a fixture's order asks for, and its package, by the rules of FHIR, SDC and DTR: a second opinion."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import plans
from service.config import Config
from service.forms import circumstances
from service.hooks.crd import Version
from service.web import create_app
from tests.dtr_rules import package_faults, questionnaire_faults, response_faults
from tests.test_fixtures import Fixture
from tests.web.test_questionnaires import MISSING, PACKAGE, answered, canonicals, filled

JSON = dict[str, Any]


# What the service is set to, the version of DTR that goes with it, and what its package is called.
VERSIONS: tuple[tuple[Version, str, str], ...] = (("2.2", "2.2", "packagebundle"), ("2.0", "2.0.1", "PackageBundle"))


@pytest.fixture
def client_of(tmp_path: Path) -> Callable[[Fixture], FlaskClient]:
    def made(fixture: Fixture, version: Version = "2.2") -> FlaskClient:
        table = plans.parse(fixture.plans) if fixture.plans else plans.Plans()
        day, database = date.fromisoformat(fixture.expected["today"]), f"sqlite:///{tmp_path}/r.sqlite3"
        config = Config(today=day, plans=table, database_url=database, crd_version=version)
        return create_app(config).test_client()

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


@pytest.mark.parametrize(("version", "guide", "name"), VERSIONS)
@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_a_form_and_its_packages_by_canonical_and_by_context_have_no_fault(
    fixture: Fixture, version: Version, guide: str, name: str, client_of: Callable[..., FlaskClient]
) -> None:
    client = client_of(fixture, version)
    answer = answered(client, fixture, fixture.request)
    named = canonicals(answer)
    for canonical in named:
        questionnaire = client.get(canonical.partition("|")[0]).get_json()
        assert questionnaire_faults(questionnaire, guide) == []
    wanted = [{"name": "questionnaire", "valueCanonical": one} for one in named]
    wanted += [{"name": "context", "valueString": one} for one in assertions(answer) if named]
    assert len(wanted) == 2 * len(named)
    for one in wanted:
        package = packaged(client, fixture, one)
        assert [parameter["name"] for parameter in package["parameter"]] == [name]
        assert package_faults(package, guide) == []


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_what_is_answered_on_the_page_and_given_to_an_ehr_has_no_fault(
    fixture: Fixture, client_of: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    client = client_of(fixture)
    answer = answered(client, fixture, fixture.request)
    links = [link["url"] for card in answer["cards"] for link in card.get("links", ()) if "/forms/" in link["url"]]
    for link in links:
        bearer = {"Authorization": f"Bearer {link.partition('#')[2]}"}
        asked = client.get("/forms/entry", headers=bearer).get_json()["questionnaire"]
        assert questionnaire_faults(asked, "2.2") == []
        patient = fixture.request["context"]["patientId"].rsplit("/", 1)[-1]
        given = {"response": filled(asked, patient, "2026-03-10"), "by": "A. Example, MD"}
        assert client.post("/forms/entry", headers=bearer, json=given).status_code == 201
    with sqlite3.connect(tmp_path / "r.sqlite3") as connection:
        rows = connection.execute("SELECT response FROM answers").fetchall()
    assert len(rows) == len(links)
    for (row,) in rows:
        response = json.loads(row)
        questionnaire = client.get(response["questionnaire"].partition("|")[0]).get_json()
        whole = response | {
            "subject": {"reference": "Patient/p"},
            "extension": circumstances(["Coverage/c"], "2.2"),
        }
        assert response_faults(whole, questionnaire, "2.2") == []
