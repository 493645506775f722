"""The prefetch, key by key."""

from typing import Any

import pytest

from tests.doctor.desk import JSON, note, notes, request

FAILED: JSON = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "timeout", "diagnostics": "of Murgatroyd"}],
}
MILD: JSON = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}


def bundle(*resources: JSON, **more: Any) -> JSON:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}


def with_key(key: str, value: Any) -> JSON:
    body = request()
    body["prefetch"][key] = value
    return body


CONDITION: JSON = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/pat-1"}}


@pytest.mark.parametrize(
    ("value", "code", "level", "said"),
    [
        (bundle(CONDITION), "prefetch-came", "fine", "1 Condition, whole"),
        (CONDITION, "prefetch-came", "fine", "1 Condition, whole"),
        ([CONDITION, CONDITION], "prefetch-came", "fine", "2 Condition, whole"),
        (bundle(CONDITION, total=3), "prefetch-not-whole", "look", "1 Condition, not surely whole"),
        (bundle(CONDITION, FAILED), "prefetch-not-whole", "look", "OperationOutcome error/timeout"),
        (None, "prefetch-empty", "fine", "null: read as"),
        (bundle(), "prefetch-empty", "fine", "an empty list: read as"),
        (bundle(MILD), "prefetch-empty", "fine", "an OperationOutcome warning/processing: read as"),
        (FAILED, "prefetch-failed", "look", "OperationOutcome error/timeout"),
        (MILD, "prefetch-failed", "look", "OperationOutcome warning/processing"),
        (bundle(FAILED), "prefetch-failed", "look", "OperationOutcome error/timeout"),
        ({"resourceType": "OperationOutcome"}, "prefetch-failed", "look", "without an issue"),
        (
            bundle({"resourceType": "Observation"}),
            "prefetch-other-type",
            "look",
            "holds no Condition, but 1 Observation",
        ),
        ({"response": {}, "resource": bundle()}, "prefetch-wrapped", "look", "wraps the answer"),
        ("<html>", "prefetch-nonsense", "look", "is a text"),
        (5, "prefetch-nonsense", "look", "is a number"),
        ({"total": 0}, "prefetch-nonsense", "look", "no resourceType"),
        (bundle(total=4), "prefetch-unreadable", "look", "an empty page"),
        ({"resourceType": "Bundle", "entry": [{"x": 1}]}, "prefetch-unreadable", "look", "1 entries hold no resource"),
    ],
)
def test_what_came_under_a_key_is_told(value: Any, code: str, level: str, said: str) -> None:
    (found,) = [n for n in notes(with_key("conditions", value), code) if n.at == "prefetch.conditions"]
    assert found.level == level
    assert said in found.says
    assert "Murgatroyd" not in found.says + found.mend


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "prefetch-no-patient"),
        (FAILED, "prefetch-failed"),
        ("x", "prefetch-nonsense"),
        (CONDITION, "prefetch-other-type"),
    ],
)
def test_without_the_patient_there_is_no_answer(value: Any, code: str) -> None:
    found = [n for n in notes(with_key("patient", value), code) if n.at == "prefetch.patient"]
    assert [n.level for n in found] == ["wrong"]


def test_keys_that_did_not_come_are_named_together_and_the_patient_apart() -> None:
    body = request(drop=["patient", "conditions", "claims"])
    patient, rest = notes(body, "prefetch-omitted")
    assert (patient.at, patient.level) == ("prefetch.patient", "wrong")
    assert rest.says.startswith("not sent: conditions, claims;")
    assert "Or send fhirServer" in rest.mend
    served = notes(body | {"fhirServer": "https://x.example"}, "prefetch-omitted")[1]
    assert "is asked of fhirServer" in served.mend


def test_a_key_under_another_name_is_found_by_what_it_holds() -> None:
    body = request(drop=["conditions"])
    body["prefetch"]["problems"] = bundle(CONDITION)
    found = note(body, "prefetch-renamed")
    assert found.at == "prefetch.conditions"
    assert "problems holds Condition" in found.says


def test_keys_that_nobody_asked_for_are_told_with_what_they_hold() -> None:
    body = request()
    body["prefetch"] |= {
        "user": {"resourceType": "Practitioner"},
        "labs": bundle({"resourceType": "Encounter"}),
        "-x": 5,
    }
    found = {n.at: n.says for n in notes(body, "prefetch-unasked")}
    assert found == {
        "prefetch.user": "nobody asked for it; it holds 1 Practitioner, and Practitioner is read",
        "prefetch.labs": "nobody asked for it; it holds 1 Encounter, and none of it is read",
        "prefetch.-x": "nobody asked for it; holds nothing that can be read",
    }
