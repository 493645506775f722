"""What a chart already shows of a question, in words, by the rules that the module tells."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.shown import shown
from service.forms import EXPLAINED
from service.questions import Shows
from service.terminology import load
from tests.fhir.synthetic import ICD, LOINC, RXNORM, SNOMED, any_resource, chart_of, coded, status

JSON = dict[str, Any]
TERMS = load()
SWALLOW = Shows("condition", ("unable-to-swallow-pills",))
DRUG = Shows("medication", ("methotrexate-ingredient", "generic-methotrexate-injection"))
BODY = Shows("measure", ("body-height", "body-weight"))
BORN = Shows("birth-date")


def said(*resources: JSON, by: Shows = SWALLOW, drafts: tuple[JSON, ...] = ()) -> str | None:
    return shown((by,), chart_of(*resources, drafts=drafts), TERMS)


def condition(identity: str = "c", **more: Any) -> JSON:
    found = {"resourceType": "Condition", "id": identity, "code": coded(ICD, "R13.12", "Dysphagia"), **more}
    return {name: part for name, part in found.items() if part is not None}


def taken(kind: str = "MedicationStatement", identity: str = "m", **more: Any) -> JSON:
    return {
        "resourceType": kind,
        "id": identity,
        "status": "completed",
        "medicationCodeableConcept": coded(RXNORM, "6851", "methotrexate"),
        **more,
    }


def observed(loinc: str, value: Any, when: str | None = "2026-03-01", **more: Any) -> JSON:
    found: JSON = {
        "resourceType": "Observation",
        "id": f"{loinc}-{value}-{when}",
        "status": "final",
        "code": coded(LOINC, loinc, "Body weight" if loinc == "29463-7" else "Body height"),
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": "kg" if loinc == "29463-7" else "cm"},
    }
    return {name: part for name, part in {**found, **more}.items() if part is not None}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Dysphagia"),
        ({"clinicalStatus": status("active")}, "Dysphagia (active)"),
        ({"onsetDateTime": "2026-03-01T08:00:00Z", "recordedDate": "2026-03-09"}, "Dysphagia, since 2026-03-01"),
        ({"recordedDate": "2026-03"}, "Dysphagia, since 2026-03"),
        ({"clinicalStatus": status("resolved"), "onsetDateTime": "2025"}, "Dysphagia (resolved), since 2025"),
        ({"verificationStatus": status("provisional")}, "Dysphagia"),
        ({"verificationStatus": status("refuted")}, None),
        ({"verificationStatus": status("entered-in-error")}, None),
        ({"code": coded(ICD, "R13", "Dysphagia")}, None),
        ({"code": {"text": "Dysphagia"}}, None),
        ({"subject": {"reference": "Patient/pat-1"}}, "Dysphagia"),
        ({"subject": {"reference": "Patient/other"}}, None),
        ({"modifierExtension": [{"url": "https://example.org/not"}]}, None),
    ],
)
def test_a_condition_is_told_with_its_status_and_since_when(more: JSON, words: str | None) -> None:
    assert said(condition(**more)) == words


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ([{"summary": {"text": "Stage IVA1"}}], ", stage: Stage IVA1"),
        ([{"summary": {"text": "IA"}}, {"summary": {"text": "IIB"}}], ", stage: IA, IIB"),
        ([{"summary": coded(SNOMED, "2640006")}], ", stage: 2640006"),
        ([{"summary": {"coding": [{"code": "1"}, {"code": "2", "display": "Stage IV"}]}}], ", stage: Stage IV"),
        ({"summary": {"text": "IA"}}, ", stage: IA"),
        ([{"type": {"text": "Clinical staging"}}], ""),
        ([{"summary": {"text": "IA"}, "modifierExtension": [{"url": "https://example.org/not"}]}], ""),
        ([], ""),
    ],
)
def test_the_stages_on_a_condition_are_told_as_they_stand(stage: Any, words: str) -> None:
    found = condition(stage=stage, clinicalStatus=status("active"), onsetDateTime="2024-11-05")
    assert said(found) == f"Dysphagia (active){words}, since 2024-11-05"


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ({"coding": [{"system": ICD, "code": "R13.12", "display": "Oral dysphagia"}]}, "Oral dysphagia"),
        ({"coding": [{"system": ICD, "code": "R13.12"}]}, "R13.12"),
        (
            {"coding": [{"system": SNOMED, "code": "0"}, {"system": ICD, "code": "R13.12", "display": "Dysphagia"}]},
            "Dysphagia",
        ),
        ({"text": " ", "coding": [{"system": ICD, "code": "R13.12"}]}, "R13.12"),
    ],
)
def test_a_code_without_text_is_told_by_its_first_display_else_its_first_code(concept: JSON, words: str) -> None:
    assert said(condition(code=concept)) == words


def test_what_a_chart_lists_is_told_in_its_order() -> None:
    two = (condition("a", onsetDateTime="2026"), condition("b", onsetDateTime="2020"))
    assert said(*two) == "Dysphagia, since 2026; Dysphagia, since 2020"
    assert said(*reversed(two)) == "Dysphagia, since 2020; Dysphagia, since 2026"


def test_several_things_that_a_question_shows_follow_each_other() -> None:
    chart = chart_of(condition(), {"resourceType": "Patient", "id": "pat-1", "birthDate": "1974-12-25"})
    assert shown((BORN, SWALLOW), chart, TERMS) == "Date of birth on record: 1974-12-25; Dysphagia"
    assert shown((), chart, TERMS) is None


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (taken(), "methotrexate (completed)"),
        (taken(status=None), "methotrexate"),
        (taken(effectiveDateTime="2025-01-09T08:00:00Z"), "methotrexate (completed), 2025-01-09"),
        (
            taken(effectivePeriod={"start": "2025-01", "end": "2025-06-30T00:00:00Z"}),
            "methotrexate (completed), 2025-01 to 2025-06-30",
        ),
        (taken(effectivePeriod={"start": "2025-01"}), "methotrexate (completed), 2025-01"),
        (taken(effectivePeriod={"end": "2025-06"}), "methotrexate (completed) to 2025-06"),
        (taken("MedicationRequest", authoredOn="2025-01-09"), "methotrexate (completed), 2025-01-09"),
        (
            taken("MedicationDispense", whenHandedOver="2025-02-01", whenPrepared="2025-01-31"),
            "methotrexate (completed), 2025-02-01",
        ),
        (taken("MedicationDispense", whenPrepared="2025-01-31"), "methotrexate (completed), 2025-01-31"),
        (taken(status="entered-in-error"), None),
        (taken("MedicationRequest", status="draft"), None),
        (taken("MedicationRequest", doNotPerform=True), None),
        (taken("MedicationRequest", doNotPerform=False), "methotrexate (completed)"),
        (taken(medicationCodeableConcept=coded(RXNORM, "1", "methotrexate")), None),
        (taken(subject={"reference": "Patient/other"}), None),
    ],
)
def test_a_medication_is_told_with_its_status_and_its_time(record: JSON, words: str | None) -> None:
    assert said(record, by=DRUG) == words


def dosed(value: Any, **repeat: Any) -> JSON:
    dose: JSON = {"doseAndRate": [{"doseQuantity": {"value": value, "unit": "mg"}}]}
    return dose | ({"timing": {"repeat": repeat}} if repeat else {})


WEEKLY = dosed(15, frequency=1, period=1, periodUnit="wk")


@pytest.mark.parametrize(
    ("dosage", "words"),
    [
        ([{"text": "15 mg once a week"}], ": 15 mg once a week"),
        ([{"text": "15 mg once a week"} | dosed(2)], ": 15 mg once a week"),
        ([{"text": "7.5 mg Monday"}, {"text": "7.5 mg Tuesday"}], ": 7.5 mg Monday, 7.5 mg Tuesday"),
        ([dosed(5), dosed(5)], ": 5 mg, 5 mg"),
        ([dosed(Decimal("7.50"))], ": 7.5 mg"),
        ([{"doseAndRate": [{"doseQuantity": {"value": 15, "code": "mg"}}]}], ": 15 mg"),
        ([{"doseAndRate": [{"doseQuantity": {"value": 15}}]}], ": 15"),
        ([{"doseAndRate": [{"doseQuantity": {"unit": "mg"}}]}], ""),
        ([{"doseAndRate": [*dosed(10)["doseAndRate"], *dosed(15)["doseAndRate"]]}], ""),
        ([{"doseAndRate": [{"doseRange": {"low": {"value": 10}, "high": {"value": 15}}}]}], ""),
        ([WEEKLY], ": 15 mg, 1 × per 1 wk"),
        ([dosed(15, frequency=1, period=Decimal("1.5"), periodUnit="wk")], ": 15 mg, 1 × per 1.5 wk"),
        ([dosed(15, frequency=1, period=1, periodUnit="d", dayOfWeek=["mon"])], ": 15 mg"),
        ([dosed(15, frequency=1, frequencyMax=2, period=1, periodUnit="wk")], ": 15 mg"),
        ([dosed(15, frequency=1, period=1)], ": 15 mg"),
        ([{"timing": WEEKLY["timing"]}], ""),
        ([WEEKLY | {"modifierExtension": [{"url": "https://example.org/not"}]}, dosed(2)], ": 2 mg"),
        ([], ""),
    ],
)
@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest", "MedicationDispense"])
def test_a_medication_is_told_with_the_dose_that_it_says(kind: str, dosage: list[JSON], words: str) -> None:
    element = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
    assert said(taken(kind, **{element: dosage}), by=DRUG) == f"methotrexate (completed){words}"


def test_a_dose_follows_the_time_it_was_taken_in() -> None:
    record = taken(effectivePeriod={"start": "2025-01", "end": "2025-06"}, dosage=[WEEKLY])
    assert said(record, by=DRUG) == "methotrexate (completed), 2025-01 to 2025-06: 15 mg, 1 × per 1 wk"


@pytest.mark.parametrize(("length", "cut"), [(3999, False), (4000, False), (4001, True)])
def test_no_more_is_told_than_a_field_takes(length: int, cut: bool) -> None:
    whole = "a" * length
    told = said(condition(code={"text": whole, **coded(ICD, "R13.12")}))
    assert told == (f"{whole[:3998]} …" if cut else whole)
    assert told is not None
    assert len(told) <= Shows.LONGEST == EXPLAINED


def test_statements_are_told_before_requests_and_those_before_dispenses() -> None:
    kinds = {"MedicationDispense": "c", "MedicationRequest": "b", "MedicationStatement": "a"}
    records = [taken(kind, name, medicationCodeableConcept=coded(RXNORM, "6851", name)) for kind, name in kinds.items()]
    assert said(*records, by=DRUG) == "a (completed); b (completed); c (completed)"


def test_the_order_itself_is_not_shown_whatever_its_status() -> None:
    order = taken("MedicationRequest", status="active")
    assert said(order, by=DRUG, drafts=(order,)) is None
    assert said(order, by=DRUG) == "methotrexate (active)"


def test_of_each_measure_the_newest_is_told() -> None:
    listed = (
        observed("29463-7", Decimal("80.50"), "2026-02-28"),
        observed("29463-7", Decimal("82.0"), "2026-03-01"),
        observed("29463-7", 90, "2025-12-31"),
        observed("8302-2", 171, "2019"),
    )
    words = "Body height 171 cm (2019); Body weight 82 kg (2026-03-01)"
    assert said(*listed, by=BODY) == said(*reversed(listed), by=BODY) == words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Body weight 82.5 kg (2026-03-01)"),
        ({"status": "amended"}, "Body weight 82.5 kg (2026-03-01)"),
        ({"status": "corrected"}, "Body weight 82.5 kg (2026-03-01)"),
        ({"status": "preliminary"}, None),
        ({"status": "entered-in-error"}, None),
        ({"status": None}, None),
        ({"valueQuantity": {"value": 82, "code": "kg"}}, "Body weight 82 kg (2026-03-01)"),
        ({"valueQuantity": {"value": 82}}, "Body weight 82 (2026-03-01)"),
        ({"valueQuantity": {"unit": "kg"}}, None),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-03-02T08:00:00Z"}, "Body weight 82.5 kg (2026-03-02)"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-03"}}, "Body weight 82.5 kg (2026-03)"),
        ({"effectiveDateTime": None}, "Body weight 82.5 kg"),
        ({"code": coded(LOINC, "1-8", "Body weight")}, None),
    ],
)
def test_a_measure_is_told_with_its_unit_and_day(more: JSON, words: str | None) -> None:
    assert said(observed("29463-7", Decimal("82.5"), **more), by=BODY) == words


def test_a_newest_measure_without_a_value_hides_the_older_ones() -> None:
    listed = (observed("29463-7", 82, "2026-02-01"), observed("29463-7", 83, "2026-03-01", valueQuantity=None))
    assert said(*listed, by=BODY) is None
    assert said(listed[0], by=BODY) == "Body weight 82 kg (2026-02-01)"


@pytest.mark.parametrize("born", ["1974-12-25", "1974-12", "1974"])
def test_a_birth_date_is_told_as_partial_as_it_is(born: str) -> None:
    assert said({"resourceType": "Patient", "id": "pat-1", "birthDate": born}, by=BORN) == (
        f"Date of birth on record: {born}"
    )


def test_no_birth_date_is_told_of_nobody_or_of_another() -> None:
    assert said(by=BORN) is None
    assert said({"resourceType": "Patient", "id": "pat-1"}, by=BORN) is None
    assert said({"resourceType": "Patient", "id": "other", "birthDate": "1974"}, by=BORN) is None


_KINDS = ("Condition", "MedicationStatement", "MedicationRequest", "MedicationDispense", "Observation")
_ELEMENTS = (
    "code",
    "medicationCodeableConcept",
    "status",
    "clinicalStatus",
    "verificationStatus",
    "stage",
    "dosage",
    "dosageInstruction",
    "doNotPerform",
    "onsetDateTime",
    "recordedDate",
    "effectiveDateTime",
    "effectivePeriod",
    "authoredOn",
    "valueQuantity",
    "birthDate",
)


@given(st.lists(st.sampled_from([*_KINDS, "Patient"]).flatmap(lambda kind: any_resource(kind, *_ELEMENTS)), max_size=3))
def test_a_chart_of_any_shape_is_read(listed: list[JSON]) -> None:
    known = {"code": coded(ICD, "R13.12"), "medicationCodeableConcept": coded(RXNORM, "6851"), "id": "pat-1"}
    chart = chart_of(*listed, *({**one, **known} for one in listed))
    found = shown((SWALLOW, DRUG, BODY, BORN), chart, TERMS)
    assert found is None or found.strip()


def test_nothing_of_a_chart_is_changed_by_reading_it() -> None:
    record = condition(clinicalStatus=status("active"))
    before = json.dumps(record)
    said(record)
    assert json.dumps(record) == before
