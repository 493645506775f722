"""Active Conditions and states by concept, and allergies to the drug."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from service.case import Allergy, CouldNotAsk
from service.determination import Evidence
from service.fhir.conditions import read_allergies, read_conditions
from service.terminology import load
from tests.fhir.synthetic import (
    ICD,
    LOINC,
    NDC,
    ON,
    QUESTIONS,
    RXNORM,
    SNOMED,
    any_resource,
    chart_of,
    coded,
    status,
)

JSON = dict[str, Any]
Found = Mapping[str, tuple[Evidence, ...]]
SWALLOWING = "unable-to-swallow-pills"


def condition(code: JSON, **more: Any) -> JSON:
    found = {"resourceType": "Condition", "id": "c", "code": code, "clinicalStatus": status("active")}
    return {name: part for name, part in {**found, **more}.items() if part is not None}


def read(*resources: JSON, **answers: Any) -> tuple[Found, Mapping[str, tuple[str, ...]]]:
    chart = chart_of(*resources, answers=answers)
    return read_conditions(chart, QUESTIONS.conditions, load(), ON, QUESTIONS.state_observations)


def concepts(*resources: JSON) -> set[str]:
    found, _ = read(*resources)
    return {concept for concept, evidence in found.items() if evidence}


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (coded(ICD, "R13.10"), SWALLOWING),
        (coded(ICD, "R1310"), SWALLOWING),
        (coded(ICD, "Z93.1"), SWALLOWING),
        (coded(SNOMED, "40739000"), SWALLOWING),
        (coded(ICD, "O09.511"), "pregnancy"),
        (coded(SNOMED, "77386006"), "pregnancy"),
        (coded(SNOMED, "72892002"), "pregnancy"),
        (coded(ICD, "F10.20"), "alcoholism"),
        (coded(ICD, "K74.60"), "liver-disease"),
        (coded(ICD, "D83.9"), "immunodeficiency"),
        (coded(ICD, "D70.9"), "blood-dyscrasia"),
        (coded(ICD, "Z93.3"), None),
        (coded(ICD, "F10.21"), None),
    ],
)
def test_a_condition_is_known_by_its_code(code: JSON, wanted: str | None) -> None:
    assert concepts(condition(code)) == ({wanted} if wanted else set())


def test_the_evidence_says_it_in_words_with_its_code_and_day() -> None:
    found, remarks = read(condition(coded(ICD, "R13.10", "Dysphagia"), recordedDate="2026-01-05"))
    assert found[SWALLOWING] == (Evidence("Condition/c", "Condition.code", "Dysphagia (R13.10)", "2026-01-05"),)
    assert found.keys() == remarks.keys() == QUESTIONS.conditions
    assert not any(remarks.values())


@pytest.mark.parametrize(
    ("more", "active"),
    [
        ({"clinicalStatus": None}, True),
        ({"clinicalStatus": status("recurrence")}, True),
        ({"clinicalStatus": status("relapse")}, True),
        ({"clinicalStatus": {"text": "Active"}}, True),
        ({"clinicalStatus": {"coding": [{"code": "2"}, {"code": "active"}]}}, True),
        ({"clinicalStatus": status("inactive")}, False),
        ({"clinicalStatus": status("remission")}, False),
        ({"clinicalStatus": status("resolved")}, False),
        ({"clinicalStatus": {"text": "Resolved"}}, False),
        ({"verificationStatus": status("refuted")}, False),
        ({"verificationStatus": status("entered-in-error")}, False),
        ({"verificationStatus": status("provisional")}, True),
        ({"clinicalStatus": None, "abatementDateTime": "2026-03-09"}, False),
        ({"clinicalStatus": None, "abatementDateTime": "2026-03-10"}, True),
    ],
)
def test_only_an_active_condition_counts_and_another_is_named(more: JSON, active: bool) -> None:
    found, remarks = read(condition(coded(ICD, "R13.10"), **more))
    assert (bool(found[SWALLOWING]), bool(remarks[SWALLOWING])) == (active, not active)


def test_a_code_marked_for_review_is_named_and_does_not_count() -> None:
    found, remarks = read(condition(coded(ICD, "K22.0", "Achalasia")))
    assert found[SWALLOWING] == ()
    assert remarks[SWALLOWING] == ("Achalasia (K22.0) (Condition/c) is near, but does not show it by itself",)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ({"text": "Dysphagia"}, {SWALLOWING}),
        ({"text": "unable to swallow pills."}, {SWALLOWING}),
        (coded("urn:local", "1", "Dysphagia"), {SWALLOWING}),
        (coded(SNOMED, "71457002", "Oropharyngeal dysphagia"), {SWALLOWING}),
        ({"coding": [{"display": "Pregnant"}]}, {"pregnancy"}),
        ({"text": "Cirrhosis of liver"}, {"liver-disease"}),
        ({"text": "No dysphagia"}, set()),
        ({"text": "Dysphagia ruled out"}, set()),
        ({"text": "History of dysphagia"}, set()),
        ({"text": "Does not like pills"}, set()),
        (coded(ICD, "Z87.19", "Dysphagia"), set()),
        (coded(ICD, "K22.0", "Dysphagia"), set()),
    ],
)
def test_plain_text_counts_as_a_whole_and_last(code: JSON, wanted: set[str]) -> None:
    assert concepts(condition(code)) == wanted


def test_a_condition_that_the_models_refuse_is_no_evidence() -> None:
    chart = chart_of(condition(coded(ICD, "R13.10"), recordedDate=["?"], stage=[{"summary": 3}]))
    found, _ = read_conditions(chart, QUESTIONS.conditions, load(), ON, {})
    assert found[SWALLOWING] == ()
    assert chart.unread


def test_conditions_that_could_not_be_had_are_named_for_every_concept() -> None:
    _, remarks = read(Condition=CouldNotAsk("the EHR answered with an error"))
    assert set(remarks.values()) == {("the list of Conditions was not read whole: the EHR answered with an error",)}


def pregnancy(identity: str, when: str | None, code: str = "77386006", **more: Any) -> JSON:
    found = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": coded(LOINC, "82810-3"),
        "effectiveDateTime": when,
        "valueCodeableConcept": coded(SNOMED, code),
    }
    return {name: part for name, part in {**found, **more}.items() if part is not None}


NOT_PREGNANT = "60001007"


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("2025-06-02", False),
        ("2025-06-03", True),
        ("2026-03-10", True),
        ("2026-03-11", False),
        ("2026-03", True),
        (None, True),
    ],
)
def test_a_pregnancy_status_counts_for_280_days(when: str | None, counts: bool) -> None:
    assert concepts(pregnancy("o", when)) == ({"pregnancy"} if counts else set())


def test_a_pregnancy_status_is_evidence_with_its_day() -> None:
    found, _ = read(pregnancy("o", "2026-01-05T10:00:00Z"))
    assert found["pregnancy"] == (Evidence("Observation/o", "Observation.value", "Pregnancy (77386006)", "2026-01-05"),)


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        (pregnancy("n", "2026-02-02", NOT_PREGNANT), False),
        (pregnancy("n", "2026-02-01", NOT_PREGNANT), True),
        (pregnancy("n", "2026-01-31", NOT_PREGNANT), True),
        (pregnancy("n", "2026-03-11", NOT_PREGNANT), True),
        (pregnancy("n", "2026-02-02", NOT_PREGNANT, status="entered-in-error"), True),
        (pregnancy("n", "2026-02-02", "261665006"), True),
        (pregnancy("n", "2026-02-02", valueCodeableConcept={"text": "Not pregnant"}), False),
    ],
)
def test_only_a_newer_answer_that_says_otherwise_ends_it(later: JSON, counts: bool) -> None:
    for listed in ([pregnancy("o", "2026-02-01"), later], [later, pregnancy("o", "2026-02-01")]):
        assert concepts(*listed) == ({"pregnancy"} if counts else set())


def test_a_newer_not_pregnant_ends_no_condition_of_pregnancy() -> None:
    stands = condition(coded(ICD, "Z34.90"), recordedDate="2025-12-01")
    assert concepts(stands, pregnancy("n", "2026-03-01", NOT_PREGNANT)) == {"pregnancy"}


@pytest.mark.parametrize(("start", "counts"), [("2025-05-01", True), ("2026-03-10", True), ("2026-03-11", False)])
def test_a_pregnancy_status_counts_while_its_period_goes_on(start: str, counts: bool) -> None:
    period = {"start": start, "end": "2026-09-01"}
    assert concepts(pregnancy("o", None, effectivePeriod=period)) == ({"pregnancy"} if counts else set())


def test_an_answer_in_words_counts() -> None:
    assert concepts(pregnancy("o", "2026-02-01", valueCodeableConcept=None, valueString="Pregnant")) == {"pregnancy"}


def allergy(code: JSON, **more: Any) -> JSON:
    found = {"resourceType": "AllergyIntolerance", "id": "a", "code": code, "clinicalStatus": status("active")}
    return {name: part for name, part in {**found, **more}.items() if part is not None}


def alerts(*records: JSON) -> list[bool]:
    return [a.alerts for a in read_allergies(chart_of(*records), QUESTIONS, load())]


METHOTREXATE = coded(RXNORM, "6851")


@pytest.mark.parametrize(
    "code",
    [
        METHOTREXATE,
        {"text": "Methotrexate"},
        {"text": "MTX"},
        {"text": "Avoid methotrexate (anaphylaxis)"},
        {"text": "Allergic to MTX"},
        coded(RXNORM, "1946772"),
        coded(RXNORM, "105585"),
        coded(RXNORM, "2671462"),
        coded(NDC, "54436-015"),
        {"text": "Otrexup"},
        coded(RXNORM, "1441416"),
    ],
)
def test_an_allergy_to_the_ingredient_or_to_any_product_that_holds_it_alerts(code: JSON) -> None:
    assert alerts(allergy(code)) == [True]


OTHERS = [coded(RXNORM, "7980", "Penicillin"), {}, {"text": "No known allergy to methotrexate"}]


@pytest.mark.parametrize("code", OTHERS)
def test_another_allergy_is_none_of_the_drugs(code: JSON) -> None:
    assert alerts(allergy(code)) == []


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"clinicalStatus": None}, [True]),
        ({"clinicalStatus": status("inactive")}, []),
        ({"clinicalStatus": status("resolved")}, []),
        ({"verificationStatus": status("refuted")}, []),
        ({"verificationStatus": status("entered-in-error")}, []),
        ({"verificationStatus": status("unconfirmed")}, [True]),
        ({"type": "allergy"}, [True]),
        ({"type": "intolerance"}, [False]),
        ({"type": "intolerance", "criticality": "low"}, [False]),
        ({"type": "intolerance", "criticality": "high"}, [True]),
        ({"type": "intolerance", "reaction": [{"severity": "moderate"}, {"severity": "severe"}]}, [True]),
        ({"type": "intolerance", "reaction": [{"severity": "moderate"}]}, [False]),
    ],
)
def test_whether_an_allergy_alerts_depends_on_status_type_and_severity(more: JSON, wanted: list[bool]) -> None:
    assert alerts(allergy(METHOTREXATE, **more)) == wanted


def test_a_substance_that_only_a_reaction_names_alerts_once() -> None:
    reactions = [{"substance": METHOTREXATE}, {"substance": METHOTREXATE}]
    found = read_allergies(chart_of(allergy({"text": "DMARDs"}, reaction=reactions)), QUESTIONS, load())
    path = "AllergyIntolerance.reaction.substance"
    assert found == (Allergy(True, Evidence("AllergyIntolerance/a", path, "Methotrexate (6851)")),)


@given(
    any_resource("Condition", "code", "clinicalStatus", "verificationStatus", "recordedDate", "abatementPeriod"),
    any_resource("Observation", "status", "code", "effectiveDateTime", "valueCodeableConcept", "issued"),
    any_resource("AllergyIntolerance", "code", "type", "criticality", "reaction", "clinicalStatus"),
)
def test_any_json_never_raises(problem: JSON, answer: JSON, intolerance: JSON) -> None:
    coded_condition = {**condition(METHOTREXATE), **problem, "code": coded(ICD, "R13.10")}
    read(problem, coded_condition, answer, {**pregnancy("o", "2026-02-01"), **answer})
    alerts(intolerance, {**allergy(METHOTREXATE), **intolerance, "code": METHOTREXATE})


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"valueCodeableConcept": coded(SNOMED, "77386006", "With child")}, "With child (77386006)"),
        ({"valueCodeableConcept": coded(SNOMED, "77386006")}, "Pregnancy (77386006)"),
        ({"valueString": "Pregnant", "valueCodeableConcept": None}, "Pregnant"),
    ],
)
def test_an_answer_is_evidence_in_its_own_words_else_by_the_name_of_its_concept(answer: JSON, text: str) -> None:
    observation = {k: v for k, v in {**pregnancy("o", "2026-03-01"), **answer}.items() if v is not None}
    found, _ = read(observation)
    assert [e.text.split(": ")[-1] for e in found["pregnancy"]] == [text]
