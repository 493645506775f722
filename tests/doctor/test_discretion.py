"""What of a request is repeated, and what never is."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.doctor.discretion import WITHHELD, Discretion
from tests.doctor.desk import JSON, examined, order_of, request

FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"
# One of a kind each: whatever of it is found in a report was repeated.
PERSON = {
    "resourceType": "Patient",
    "id": "pat-1",
    "birthDate": "1961-04-02",
    "name": [{"family": "Zelenkova", "given": ["Irenka"], "text": "Irenka Zelenkova"}],
    "identifier": [{"system": "urn:oid:1.2", "value": "MRN-77140"}],
    "telecom": [{"system": "phone", "value": "555-0143"}],
    "address": [{"use": "home", "line": ["12 Quillfeather Lane"], "city": "Ostrovia", "state": "OH", "country": "US"}],
    "contact": [{"name": {"family": "Brandlova"}}],
}
SECRETS = ("zelenkova", "irenka", "1961-04-02", "77140", "555-0143", "quillfeather", "ostrovia", "brandlova")
WORDS = "Confided that Murgatroyd is ill"
SPOKEN = ("text", "display", "patientInstruction", "comment", "div", "note", "diagnostics")


def _spoken(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a free text: words of people, wherever they stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in SPOKEN and isinstance(inner, str):
                yield value, key
            if key != "payor":  # an organization's name may be repeated
                yield from _spoken(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _spoken(inner)


def _confided(body: JSON) -> JSON:
    """A request in which every free text says something in confidence, and every resource has a narrative and notes."""
    told = copy.deepcopy(body)
    for place, key in list(_spoken(told)):
        place[key] = f"{place[key]} {WORDS}" if key != "display" else WORDS
    entries = [told["context"].get("draftOrders", {}), *(v for v in told.get("prefetch", {}).values() if v)]
    for entry in (e for part in entries for e in (part.get("entry") or [])):
        resource = entry.get("resource", entry)
        if "resourceType" in resource and resource["resourceType"] != "OperationOutcome":
            resource["text"] = {"status": "generated", "div": f"<div>{WORDS}</div>"}
            resource["note"] = [{"text": WORDS}]
    patient = told.get("prefetch", {}).get("patient")
    if isinstance(patient, dict):
        patient |= {k: v for k, v in PERSON.items() if k not in ("id", "birthDate")}
    return told


def _said(body: JSON) -> str:
    report = examined(body)
    return (report.as_text() + json.dumps(report.as_json(), ensure_ascii=False)).casefold()


@pytest.mark.parametrize("folder", sorted(f for f in FIXTURES.iterdir() if f.is_dir()), ids=lambda f: f.name)
def test_no_text_name_number_or_address_of_any_situation_is_repeated(folder: Path) -> None:
    body = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    born = (body.get("prefetch", {}).get("patient") or {}).get("birthDate", "1961-04-02")
    said = _said(_confided(body))
    assert "murgatroyd" not in said
    assert [secret for secret in (*SECRETS, born) if secret in said] == []
    assert "patient/" not in said.replace("patient/{{", "").replace("patient/<", "")


def test_a_name_is_withheld_wherever_a_code_an_id_or_a_key_should_stand() -> None:
    body = request(change={"coverages": [{"start": "2025-01-01"}], "requester": "none"})
    body["prefetch"]["patient"] = PERSON
    body["hook"] = "Zelenkova"
    body["fhirServer"] = "https://irenka.example.org/r4"
    body["prefetch"]["irenka"] = {"resourceType": "Zelenkova"}
    body["prefetch"]["claims"] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "Irenka", "code": "Irenka"}],
    }
    named: JSON = {"coding": [{"system": "urn:Zelenkova:x", "code": "MRN-77140"}]}
    subject = {"reference": "Patient/pat-1", "display": "Irenka Zelenkova"}
    body["prefetch"]["conditions"]["entry"] += [
        {"resource": {"resourceType": "Condition", "id": "irenka", "subject": subject, "code": named}},
        {"resource": {"resourceType": "Condition", "id": "other", "subject": {"reference": "Patient/Zelenkova"}}},
    ]
    coverage = body["prefetch"]["coverages"]["entry"][0]["resource"]
    coverage["payor"] = [{"display": "Self pay: Irenka Zelenkova"}]
    coverage["class"] = [{"type": {"coding": [{"code": "plan"}]}, "value": "MRN-77140"}]
    coverage["subscriberId"] = "S-4410-99"
    order = order_of(body)
    order["requester"] = {"reference": "Practitioner/Zelenkova"}
    order["dosageInstruction"] = [{"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "irenka"}}]}]
    order["Zelenkova"] = " "
    for hook in ("Zelenkova", "order-sign"):
        said = _said(body | {"hook": hook})
        assert [secret for secret in (*SECRETS, "s-4410-99") if secret in said] == []


def test_the_token_is_never_repeated() -> None:
    lent = {"access_token": "tok-SECRET-99", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "y"}
    for odd in ({}, {"expires_in": 0}, {"token_type": "MAC"}, {"scope": "tok-SECRET-99"}):
        assert "secret" not in _said(request() | {"fhirServer": "https://x.example", "fhirAuthorization": lent | odd})


def _quotes() -> Discretion:
    return Discretion({}, [PERSON])


@pytest.mark.parametrize("code", ["M06.9", "2671462", "J8611", "27833IL0140016", "a-b_c"])
def test_codes_are_repeated(code: str) -> None:
    assert _quotes().code(code) == code


@pytest.mark.parametrize("code", ["two words", "x" * 41, "", None, 5, "Irenka", "1961-04-02", "x-MRN-77140-y"])
def test_what_is_no_code_or_is_the_patients_is_not(code: object) -> None:
    assert _quotes().code(code) == WITHHELD


def test_a_reference_is_told_by_type_and_id_and_a_person_by_type_alone() -> None:
    quotes = _quotes()
    assert quotes.reference("https://ehr.example/r4/Practitioner/p1/_history/2") == "Practitioner/p1"
    assert quotes.reference("Patient/pat-1") == "the Patient"
    assert quotes.reference("#role") == "a contained resource"
    assert quotes.reference("urn:uuid:e910ddfa-457d-5f21-bc76-51b17ae9e37e").startswith("urn:uuid:e910")
    assert "strange" not in quotes.reference("strange words of people")
    assert quotes.reference(None) == "another type at an unreadable reference"


def test_a_payors_name_is_told_unless_a_person_is_in_it() -> None:
    assert _quotes().name("Prairie  Health Plan") == "Prairie Health Plan"
    assert _quotes().name("Zelenkova, self") == WITHHELD
    assert _quotes().name("x" * 121) == WITHHELD


def test_a_server_is_told_by_scheme_and_host() -> None:
    assert _quotes().host("https://user:pw@ehr.example:8443/r4?patient=pat-1") == "https://ehr.example:8443"
    for odd in ("ftp://x", "//x", "https://", "https://[", None, "https://x:99999"):
        assert _quotes().host(odd) == WITHHELD
