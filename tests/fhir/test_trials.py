"""What was tried before, and how it ended."""

from typing import Any

import pytest
from hypothesis import given

from service.case import Trials
from service.fhir.trials import read_trials
from service.terminology import load
from tests.fhir.synthetic import NDC, ON, QUESTIONS, RXNORM, SNOMED, any_resource, chart_of, coded, status

JSON = dict[str, Any]
INJECTION = "generic-methotrexate-injection"
GENERIC = coded(RXNORM, "1946772", "Methotrexate 25 mg/mL injectable solution")
REASONS = {
    "MedicationRequest": "statusReason",
    "MedicationStatement": "statusReason",
    "MedicationDispense": "statusReasonCodeableConcept",
}


ORAL = load().titles["generic-methotrexate-oral"].lower()


def tried(*resources: JSON, drafts: tuple[JSON, ...] = ()) -> Trials:
    return read_trials(chart_of(*resources, drafts=drafts), QUESTIONS, load(), ON)[INJECTION]


def outcomes(*resources: JSON) -> list[bool]:
    return [trial.failed for trial in tried(*resources).tried]


def record(reason: str | JSON | None = None, kind: str = "MedicationStatement", **more: Any) -> JSON:
    found: JSON = {"resourceType": kind, "id": "t", "status": "stopped", "medicationCodeableConcept": GENERIC}
    if reason is not None:
        coded_reason = {"text": reason} if isinstance(reason, str) else reason
        found[REASONS[kind]] = [coded_reason] if kind == "MedicationStatement" else coded_reason
    return {**found, **more}


@pytest.mark.parametrize("kind", list(REASONS))
def test_a_status_reason_that_says_failure_meets_the_step(kind: str) -> None:
    assert outcomes(record("Inadequate response after 16 weeks", kind)) == [True]


@pytest.mark.parametrize("kind", list(REASONS))
def test_a_trial_with_no_outcome_is_named(kind: str) -> None:
    assert outcomes(record(None, kind)) == [False]


def test_a_failed_trial_is_told_with_its_dates() -> None:
    found = tried(record("Inadequate response", effectivePeriod={"start": "2025-06-01", "end": "2025-09-30"}))
    [trial] = found.tried
    assert (trial.failed, trial.dates) == (True, "2025-06-01 to 2025-09-30")
    assert trial.evidence.as_contract() == {
        "reference": "MedicationStatement/t",
        "path": "MedicationStatement.statusReason",
        "text": "Methotrexate 25 mg/mL injectable solution (1946772): Inadequate response",
        "date": "2025-06-01",
    }


@pytest.mark.parametrize(
    ("kind", "more", "dates"),
    [
        ("MedicationRequest", {"authoredOn": "2025-06-01T10:00:00Z"}, "2025-06-01"),
        ("MedicationDispense", {"whenHandedOver": "2025-06-01", "whenPrepared": "2025-05-30"}, "2025-06-01"),
        ("MedicationStatement", {"effectiveDateTime": "2025-06"}, "2025-06"),
        ("MedicationStatement", {"dateAsserted": "2025-06-01"}, "2025-06-01"),
        ("MedicationStatement", {}, ""),
    ],
)
def test_the_dates_of_a_trial_come_from_where_its_record_has_them(kind: str, more: JSON, dates: str) -> None:
    [trial] = tried(record(None, kind, **more)).tried
    assert trial.dates == dates


@pytest.mark.parametrize(
    ("reason", "failed"),
    [
        (coded(SNOMED, "266711001"), True),
        (coded(SNOMED, "59037007"), True),
        ({"coding": [{"display": "Lack of efficacy"}]}, True),
        (coded(SNOMED, "182856006", "Drug not available"), False),
        (coded(SNOMED, "266711001", "Did not fail"), False),
        ({"text": "No adverse effects"}, False),
        ({"text": "Cost"}, False),
        ({}, False),
    ],
)
def test_a_code_or_a_text_says_failure_and_neither_may_be_denied(reason: JSON, failed: bool) -> None:
    assert outcomes(record(reason)) == [failed]


@pytest.mark.parametrize("status_of_it", ["stopped", "completed", "active", "on-hold", "not-taken"])
def test_the_reason_counts_whatever_the_status(status_of_it: str) -> None:
    assert outcomes(record("Not tolerated", status=status_of_it)) == [True]


@pytest.mark.parametrize("status_of_it", ["entered-in-error", "draft"])
def test_a_draft_or_a_record_in_error_is_no_trial(status_of_it: str) -> None:
    assert tried(record("Not tolerated", "MedicationRequest", status=status_of_it)) == Trials()


@pytest.mark.parametrize("status_of_it", ["not-taken", "intended", "cancelled", "declined"])
def test_what_was_never_taken_is_no_trial_without_an_outcome(status_of_it: str) -> None:
    found = tried(record(None, status=status_of_it))
    assert found.tried == ()
    assert found.remarks == ("MedicationStatement/t was never taken, by its status, and is no past trial",)


def test_a_draft_order_of_the_hook_is_no_trial() -> None:
    draft = record("Not tolerated", "MedicationRequest", status="draft")
    assert tried(drafts=(draft,)) == Trials()
    assert tried(record("Not tolerated", "MedicationRequest"), drafts=(draft,)) == Trials()


def test_what_has_only_codes_is_told_in_words() -> None:
    [trial] = tried(record(coded(SNOMED, "266711001"), medicationCodeableConcept=coded(RXNORM, "1946772"))).tried
    assert trial.evidence.text == ("generic methotrexate injection (1946772): failed or not tolerated (266711001)")


def test_the_day_that_a_statement_was_asserted_is_not_the_day_of_the_trial() -> None:
    [trial] = tried(record("Not tolerated", dateAsserted="2026-03-11")).tried
    assert (trial.failed, trial.evidence.date, trial.dates) == (True, None, "2026-03-11")


@pytest.mark.parametrize(("when", "counts"), [("2026-03-10", True), ("2026-03-11", False)])
def test_a_trial_lies_in_the_past(when: str, counts: bool) -> None:
    assert outcomes(record("Not tolerated", "MedicationRequest", authoredOn=when)) == [True] * counts


@pytest.mark.parametrize(
    ("medicine", "counts", "said"),
    [
        (coded(NDC, "16729-277-30"), True, None),
        ({"text": "Methotrexate injection"}, True, None),
        (coded(RXNORM, "105585", "Methotrexate 2.5 mg oral tablet"), False, ORAL),
        (coded(NDC, "54436-015"), False, "Otrexup, a brand"),
        (coded(RXNORM, "6851", "Methotrexate"), False, "does not say that it was"),
        (coded(RXNORM, "1441416"), False, "does not say that it was"),
    ],
)
def test_only_the_generic_injection_counts_and_the_rest_of_the_drug_is_named(
    medicine: JSON, counts: bool, said: str | None
) -> None:
    found = tried(record("Not tolerated", medicationCodeableConcept=medicine))
    assert [t.failed for t in found.tried] == [True] * counts
    assert [remark for remark in found.remarks if said and said in remark] == list(found.remarks)
    assert len(found.remarks) == (said is not None)


def test_another_drug_is_neither_tried_nor_named() -> None:
    assert tried(record("Not tolerated", medicationCodeableConcept={"text": "Adalimumab"})) == Trials()


def test_many_records_of_a_brand_make_one_remark() -> None:
    brand = coded(NDC, "54436-015")
    many = [record(None, "MedicationDispense", id=f"d{n}", medicationCodeableConcept=brand) for n in range(3)]
    assert [remark.split(" is of ")[0] for remark in tried(*many).remarks] == ["MedicationDispense/d0 (and 2 more)"]


def allergy(code: JSON, **more: Any) -> JSON:
    return {"resourceType": "AllergyIntolerance", "id": "a", "code": code, "clinicalStatus": status("active"), **more}


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        (coded(RXNORM, "1946772"), True),
        (coded(NDC, "16729-277"), True),
        (coded(RXNORM, "6851"), False),
        ({"text": "Methotrexate injection"}, False),
        ({"coding": [*coded(RXNORM, "1946772")["coding"], *coded(RXNORM, "6851")["coding"]]}, False),
        (coded(RXNORM, "105585"), False),
        (coded(NDC, "54436-015"), False),
    ],
)
def test_an_allergy_coded_to_the_generic_injection_alone_rules_it_out(code: JSON, counts: bool) -> None:
    found = tried(allergy(code))
    assert ([t.failed for t in found.tried], len(found.remarks)) == (([True], 0) if counts else ([], 1))


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"type": "intolerance"}, True),
        ({"verificationStatus": status("refuted")}, False),
        ({"clinicalStatus": status("resolved")}, False),
    ],
)
def test_an_intolerance_counts_as_an_allergy_does_while_it_stands(more: JSON, counts: bool) -> None:
    assert outcomes(allergy(coded(RXNORM, "1946772"), **more)) == [True] * counts


def event(code: JSON = GENERIC, suspect: JSON | None = None, **more: Any) -> JSON:
    return {
        "resourceType": "AdverseEvent",
        "id": "e",
        "actuality": "actual",
        "event": {"text": "Severe nausea"},
        "date": "2025-07-01",
        "contained": [{"resourceType": "Medication", "id": "m", "code": code}],
        "suspectEntity": [suspect or {"instance": {"reference": "#m"}}],
        **more,
    }


def test_an_adverse_event_of_the_generic_injection_rules_it_out() -> None:
    [trial] = tried(event()).tried
    assert trial.evidence.as_contract() == {
        "reference": "AdverseEvent/e",
        "path": "AdverseEvent.suspectEntity.instance",
        "text": "Adverse event under generic methotrexate injection: Severe nausea",
        "date": "2025-07-01",
    }


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"actuality": "potential"}, False),
        ({"actuality": None}, False),
        ({"code": coded(RXNORM, "105585")}, False),
        ({"code": coded(NDC, "54436-015")}, False),
        ({"code": {"text": "Ibuprofen"}}, False),
        ({"date": "2026-03-10"}, True),
        ({"date": "2026-03-11"}, False),
        ({"suspect": {"instance": {"reference": "#x"}}}, False),
        ({"suspect": {"instance": {"reference": "MedicationStatement/t"}}}, True),
        ({"suspect": {"instance": {"display": "Methotrexate injection"}}}, True),
        ({"suspect": {"instance": {"reference": "#m"}, "causality": [{"assessment": {"text": "Unlikely"}}]}}, False),
        ({"suspect": {"instance": {"reference": "#m"}, "causality": [{"assessment": {"text": "Probable"}}]}}, True),
    ],
)
def test_an_adverse_event_counts_where_it_happened_and_the_injection_is_suspected(more: JSON, counts: bool) -> None:
    found = tried(event(**more), record(None))
    assert [t for t in found.tried if t.failed] == [t for t in found.tried if t.evidence.reference == "AdverseEvent/e"]
    assert any(t.failed for t in found.tried) is counts


def test_nothing_on_record_is_no_trial() -> None:
    assert tried() == Trials()


MEDICATION = ("status", "statusReason", "medicationCodeableConcept", "medicationReference", "effectivePeriod")


@given(
    any_resource("MedicationStatement", *MEDICATION),
    any_resource("MedicationRequest", "status", "statusReason", "authoredOn", "doNotPerform"),
    any_resource("AdverseEvent", "suspectEntity", "date", "event", "contained"),
    any_resource("AllergyIntolerance", "code", "recordedDate"),
)
def test_any_json_never_raises(statement: JSON, request: JSON, harm: JSON, intolerance: JSON) -> None:
    tried(statement, harm, intolerance)
    tried({**record("Failed"), **statement}, {**record("Failed", "MedicationRequest"), **request}, {**event(), **harm})
