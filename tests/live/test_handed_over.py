"""What was answered on the service's page is given to the EHR by a later call, where the token it lends allows that."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.web import create_app
from tests.fhir_server import FhirServer, load
from tests.live.hospital import NAMED, at, nowhere
from tests.test_fhir_server import bare as plain
from tests.web.test_questionnaires import filled

pytest_plugins = ("tests.live.servers",)

JSON = dict[str, Any]
SWALLOWING = NAMED["jylamvo-rheumatoid-arthritis-swallowing-not-documented"]


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    database = f"sqlite:///{tmp_path / 'records.sqlite3'}"
    day = date.fromisoformat(SWALLOWING.expected["today"])
    config = Config(today=day, database_url=database, fetch_seconds=60.0, call_seconds=90.0)
    return create_app(config).test_client()


def lent(request: JSON, scope: str, token: str = "any") -> JSON:
    loan = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}
    return request | {"fhirAuthorization": loan}


def sign(client: FlaskClient, request: JSON) -> JSON:
    answer = client.post("/cds-services/prior-auth-order-sign", json=request)
    assert answer.status_code == 200
    told: JSON = answer.get_json()["cards"][0]
    return told


def answer(client: FlaskClient, request: JSON) -> str:
    """The id of what was answered on the form of a request's card."""
    link = next(one for one in sign(client, request)["links"] if "/forms/" in one["url"])
    headers = {"Authorization": f"Bearer {link['url'].partition('#')[2]}"}
    asked = client.get("/forms/entry", headers=headers).get_json()["questionnaire"]
    response = filled(asked, request["context"]["patientId"].rsplit("/", 1)[-1], "2026-03-10")
    kept = client.post("/forms/entry", headers=headers, json={"response": response, "by": "A. Example, MD"})
    assert kept.status_code == 201
    return str(kept.get_json()["id"])


def responses(server: FhirServer, request: JSON) -> list[JSON]:
    patient = request["context"]["patientId"].rsplit("/", 1)[-1]
    found = server.get(f"QuestionnaireResponse?patient={patient}").get("entry", [])
    return [entry["resource"] for entry in found]


@pytest.mark.parametrize(
    "scope", ["patient/QuestionnaireResponse.c", "user/QuestionnaireResponse.write", "patient/*.cruds", "system/*.*"]
)
def test_a_call_whose_token_allows_it_gives_the_ehr_what_was_answered_once(
    scope: str, client: FlaskClient, fhir_server: FhirServer, request: pytest.FixtureRequest
) -> None:
    asked = lent(load(fhir_server, SWALLOWING.request, f"h{abs(hash(request.node.name)) % 10**6}"), scope)
    id = answer(client, asked)
    assert responses(fhir_server, asked) == []
    assert sign(client, asked)["extension"]["determination"]["status"] == "approvable"
    (given,) = responses(fhir_server, asked)
    assert given["identifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id}"}
    assert given["subject"] == {"reference": f"Patient/{asked['context']['patientId'].rsplit('/', 1)[-1]}"}
    assert given["author"]["display"] == "A. Example, MD"
    assert plain(given)["status"] == "completed"
    again = sign(client, {key: value for key, value in asked.items() if key != "prefetch"})
    assert again["extension"]["determination"]["status"] == "approvable"
    assert len(responses(fhir_server, asked)) == 1


@pytest.mark.parametrize("scope", ["patient/*.rs", "user/QuestionnaireResponse.read", "patient/Observation.c", "", "*"])
def test_a_token_that_does_not_allow_it_is_not_used_for_it(
    scope: str, client: FlaskClient, fhir_server: FhirServer, request: pytest.FixtureRequest
) -> None:
    asked = lent(load(fhir_server, SWALLOWING.request, f"n{abs(hash(request.node.name)) % 10**6}"), scope)
    answer(client, asked)
    assert sign(client, asked)["extension"]["determination"]["status"] == "approvable"
    assert responses(fhir_server, asked) == []


def test_what_an_ehr_did_not_take_is_given_by_a_later_call(client: FlaskClient, fhir_server: FhirServer) -> None:
    asked = lent(load(fhir_server, SWALLOWING.request, "later"), "patient/QuestionnaireResponse.c")
    away = at(asked, nowhere())
    answer(client, away)
    assert sign(client, away)["extension"]["determination"]["status"] == "approvable"
    assert responses(fhir_server, asked) == []
