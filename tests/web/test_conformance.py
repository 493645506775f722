"""What of FHIR is served: told truly, and no value set expanded that is not whole."""

from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.valueset import ValueSet
from flask.testing import FlaskClient

from service.terminology import load
from tests.test_logs import logged

EXPAND = "/fhir/ValueSet/$expand"
LOG = "/fhir/Questionnaire/$log-questionnaire-errors"
URN = "urn:countersign:valueset:"
MARK = "Zqx7Family"


def report(canonical: str) -> dict[str, Any]:
    """A report of errors, with words of a patient where an app may leave them."""
    issue = [
        {"severity": "error", "code": "required", "diagnostics": MARK, "expression": [MARK]},
        {"severity": "error", "code": MARK, "details": {"text": MARK}},
        {"severity": "warning"},
    ]
    outcome = {"resourceType": "OperationOutcome", "text": {"div": MARK}, "issue": issue}
    given = [
        {"name": "questionnaire", "valueCanonical": canonical},
        {"name": "operationOutcome", "resource": outcome},
    ]
    return {"resourceType": "Parameters", "parameter": given}


def test_what_is_told_of_is_served(client: FlaskClient) -> None:
    statement = client.get("/fhir/metadata").get_json()
    CapabilityStatement.model_validate(statement)
    kinds = {r["type"]: r for r in statement["rest"][0]["resource"]}
    assert [p["name"] for p in kinds["Questionnaire"]["searchParam"]] == ["url", "version"]
    assert client.get("/fhir/Questionnaire", query_string={"url": "x"}).status_code == 200
    assert client.post("/fhir/Questionnaire/$questionnaire-package", json={}).status_code == 400
    assert client.get(EXPAND, query_string={"url": f"{URN}xatmep"}).status_code == 200


@pytest.mark.parametrize("by", ["get", "post"])
def test_a_value_set_of_codes_is_expanded_whole(client: FlaskClient, by: str) -> None:
    url = f"{URN}generic-methotrexate-oral"
    given = {"resourceType": "Parameters", "parameter": [{"name": "url", "valueUri": url}]}
    answer = client.get(EXPAND, query_string={"url": url}) if by == "get" else client.post(EXPAND, json=given)
    found = answer.get_json()
    ValueSet.model_validate(found)
    codes = {(c["system"], c["code"]) for c in found["expansion"]["contains"]}
    assert ("http://www.nlm.nih.gov/research/umls/rxnorm", "105585") in codes
    assert found["expansion"]["total"] == len(codes)


def test_a_value_set_by_filters_is_not_expanded_in_part(client: FlaskClient) -> None:
    by_filter = {concept for sets in load().subtree.values() for concept in sets}
    assert by_filter
    for concept in by_filter:
        assert client.get(EXPAND, query_string={"url": f"{URN}{concept}"}).status_code == 422


@pytest.mark.parametrize(("query", "status"), [({}, 400), ({"url": "x"}, 404), ({"url": f"{URN}nothing"}, 404)])
def test_what_cannot_be_expanded_is_said(client: FlaskClient, query: dict[str, str], status: int) -> None:
    answer = client.get(EXPAND, query_string=query)
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")


def test_a_report_of_errors_is_counted_and_no_word_of_it_is_kept(client: FlaskClient) -> None:
    def counted() -> float:
        lines = client.get("/metrics").get_data(as_text=True).splitlines()
        return next((float(x.rsplit(" ", 1)[1]) for x in lines if x.startswith("countersign_form_faults_total")), 0)

    before = counted()
    assert client.post(LOG, json=report("x")).status_code == 200
    assert counted() == before + 1


@pytest.mark.parametrize(
    ("canonical", "form"),
    [
        ("http://localhost/fhir/Questionnaire/cp.phar.134.2025-11.8000|2025-11", "cp.phar.134.2025-11.8000"),
        ("http://localhost/fhir/Questionnaire/cp.phar.134.2025-11.8000", "cp.phar.134.2025-11.8000"),
        ("http://localhost/fhir/Questionnaire/cp.phar.134.2025-11.8000|1999-01", None),
        (f"http://localhost/fhir/Questionnaire/{MARK}", None),
        (MARK, None),
    ],
)
def test_of_a_report_the_form_and_the_kinds_of_its_issues_are_logged(
    client: FlaskClient, canonical: str, form: str | None
) -> None:
    with logged() as lines:
        assert client.post(LOG, json=report(canonical)).status_code == 200
    (line,) = [one for one in lines if one["event"] == "form-reported"]
    assert line.get("form") == form
    assert (line["severities"], line["issues"]) == ({"error": 2, "warning": 1}, {"required": 1, "other": 2})


@pytest.mark.parametrize("body", [[], {}, {"resourceType": "Bundle"}])
@pytest.mark.parametrize("path", [EXPAND, LOG])
def test_what_is_no_parameters_is_refused(client: FlaskClient, path: str, body: Any) -> None:
    assert client.post(path, json=body).status_code == 400
