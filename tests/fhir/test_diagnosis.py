"""What an order is for: its own word first, else the problem list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.case import CouldNotAsk, Diagnoses
from service.determination import Evidence
from service.fhir.diagnosis import read_diagnoses
from service.policy.library import load as policies
from service.terminology import load
from tests.charts import concept
from tests.fhir.synthetic import ICD, ON, any_resource, chart_of, status

JSON = dict[str, Any]
QUESTIONS = policies().revision("CP.PHAR.134").questions
RA, PSO, MF, NHL = "rheumatoid-arthritis", "psoriasis", "mycosis-fungoides", "non-hodgkin-lymphoma"


def condition(identity: str, word: str, **elements: Any) -> JSON:
    found: JSON = {"resourceType": "Condition", "id": identity, "code": concept(word)}
    found["subject"] = {"reference": "Patient/pat-1"}
    for name in ("clinicalStatus", "verificationStatus"):
        if isinstance(elements.get(name), str):
            elements[name] = status(elements[name])
    return found | elements


def order(*reasons: str, **elements: Any) -> JSON:
    """An order with reasons; one that begins with "Condition/" is a reference."""
    found: JSON = {"resourceType": "MedicationRequest", "id": "order-1", "status": "draft", "intent": "order"}
    found["reasonReference"] = [{"reference": r} for r in reasons if r.startswith("Condition/")]
    found["reasonCode"] = [concept(r) for r in reasons if not r.startswith("Condition/")]
    return found | elements


def read(ordered: JSON, *conditions: JSON, **chart: Any) -> Diagnoses:
    return read_diagnoses(
        ordered, chart_of(*conditions, drafts=(ordered,), **chart), on=ON, questions=QUESTIONS, terms=load()
    )


def indications(found: Diagnoses) -> list[str]:
    return [one.indication for one in found.candidates]


def test_a_reason_code_names_the_diagnosis_with_its_source() -> None:
    found = read(order("icd:M06.9"))
    assert indications(found) == [RA]
    assert not found.inferred
    assert found.candidates[0].evidence == (
        Evidence("MedicationRequest/order-1", "MedicationRequest.reasonCode", "Rheumatoid arthritis (M06.9)"),
    )


def test_a_referenced_condition_names_the_diagnosis_with_its_date() -> None:
    ra = condition("ra", "icd:M06.9 / Seropositive RA", recordedDate="2025-11-02T08:00:00Z")
    found = read(order("Condition/ra"), ra)
    assert found.candidates[0].evidence == (
        Evidence("Condition/ra", "Condition.code", "Seropositive RA (M06.9)", "2025-11-02"),
    )


def test_every_reason_is_a_candidate_in_the_orders_order_each_once() -> None:
    ra = condition("ra", "icd:M06.9")
    found = read(order("icd:L40.0", "icd:M05.79", "icd:L40.1", "Condition/ra"), ra)
    assert indications(found) == [RA, PSO]
    assert [e.reference for e in found.candidates[0].evidence] == ["Condition/ra", "MedicationRequest/order-1"]
    assert len(found.candidates[1].evidence) == 2


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "ruled-out-locally"])
def test_a_referenced_condition_taken_away_is_no_diagnosis_and_is_told(verification: str) -> None:
    found = read(order("Condition/ra"), condition("ra", "icd:M06.9", verificationStatus=verification))
    assert found.candidates == ()
    assert any(verification in remark for remark in found.remarks)


@pytest.mark.parametrize("verification", ["confirmed", "provisional", "differential", "unconfirmed"])
@pytest.mark.parametrize("clinical", ["active", "inactive", "resolved", "remission"])
def test_a_referenced_condition_counts_whatever_its_clinical_status(verification: str, clinical: str) -> None:
    ra = condition("ra", "icd:M06.9", verificationStatus=verification, clinicalStatus=clinical)
    assert indications(read(order("Condition/ra"), ra)) == [RA]


def test_a_reference_that_cannot_be_had_is_told_and_nothing_is_inferred_in_its_place() -> None:
    found = read(order("Condition/gone"), condition("pso", "icd:L40.0"))
    assert (indications(found), found.inferred) == ([], False)
    assert "The reason that the order refers to (Condition/gone) could not be had" in found.remarks


def test_a_reference_to_another_patients_condition_names_nothing() -> None:
    other = condition("ra", "icd:M06.9", subject={"reference": "Patient/another"})
    assert read(order("Condition/ra"), other).candidates == ()


def test_a_reference_to_no_condition_names_nothing() -> None:
    observed = {"resourceType": "Observation", "id": "o", "status": "final", "code": concept("icd:M06.9")}
    found = read(order(reasonReference=[{"reference": "Observation/o"}]), observed)
    assert found.candidates == ()
    assert found.remarks == ("The order's reason Observation/o is no Condition",)


def test_a_referenced_condition_without_a_code_is_told() -> None:
    found = read(order("Condition/dx"), condition("dx", "icd:M06.9", code={}))
    assert found.candidates == ()
    assert found.remarks == ("Condition/dx names no diagnosis in its code",)


def test_only_unlisted_reasons_are_known_and_the_problem_list_is_not_read() -> None:
    found = read(order("icd:M32.14"), condition("ra", "icd:M06.9"))
    assert (found.candidates, found.inferred) == ((), False)
    assert [e.text for e in found.unlisted] == ["M32.14"]


def test_an_unlisted_reason_beside_a_listed_one_hides_nothing() -> None:
    found = read(order("icd:M32.14", "icd:M06.9"))
    assert indications(found) == [RA]
    assert len(found.unlisted) == 1


@pytest.mark.parametrize("reason", ["icd:M08.80", "text:lupus", "local:4711", "text:rule out RA"])
def test_a_reason_that_names_none_is_told_and_the_problem_list_is_read(reason: str) -> None:
    found = read(order(reason), condition("pso", "icd:L40.0", clinicalStatus="active"))
    assert (indications(found), found.inferred) == ([PSO], True)
    assert found.remarks


def test_nothing_named_anywhere_is_no_candidate() -> None:
    assert read(order()) == Diagnoses()


@pytest.mark.parametrize("clinical", ["", "active", "recurrence", "relapse", "remission"])
@pytest.mark.parametrize("verification", ["", "confirmed"])
def test_an_ongoing_and_confirmed_condition_is_inferred(clinical: str, verification: str) -> None:
    elements = {"clinicalStatus": clinical, "verificationStatus": verification}
    found = read(order(), condition("ra", "icd:M06.9", **{k: v for k, v in elements.items() if v}))
    assert (indications(found), found.inferred) == ([RA], True)


@pytest.mark.parametrize(
    "elements",
    [
        {"clinicalStatus": "inactive"},
        {"clinicalStatus": "resolved"},
        {"verificationStatus": "refuted"},
        {"verificationStatus": "entered-in-error"},
        {"verificationStatus": "provisional"},
        {"verificationStatus": {"text": "Ruled out"}},
        {"abatementDateTime": "2026-03-10"},
    ],
)
def test_a_condition_that_is_over_or_not_confirmed_is_not_inferred_and_is_told(elements: JSON) -> None:
    found = read(order(), condition("ra", "icd:M06.9", **elements))
    assert (found.candidates, found.inferred) == ((), False)
    assert found.remarks[0].startswith("Condition/ra (M06.9) ")


def test_a_condition_that_ends_after_the_evaluation_date_is_ongoing() -> None:
    assert indications(read(order(), condition("ra", "icd:M06.9", abatementDateTime="2026-03-11"))) == [RA]


def test_a_condition_that_the_models_refuse_is_set_aside_by_name() -> None:
    broken = condition("ra", "icd:M06.9", recordedDate="2026-01-01", stage=[{"summary": 7}])
    chart = chart_of(broken)
    assert read_diagnoses(order(), chart, on=ON, questions=QUESTIONS, terms=load()).candidates == ()
    assert chart.unread


def test_the_problem_list_tells_codes_for_review_and_psoriatic_arthritis_and_no_other_problem() -> None:
    found = read(order(), condition("a", "icd:M08.80"), condition("b", "icd:L40.50"), condition("c", "icd:I10"))
    assert found.remarks == (
        "M08.80 needs a person's reading: it names no diagnosis by itself",
        "L40.50 is psoriatic arthritis, not psoriasis",
    )


def test_a_problem_list_that_could_not_be_read_is_told() -> None:
    found = read(order(), answers={"Condition": CouldNotAsk("the EHR answered with an error")})
    assert found.remarks == ("The problem list could not be read whole: the EHR answered with an error",)


def staged(identity: str, stage: str, **elements: Any) -> JSON:
    return condition(identity, "icd:C84.00", stage=[{"summary": {"text": stage}}], **elements)


def test_the_stage_is_read_off_the_condition_that_the_order_refers_to() -> None:
    old, new = staged("old", "IB", recordedDate="2024-01-01"), staged("new", "IVA1", recordedDate="2026-01-01")
    assert read(order("Condition/old"), old, new).candidates[0].stage == "IB"


@pytest.mark.parametrize("element", ["recordedDate", "onsetDateTime"])
def test_without_a_reference_the_stage_is_the_newest_conditions(element: str) -> None:
    old, new = staged("old", "IB", **{element: "2024-01-01"}), staged("new", "IVA1", **{element: "2026-01-01"})
    found = read(order("icd:C84.00"), new, old).candidates[0]
    assert found.stage == "IVA1"
    assert found.stage_evidence == (Evidence("Condition/new", "Condition.stage.summary", "Stage IVA1", "2026-01-01"),)


def test_an_unconfirmed_condition_tells_a_stage_only_where_the_order_refers_to_it() -> None:
    unconfirmed = staged("dx", "IB", verificationStatus="provisional")
    assert read(order("icd:C84.00"), unconfirmed).candidates[0].stage is None
    assert read(order("Condition/dx"), unconfirmed).candidates[0].stage == "IB"


def test_the_stage_of_another_diagnosis_is_not_taken() -> None:
    sezary = condition("dx", "icd:C84.10", stage=[{"summary": {"text": "IVA1"}}])
    assert read(order("icd:C84.00"), sezary).candidates[0].stage is None


def test_conditions_of_one_date_that_disagree_tell_no_stage() -> None:
    found = read(order("icd:C84.00"), staged("a", "IB"), staged("b", "IVA1")).candidates[0]
    assert found.stage is None
    assert found.remarks == ("Conditions of the same date disagree on the stage or the course, and neither was used",)


@pytest.mark.parametrize("dated", [{}, {"recordedDate": "2026-01-01"}])
def test_a_condition_of_the_same_date_that_is_silent_disagrees_with_nothing(dated: JSON) -> None:
    silent, ib = condition("a", "icd:C84.00", **dated), staged("b", "IB", **dated)
    for listed in ((silent, ib), (ib, silent)):
        found = read(order("icd:C84.00"), *listed).candidates[0]
        assert (found.stage, found.remarks) == ("IB", ())
        assert [e.reference for e in found.stage_evidence] == ["Condition/b"]


def test_a_condition_of_the_same_date_whose_stage_cannot_be_read_is_not_silent() -> None:
    found = read(order("icd:C84.00"), staged("a", "IB"), staged("b", "Ann Arbor stage II")).candidates[0]
    assert found.stage is None


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("relapse", "active", "relapse"),
        ("relapse", "", "relapse"),
        ("remission", "", "remission"),
        ("remission", "remission", "remission"),
        ("remission", "active", None),
        ("remission", "relapse", None),
    ],
)
def test_a_remission_beside_an_active_condition_of_the_same_date_is_none(
    first: str, second: str, wanted: str | None
) -> None:
    statuses = [{"clinicalStatus": s} if s else {} for s in (first, second)]
    both = [condition(f"c{n}", "icd:C83.30", **elements) for n, elements in enumerate(statuses)]
    for listed in (both, both[::-1]):
        found = read(order("icd:C83.30"), *listed).candidates[0]
        assert found.course == wanted
        assert bool(found.remission) == (wanted == "remission")


def test_the_orders_own_text_tells_a_stage_where_no_condition_does() -> None:
    assert read(order("icd:C84.00 / Mycosis fungoides, stage IIA")).candidates[0].stage == "IIA"
    both = read(order("icd:C84.00 / Mycosis fungoides, stage IIA"), staged("dx", "IB"))
    assert both.candidates[0].stage == "IB"


def test_an_older_remission_beside_a_newer_condition_that_is_not_tells_none() -> None:
    old = condition("old", "icd:C83.30", clinicalStatus="remission", recordedDate="2024-01-01")
    new = condition("new", "icd:C83.30", clinicalStatus="active", recordedDate="2026-01-01")
    found = read(order("icd:C83.30"), old, new).candidates[0]
    assert (found.course, found.remission) == (None, ())
    found = read(order("Condition/old"), old, new).candidates[0]
    assert found.course == "remission"
    assert [e.reference for e in found.remission] == ["Condition/old"]


def test_a_relapse_is_told_by_the_condition_behind_a_reason_code() -> None:
    found = read(order("icd:C83.30"), condition("dx", "icd:C83.30", clinicalStatus="relapse")).candidates[0]
    assert (found.indication, found.course) == (NHL, "relapse")


@given(
    st.builds(lambda o: o | {"id": "order-1"}, any_resource("MedicationRequest", "reasonCode", "reasonReference")),
    st.lists(
        any_resource("Condition", "code", "clinicalStatus", "verificationStatus", "stage", "recordedDate", "subject"),
        max_size=3,
    ),
)
def test_any_json_never_raises(ordered: JSON, conditions: list[JSON]) -> None:
    found = read(ordered, *conditions)
    assert found.inferred <= bool(found.candidates)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"display": "Arthritis", "reference": "Condition/gone"}, "Arthritis"),
        ({"reference": "Condition/gone"}, "Condition/gone"),
        ({"identifier": {"value": "7"}}, "without a target"),
    ],
)
def test_a_reason_that_could_not_be_had_is_told_by_name_and_nothing_is_inferred(reference: JSON, said: str) -> None:
    found = read(order(reasonReference=[reference]), condition("ra", "icd:M06.9"))
    assert (indications(found), found.inferred) == ([], False)
    assert found.remarks == (f"The reason that the order refers to ({said}) could not be had",)


def test_a_reason_contained_in_the_order_is_had_there() -> None:
    inside = {"resourceType": "Condition", "id": "c", "code": concept("icd:M06.9")}
    assert indications(read(order(contained=[inside], reasonReference=[{"reference": "#c"}]))) == [RA]


def test_a_referred_condition_with_a_modifier_is_lost_and_nothing_is_inferred() -> None:
    odd = condition("ra", "icd:M06.9", modifierExtension=[{"url": "https://example.org/x", "valueBoolean": True}])
    found = read(order("Condition/ra"), odd, condition("pso", "icd:L40.0"))
    assert (indications(found), found.inferred) == ([], False)


def test_an_inferred_diagnosis_bears_its_name_evidence_stage_and_course() -> None:
    staged = condition(
        "mf",
        "icd:C84.00 / Mycosis fungoides",
        recordedDate="2025-11-02",
        clinicalStatus="relapse",
        stage=[{"summary": {"text": "Stage IIB"}}],
    )
    (found,) = read(order(), staged).candidates
    assert (found.indication, found.name) == (MF, "mycosis fungoides")
    assert found.evidence == (Evidence("Condition/mf", "Condition.code", "Mycosis fungoides (C84.00)", "2025-11-02"),)
    assert (found.stage, found.course) == ("IIB", "relapse")
    assert [e.reference for e in found.stage_evidence] == ["Condition/mf"]
    assert [(e.reference, e.text) for e in found.course_evidence] == [
        ("Condition/mf", "Mycosis fungoides (C84.00): relapse")
    ]


def test_a_bare_code_on_the_problem_list_takes_the_name_of_its_diagnosis() -> None:
    (found,) = read(order(), condition("ra", "icd:M06.9")).candidates
    assert [e.text for e in found.evidence] == ["Rheumatoid arthritis (M06.9)"]


def test_an_order_reads_course_off_the_problem_lists_condition_and_cites_it() -> None:
    relapsed = condition("nhl", "icd:C85.90", clinicalStatus="relapse", recordedDate="2025-11-02")
    (found,) = read(order("icd:C85.90"), relapsed).candidates
    assert [e.reference for e in found.evidence] == ["MedicationRequest/order-1"]
    assert found.course == "relapse"
    assert [(e.reference, e.date) for e in found.course_evidence] == [("Condition/nhl", "2025-11-02")]


def test_the_text_of_a_condition_tells_the_course_of_what_the_order_names() -> None:
    told = condition("nhl", "icd:C85.90 / Relapsed non-Hodgkin lymphoma", clinicalStatus="active")
    assert read(order("icd:C85.90"), told).candidates[0].course == "relapse"
    assert read(order(), told).candidates[0].course == "relapse"


@pytest.mark.parametrize(("ended", "inferred"), [("2026-03-10", False), ("2026-03-11", True)])
def test_why_a_condition_that_ended_is_left_out_is_said(ended: str, inferred: bool) -> None:
    found = read(order(), condition("ra", "icd:M06.9 / RA", abatementDateTime=ended))
    assert found.inferred is inferred
    said = "Condition/ra (RA (M06.9)) has ended and was not taken from the problem list"
    assert (said in found.remarks) is not inferred


def test_a_condition_that_is_another_diagnosis_says_nothing_from_the_problem_list() -> None:
    found = read(order(), condition("htn", "icd:I10 / Hypertension"))
    assert (found.candidates, found.unlisted, found.remarks) == ((), (), ())


def test_a_reason_that_is_no_concept_is_lost_and_nothing_is_inferred() -> None:
    for element, broken in (("reasonCode", ["M06.9"]), ("reasonReference", ["Condition/ra"])):
        found = read(order(**{element: broken}), condition("ra", "icd:M06.9"))
        assert (indications(found), found.inferred) == ([], False)
        assert found.remarks == (f"The order's {element} could not be read whole",)


def test_a_reason_without_a_diagnosis_is_told_by_its_element() -> None:
    silent = order(reasonCode=[{"coding": [{"system": ICD}]}])
    assert read(silent).remarks == ("MedicationRequest/order-1 names no diagnosis in its reasonCode",)
    bare = condition("ra", "icd:M06.9", code={})
    assert read(order("Condition/ra"), bare).remarks == ("Condition/ra names no diagnosis in its code",)


def test_a_condition_without_a_code_is_named_by_its_reference_alone() -> None:
    gone = condition("ra", "icd:M06.9", code={}, verificationStatus="refuted")
    assert read(order("Condition/ra"), gone).remarks[0] == "Condition/ra is refuted and names no diagnosis"
    named = condition("ra", "icd:M06.9 / RA", verificationStatus="refuted")
    assert read(order("Condition/ra"), named).remarks == (
        "Condition/ra (RA (M06.9)) is refuted and names no diagnosis",
        "Condition/ra (RA (M06.9)) is refuted and was not taken from the problem list",
    )


def test_a_referred_condition_that_the_models_refuse_is_lost_and_nothing_is_inferred() -> None:
    found = read(order("Condition/ra"), condition("ra", "icd:M06.9", stage=[7]), condition("pso", "icd:L40.0"))
    assert (indications(found), found.inferred) == ([], False)
