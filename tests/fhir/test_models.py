"""The gate of the R4B models: what is read is validated, after repairs, element by element."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.fhir.models import Condition, Element, MedicationRequest, Patient, examine, warm

CODED = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}


def request(**members: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", **members}


def test_the_samples_warm_the_models() -> None:
    warm()


@pytest.mark.parametrize(
    ("resource", "repairs"),
    [
        (request(reasonCode=CODED), ["MedicationRequest.reasonCode is no list"]),
        (
            request(dosageInstruction=[{"doseAndRate": {"doseQuantity": {"value": Decimal("1.50")}}}]),
            ["MedicationRequest.dosageInstruction.doseAndRate is no list"],
        ),
        (request(authoredOn="2026-03-10T10:00:00"), ["MedicationRequest.authoredOn is no FHIR date"]),
        (request(authoredOn="2026-03-10 10:00"), ["MedicationRequest.authoredOn is no FHIR date"]),
        (request(authoredOn=1420070400), ["MedicationRequest.authoredOn is no FHIR date"]),
        (
            {"resourceType": "Condition", "code": {"coding": {"system": "x ", "code": " y"}}},
            [
                "Condition.code.coding is no list",
                "Condition.code.coding.system has stray spaces",
                "Condition.code.coding.code has stray spaces",
            ],
        ),
        ({"resourceType": "Patient", "birthDate": "1970-01-01", "name": 7, "foo": []}, []),
        ({"resourceType": "Patient", "birthDate": "1970", "extension": [{"_valueCode": {}}]}, []),
        (request(medicationCodeableConcept=CODED, medicationReference={"reference": "Medication/1"}), []),
        (request(category={"coding": 7}, intent=None, unknown={"x": 1}), []),
        (request(medicationCodeableConcept={**CODED, "foo": 1, "extension": 7}), []),
    ],
)
def test_what_real_clients_send_is_repaired_and_taken(resource: Any, repairs: list[str]) -> None:
    verdict = examine(resource)
    assert (verdict.refused, list(verdict.repairs)) == ((), repairs)


@pytest.mark.parametrize(
    ("resource", "refused"),
    [
        ({"resourceType": "Condition", "code": "M06.9"}, ("code",)),
        ({"resourceType": "Condition", "stage": [7]}, ("stage",)),
        ({"resourceType": "Patient", "address": ["IL"]}, ("address",)),
        (request(dosageInstruction=["15 mg"]), ("dosageInstruction",)),
        (request(dosageInstruction=[{"doseAndRate": [{"doseQuantity": "15 mg"}]}]), ("dosageInstruction",)),
        (request(reasonCode=["M06.9"], requester="x"), ("reasonCode", "requester")),
    ],
)
def test_what_cannot_be_read_is_refused_by_element(resource: Any, refused: tuple[str, ...]) -> None:
    assert examine(resource).refused == refused


def test_of_a_request_on_record_only_what_it_stands_as_is_validated() -> None:
    assert examine(request(dosageInstruction=["15 mg"]), drafted=False).refused == ()
    assert examine(request(medicationCodeableConcept="Jylamvo"), drafted=False).refused == (
        "medicationCodeableConcept",
    )


def test_other_types_are_not_validated() -> None:
    assert examine({"resourceType": "Observation", "status": 7}).refused == ()


LEAF = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=6)
TREE = st.recursive(LEAF, lambda x: st.lists(x, max_size=2) | st.dictionaries(st.text(max_size=5), x, max_size=2))
NAMES = st.sampled_from(["code", "stage", "birthDate", "address", "dosageInstruction", "reasonCode", "authoredOn"])


@settings(max_examples=60)
@given(st.sampled_from(["Patient", "Condition", "MedicationRequest"]), st.dictionaries(NAMES, TREE, max_size=4))
def test_no_json_raises(kind: str, members: Any) -> None:
    assert isinstance(examine({"resourceType": kind, **members}).refused, tuple)


def test_nesting_without_end_is_refused_not_raised() -> None:
    deep: dict[str, Any] = {"text": "x"}
    for _ in range(5000):
        deep = {"coding": [deep]}
    assert examine({"resourceType": "Condition", "code": deep}).refused == ("Condition",)


def test_an_element_that_was_sound_in_one_resource_is_known_in_the_next() -> None:
    sound: set[Element] = set()
    first = request(status="active", medicationCodeableConcept=CODED, authoredOn="2026-03-10")
    assert examine(first, sound=sound).refused == ()
    assert {name for _, name, _ in sound} == {"status", "medicationCodeableConcept"}
    assert examine({**first, "authoredOn": "2026-02-30", "reasonCode": [7]}, sound=sound).refused == (
        "authoredOn",
        "reasonCode",
    )


def test_what_was_refused_or_repaired_is_asked_again() -> None:
    sound: set[Element] = set()
    spaced = {"resourceType": "Condition", "code": {"text": " x"}}
    for _ in range(2):
        assert examine(spaced, sound=sound).repairs == ("Condition.code.text has stray spaces",)
        assert examine({"resourceType": "Condition", "stage": [7]}, sound=sound).refused == ("stage",)
    assert sound == set()


def test_a_reference_that_a_concept_stood_before_is_not_known_by_it() -> None:
    sound: set[Element] = set()
    both = request(medicationCodeableConcept=CODED, medicationReference={"reference": 7})
    assert [examine(both, sound=sound).refused for _ in range(2)] == [(), ()]
    assert examine(request(medicationReference={"reference": 7}), sound=sound).refused == ("medicationReference",)


@pytest.mark.parametrize("day", ["2026-03-10", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_the_models_take_every_day_of_the_calendar(day: str) -> None:
    named = {"birthDate": day, "recordedDate": day, "onsetDateTime": day, "authoredOn": day}
    required = {"subject": {"reference": "Patient/1"}, "status": "active", "intent": "order"}
    for model in (Patient, Condition, MedicationRequest):
        members = named if model is not MedicationRequest else {**named, "medicationCodeableConcept": CODED}
        model.model_validate({"resourceType": model.__name__, **required, **members})


@pytest.mark.parametrize("day", ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10"])
def test_a_day_that_no_calendar_has_is_refused(day: str) -> None:
    assert examine({"resourceType": "Patient", "birthDate": day}).refused == ("birthDate",)
