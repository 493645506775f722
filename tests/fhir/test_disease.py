"""The stage and the course of a diagnosis, by the order in which sources count."""

from typing import Any

import pytest
from hypothesis import given

from service.determination import Evidence
from service.fhir.disease import Disease, Source, read_disease, statuses_of
from service.policy.library import load as policies
from service.terminology import load
from tests.charts import concept
from tests.fhir.synthetic import any_resource, status

JSON = dict[str, Any]
NHL = next(q for q in policies().revision("CP.PHAR.134").questions.diagnoses if q.concept == "non-hodgkin-lymphoma")
REASON = Evidence("MedicationRequest/order-1", "MedicationRequest.reasonCode", "Lymphoma")
CODE = Evidence("Condition/c", "Condition.code", "Lymphoma", "2025-01-01")


def told(word: str = "icd:C83.30", clinical: str = "active", reason: str | None = None, stage: str = "") -> Disease:
    condition: JSON = {"resourceType": "Condition", "code": concept(word), "clinicalStatus": status(clinical)}
    if stage:
        condition["stage"] = [{"summary": {"text": stage}}]
    sources = [Source(condition["code"], CODE, condition)]
    if reason:
        sources.append(Source(concept(reason), REASON))
    return read_disease(sources, NHL, load())


@pytest.mark.parametrize("clinical", ["relapse", "recurrence"])
def test_a_status_of_relapse_is_a_relapse_with_its_source(clinical: str) -> None:
    found = told(clinical=clinical)
    assert found.course == "relapse"
    assert found.course_evidence == (
        Evidence("Condition/c", "Condition.clinicalStatus", f"Lymphoma: {clinical}", "2025-01-01"),
    )


@pytest.mark.parametrize(
    ("word", "clinical", "reason", "wanted"),
    [
        ("icd:C83.30", "active", None, None),
        ("icd:C83.30", "remission", None, "remission"),
        ("icd:C83.3A", "active", None, "remission"),
        ("icd:C91.02", "remission", None, "relapse"),
        ("icd:C91.00", "active", None, None),
        ("icd:C86.00", "active", None, None),
        ("icd:C83.30 / Relapsed diffuse large B-cell lymphoma", "active", None, "relapse"),
        ("icd:C83.30 / Relapsed or refractory lymphoma", "active", None, "relapse"),
        ("icd:C83.30 / Refractory non-Hodgkin lymphoma", "active", None, "relapse"),
        ("icd:C83.30 / Relapsed lymphoma", "remission", None, "remission"),
        ("icd:C83.30", "remission", "icd:C83.30 / Relapsed lymphoma", "remission"),
        ("icd:C83.30", "active", "icd:C83.30 / Relapsed lymphoma", "relapse"),
        ("icd:C83.30", "relapse", "icd:C83.3A", "relapse"),
        ("icd:C83.30", "active", "icd:C83.3A", "remission"),
        ("icd:C83.30 / No relapse", "active", None, None),
        ("icd:C83.30 / Not refractory", "active", None, None),
        ("icd:C83.30 / At risk of relapse", "active", None, None),
        ("icd:C83.30 / Relapsed, now in remission", "active", None, None),
        ("icd:C83.30 / Relapsed?", "active", None, None),
        ("icd:C83.30 / In remission", "active", None, None),
    ],
)
def test_relapse_by_status_or_code_goes_before_remission_and_that_before_text(
    word: str, clinical: str, reason: str | None, wanted: str | None
) -> None:
    assert told(word, clinical, reason).course == wanted


def test_a_mention_of_relapse_that_is_not_plain_tells_none_and_is_quoted() -> None:
    found = told("icd:C83.30 / DLBCL, monitoring for relapse")
    assert found.course is None
    assert found.remarks == ("“DLBCL, monitoring for relapse” on Condition/c does not surely say a relapse",)


def test_the_first_source_that_mentions_a_relapse_decides() -> None:
    denied = told("icd:C83.30 / DLBCL w/o relapse", reason="icd:C83.30 / Relapsed DLBCL")
    assert denied.course is None
    said = told("icd:C83.30 / Relapsed DLBCL", reason="icd:C83.30 / DLBCL w/o relapse")
    assert (said.course, said.remarks) == ("relapse", ())


def test_a_text_of_its_own_code_and_of_a_medicine_says_relapse_and_that_of_another_code_does_not() -> None:
    assert told("icd:C83.30 / Relapsed DLBCL (C83.30) after rituximab").course == "relapse"
    assert told("icd:C83.30 / DLBCL, relapsed N39.0").course is None


def test_a_stage_beside_another_diseases_code_is_not_surely_read() -> None:
    assert told("icd:C83.30 / NHL (C83.30), stage IIA").stage == "IIA"
    found = told("icd:C83.30 / NHL, N18.30 stage 3")
    assert (found.stage, found.doubtful) == (None, True)


def test_a_condition_that_is_just_active_is_told() -> None:
    assert told().active
    assert not told(clinical="relapse").active


def test_remission_is_told_of_the_condition_and_not_of_the_orders_code() -> None:
    assert told(clinical="remission").remission[0].path == "Condition.clinicalStatus"
    assert told("icd:C83.3A").remission == (CODE,)
    assert told(reason="icd:C83.3A").remission == ()
    assert told(clinical="remission", reason="icd:C91.02").remission == ()


def test_a_conditions_stage_goes_before_its_text_and_that_before_the_orders() -> None:
    text = "icd:C83.30 / Lymphoma, stage IIA"
    assert told(text, reason="icd:C83.30 / stage IB", stage="III").stage == "III"
    assert told(text, reason="icd:C83.30 / stage IB").stage == "IIA"
    assert told(reason="icd:C83.30 / stage IB").stage_evidence == (
        Evidence("MedicationRequest/order-1", "MedicationRequest.reasonCode", "Stage IB"),
    )


def test_a_stage_that_cannot_be_read_gives_none_and_is_quoted() -> None:
    found = told(reason="icd:C83.30 / stage IB", stage="T2N0M0B0")
    assert found.stage is None
    assert found.remarks == ("“T2N0M0B0” on Condition/c is no stage that could be read surely",)


def test_a_status_is_read_as_a_concept_a_code_or_words() -> None:
    assert statuses_of({"clinicalStatus": status("Relapse")}, "clinicalStatus") == ("relapse",)
    assert statuses_of({"clinicalStatus": "relapse"}, "clinicalStatus") == ("relapse",)
    assert statuses_of({"clinicalStatus": {"text": "Relapse"}}, "clinicalStatus") == ("relapse",)
    assert statuses_of({"clinicalStatus": [status("relapse")]}, "clinicalStatus") == ("relapse",)
    assert statuses_of({"clinicalStatus": {}}, "clinicalStatus") == ()


@given(any_resource("Condition", "code", "clinicalStatus", "stage"))
def test_any_json_never_raises(condition: JSON) -> None:
    code = condition.get("code")
    source = Source(code if isinstance(code, dict) else {}, CODE, condition)
    found = read_disease([source], NHL, load())
    assert bool(found.course) == bool(found.course_evidence)


def test_a_relapse_by_text_is_cited_where_the_text_stands() -> None:
    assert told("icd:C83.30 / Relapsed lymphoma").course_evidence == (
        Evidence("Condition/c", "Condition.code", "Relapsed lymphoma", "2025-01-01"),
    )
    assert told(reason="icd:C83.30 / Relapsed lymphoma").course_evidence == (
        Evidence("MedicationRequest/order-1", "MedicationRequest.reasonCode", "Relapsed lymphoma"),
    )


def test_a_display_is_read_as_a_text_is() -> None:
    shown = {"coding": [{"system": "urn:x", "code": "1", "display": "Relapsed lymphoma, stage IIA"}]}
    found = read_disease([Source(shown, CODE, {"resourceType": "Condition", "code": shown})], NHL, load())
    assert found.stage == "IIA"
    displayed = {"coding": [{"system": "urn:x", "code": "1", "display": "Relapsed lymphoma"}]}
    assert read_disease([Source(displayed, CODE)], NHL, load()).course == "relapse"


def test_a_coded_stage_is_read_with_its_place() -> None:
    staged: JSON = {"resourceType": "Condition", "stage": [{"summary": concept("sct:1222724007")}]}
    found = read_disease([Source({}, CODE, staged)], NHL, load())
    assert (found.stage, found.stage_evidence) == (
        "IA",
        (Evidence("Condition/c", "Condition.stage.summary", "Stage IA", "2025-01-01"),),
    )


def test_a_known_status_goes_before_the_local_ones_beside_it() -> None:
    local = {"coding": [{"system": "urn:x", "code": "flaring"}, {"system": "urn:y", "code": "Relapse"}]}
    assert statuses_of({"clinicalStatus": local}, "clinicalStatus") == ("relapse",)
    assert statuses_of({"clinicalStatus": {"coding": local["coding"][:1]}}, "clinicalStatus") == ("flaring",)
    assert statuses_of({"clinicalStatus": " "}, "clinicalStatus") == ()


def test_a_stage_is_read_beside_the_name_of_a_medicine() -> None:
    assert told(reason="icd:C83.30 / Lymphoma stage IIA on bexarotene").stage == "IIA"
