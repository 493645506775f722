"""The missing form: asked for by order-sign, had by FHIR's own ways, filled in, and read back by the next call."""

import copy
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from flask.testing import FlaskClient

from service.config import Config
from service.policy import library
from service.policy.determine import Policy
from service.policy.form import form, named
from service.web import create_app
from tests.test_fixtures import ANSWERED, Fixture

JSON = dict[str, Any]
PACKAGE = "/fhir/Questionnaire/$questionnaire-package"
MISSING = [
    fixture
    for fixture in ANSWERED
    if any(d["status"] == "documentation-needed" and d["pathway"] for d in fixture.determinations)
    and fixture.request["hook"] == "order-sign"
]
POLICIES = [revision.policy for revision in library.load().revisions()]


def answered(client: FlaskClient, fixture: Fixture, request: JSON) -> JSON:
    found: JSON = client.post(f"/cds-services/prior-auth-{fixture.request['hook']}", json=request).get_json()
    return found


@pytest.fixture
def client_of(tmp_path: Path) -> Callable[[Fixture], FlaskClient]:
    def made(fixture: Fixture) -> FlaskClient:
        from service import plans

        table = plans.parse(fixture.plans) if fixture.plans else plans.Plans()
        day = date.fromisoformat(fixture.expected["today"])
        database = f"sqlite:///{tmp_path}/records.sqlite3"
        return create_app(Config(today=day, plans=table, database_url=database)).test_client()

    return made


def canonicals(answer: JSON) -> list[str]:
    parts = [
        part
        for action in answer["systemActions"]
        for extension in action["resource"]["extension"]
        for part in extension.get("extension", ())
    ]
    return [part["valueCanonical"] for part in parts if part["url"] == "questionnaire"]


def items(listed: list[JSON]) -> Iterator[JSON]:
    for item in listed:
        yield item
        yield from items(item.get("item", []))


def filled(questionnaire: JSON, patient: str, day: str) -> JSON:
    """A response that says yes to all that is asked, by the first branch of every choice."""
    chosen: dict[str, str] = {}

    def answers(listed: list[JSON]) -> list[JSON]:
        said = []
        for item in listed:
            condition = next(iter(item.get("enableWhen", [])), None)
            if condition and chosen.get(condition["question"]) != condition["answerCoding"]["code"]:
                continue
            one: JSON = {"linkId": item["linkId"]}
            match item["type"]:
                case "choice":
                    option = item["answerOption"][0]["valueCoding"]
                    chosen[item["linkId"]] = option["code"]
                    one["answer"] = [{"valueCoding": option}]
                case "boolean":
                    one["answer"] = [{"valueBoolean": True}]
                case "group":
                    one["item"] = answers(item["item"])
            said.append(one)
        return said

    return {
        "resourceType": "QuestionnaireResponse",
        "id": "filled",
        "status": "completed",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": day,
        "item": answers(questionnaire["item"]),
    }


def with_response(request: JSON, response: JSON) -> JSON:
    changed = copy.deepcopy(request)
    prefetch = changed.setdefault("prefetch", {})
    had = prefetch.get("questionnaireResponses") or {"resourceType": "Bundle", "type": "searchset", "entry": []}
    prefetch["questionnaireResponses"] = {**had, "entry": [*had.get("entry", []), {"resource": response}]}
    return changed


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_the_loop_closes(fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]) -> None:
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    (told,) = [t for c in first["cards"] if (t := c["extension"].get("determination")) and t["pathway"]]
    urls = canonicals(first)
    if not urls:  # no Coverage, or an order that reads as daily: nothing is asked for by a form
        daily = any(alert["code"] == "daily-dosing" for alert in told["safety"])
        assert daily or not first["systemActions"]
        return
    url, _, version = urls[0].partition("|")
    assert version == told["policy"]["version"]
    questionnaire = client.get(url).get_json()
    Questionnaire.model_validate(questionnaire)
    asked = {i["linkId"] for i in items(questionnaire["item"]) if i["type"] == "boolean"}
    assert asked == set(told["missing"])
    response = filled(questionnaire, fixture.request["context"]["patientId"], fixture.expected["today"])
    QuestionnaireResponse.model_validate(response)
    then = answered(client, fixture, with_response(fixture.request, response))
    (after,) = [t for c in then["cards"] if (t := c["extension"].get("determination")) and t["pathway"]]
    assert after["status"] == "approvable"


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_the_package_of_a_context_or_a_canonical_holds_the_form_and_a_response_to_fill_in(
    fixture: Fixture, client_of: Callable[[Fixture], FlaskClient]
) -> None:
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    if not canonicals(first):
        return
    extension = first["systemActions"][0]["resource"]["extension"][-1]["extension"]
    assertion = next(p["valueString"] for p in extension if p["url"] == "coverage-assertion-id")
    coverage = {"resourceType": "Coverage", "id": "c", "beneficiary": {"reference": "Patient/p"}}
    names = [{"name": "coverage", "resource": coverage}]
    by_context = [*names, {"name": "context", "valueString": assertion}]
    by_canonical = [*names, {"name": "questionnaire", "valueCanonical": canonicals(first)[0]}]
    packages = []
    for given in (by_context, by_canonical):
        answer = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given})
        assert answer.status_code == 200
        (parameter,) = answer.get_json()["parameter"]
        assert parameter["name"] == "packagebundle"
        Bundle.model_validate(parameter["resource"])
        packages.append([entry["resource"] for entry in parameter["resource"]["entry"]])
    (questionnaire, draft), again = packages
    assert (questionnaire, again[0]) == (again[0], questionnaire)
    assert draft["questionnaire"] == canonicals(first)[0]
    assert (draft["status"], draft["subject"]) == ("in-progress", {"reference": "Patient/p"})


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.document.version)
def test_a_criterion_is_asked_for_in_a_prescribers_words_and_every_item_has_words(
    client: FlaskClient, policy: Policy
) -> None:
    for outline in policy.outlines:
        clauses = {clause.ref: clause for clause in outline.leaves()}
        made = form(policy, clauses)
        assert made is not None
        questionnaire = client.get(f"/fhir/Questionnaire/{made.name}").get_json()
        Questionnaire.model_validate(questionnaire)
        assert questionnaire["subjectType"] == ["Patient"]
        asked = list(items(questionnaire["item"]))
        assert all(item["text"] for item in asked)
        texts = {item["linkId"]: item["text"] for item in asked if item["type"] == "boolean"}
        assert texts == {ref: clause.question or clause.says for ref, clause in clauses.items()}


def test_a_questionnaire_says_how_an_app_finds_what_the_chart_shows(client: FlaskClient) -> None:
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    by_id = client.get(f"/fhir/Questionnaire/{found.name}").get_json()
    (entry,) = client.get("/fhir/Questionnaire", query_string={"url": by_id["url"]}).get_json()["entry"]
    assert entry["resource"] == by_id
    assert [e["valueExpression"]["name"] for e in by_id["extension"] if "valueExpression" in e] == ["conditions"]
    (explanation,) = (i for i in items(by_id["item"]) if i["linkId"] == "I.B.6#explanation")
    assert [e["valueExpression"]["language"] for e in explanation["extension"]] == ["text/fhirpath"]


def test_a_form_is_named_by_what_it_asks_and_by_nothing_else() -> None:
    for policy in POLICIES:
        for outline in policy.outlines:
            refs = [clause.ref for clause in outline.leaves()]
            for wanted in ([refs[0]], refs[1:3], refs):
                found = form(policy, wanted)
                assert found is not None
                assert named(POLICIES, found.name) == found
                assert found.name != getattr(form(policy, refs[2:4]), "name", None) or wanted == refs[2:4]
                assert len(found.name) <= 64


@pytest.mark.parametrize(
    "name", ["", "x", "cp.phar.134.2025-11.", "cp.phar.134.2025-11.0", "cp.phar.134.2025-11.zz", "..", "a" * 99]
)
def test_a_name_that_no_form_has_is_not_found(client: FlaskClient, name: str) -> None:
    assert named(POLICIES, name) is None
    assert client.get(f"/fhir/Questionnaire/{name or '-'}").status_code == 404
    found = client.get("/fhir/Questionnaire", query_string={"url": f"https://x/{name}"}).get_json()
    assert found == {"resourceType": "Bundle", "type": "searchset", "total": 0}


def test_a_form_is_searched_for_by_its_canonical(client: FlaskClient) -> None:
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    url = f"http://localhost/fhir/Questionnaire/{found.name}"
    (entry,) = client.get("/fhir/Questionnaire", query_string={"url": f"{url}|2025-11"}).get_json()["entry"]
    assert (entry["fullUrl"], entry["resource"]["url"]) == (url, url)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"resourceType": "Bundle"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "context", "valueString": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "coverage", "resource": {"resourceType": "Coverage"}}]},
    ],
)
def test_what_is_no_request_for_a_package_is_refused(client: FlaskClient, body: Any) -> None:
    answer = client.post(PACKAGE, json=body)
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "given",
    [
        {"name": "questionnaire", "valueCanonical": "https://x/fhir/Questionnaire/y"},
        {"name": "order", "resource": {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/p"}}},
    ],
)
def test_what_cannot_be_given_is_said(client: FlaskClient, given: JSON) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    body = {"resourceType": "Parameters", "parameter": [{"name": "coverage", "resource": coverage}, given]}
    (parameter,) = client.post(PACKAGE, json=body).get_json()["parameter"]
    assert parameter["name"] == "outcome"
    assert parameter["resource"]["issue"][0]["severity"] == "warning"


def test_of_several_forms_those_that_there_are_are_given_and_the_others_are_told_by_their_place(
    client: FlaskClient,
) -> None:
    found = form(POLICIES[-1], ["I.B.6"])
    assert found is not None
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    given = [{"name": "coverage", "resource": coverage}]
    given += [{"name": "questionnaire", "valueCanonical": f"https://x/{name}"} for name in (found.name, "unknown")]
    bundle, outcome = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).get_json()[
        "parameter"
    ]
    assert bundle["resource"]["entry"][0]["resource"]["id"] == found.name
    assert "questionnaire 2" in outcome["resource"]["issue"][0]["diagnostics"]


@pytest.mark.parametrize("place", [PACKAGE, "/fhir/$questionnaire-package"])
def test_a_context_that_is_not_known_is_refused(client: FlaskClient, place: str) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    given = [{"name": "coverage", "resource": coverage}, {"name": "context", "valueString": "unknown"}]
    answer = client.post(place, json={"resourceType": "Parameters", "parameter": given})
    assert answer.status_code == 422
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_an_order_of_another_patient_than_the_coverage_is_refused(client: FlaskClient) -> None:
    coverage = {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}}
    order = {"resourceType": "MedicationRequest", "subject": {"reference": "https://ehr.example.org/fhir/Patient/q"}}
    given = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": order}]
    answer = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given})
    assert answer.status_code == 400
    order["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/p"}
    assert client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).status_code == 200


def test_an_order_that_carries_its_coverage_information_needs_no_other_name(
    client_of: Callable[[Fixture], FlaskClient],
) -> None:
    fixture = next(f for f in MISSING if f.name == "jylamvo-rheumatoid-arthritis-swallowing-not-documented")
    client = client_of(fixture)
    first = answered(client, fixture, fixture.request)
    order = first["systemActions"][0]["resource"]
    coverage = {"resourceType": "Coverage", "id": "c", "beneficiary": order["subject"]}
    given = [{"name": "coverage", "resource": coverage}, {"name": "order", "resource": order}]
    (parameter,) = client.post(PACKAGE, json={"resourceType": "Parameters", "parameter": given}).get_json()["parameter"]
    questionnaire, draft = [entry["resource"] for entry in parameter["resource"]["entry"]]
    assert draft["questionnaire"] == canonicals(first)[0]
    assert {i["linkId"] for i in items(questionnaire["item"]) if i["type"] == "boolean"} == {"I.B.6"}
