"""What prescribers attested in questionnaire responses."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from service.case import Attestation, Had
from service.fhir.answers import Answered, Entry
from service.fhir.attestations import ORDERED, OWN, read_responses
from service.fhir.chart import Chart
from service.fhir.order import ordered
from tests.fhir.anything import resources
from tests.fhir.synthetic import JSON, QUESTIONS, SERVER, chart_of

OURS = "urn:countersign:questionnaire:CP.PHAR.134"


def item(link: str, *answers: Any, **more: Any) -> JSON:
    return {"linkId": link, "answer": [{"valueBoolean": answer} for answer in answers], **more}


def response(identity: str, *items: JSON, on: str | None = "2026-03-10", **more: Any) -> JSON:
    found = {"resourceType": "QuestionnaireResponse", "id": identity, "status": "completed", "item": list(items)}
    found["subject"] = {"reference": "Patient/pat-1"}
    return found | ({"authored": on} if on else {}) | more


def attested(*resources: JSON, drafts: tuple[JSON, ...] = ()) -> dict[str, Attestation]:
    return attested_of(drafts[0] if drafts else {"resourceType": "MedicationRequest"}, *resources, drafts=drafts)


def attested_of(order: JSON, *resources: JSON, drafts: tuple[JSON, ...] = ()) -> dict[str, Attestation]:
    chart = chart_of(*resources, drafts=drafts)
    return dict(read_responses(chart, QUESTIONS).of(order, "otrexup", chart))


def answers(*resources: JSON, drafts: tuple[JSON, ...] = ()) -> dict[str, bool]:
    return {link: found.yes for link, found in attested(*resources, drafts=drafts).items()}


def test_a_yes_and_a_no_are_told_with_their_day_and_source() -> None:
    found = attested(response("a", item("I.B.6", True), item("I.B.5", False), on="2026-03-10T09:00:00-05:00"))
    assert (found["I.B.6"].yes, found["I.B.5"].yes) == (True, False)
    assert found["I.B.6"].on == date(2026, 3, 10)
    assert found["I.B.6"].evidence.as_contract() == {
        "reference": "QuestionnaireResponse/a",
        "path": "QuestionnaireResponse.item",
        "text": "Attested yes to I.B.6 in a questionnaire response (completed)",
        "date": "2026-03-10",
    }


@pytest.mark.parametrize("status", ["completed", "amended"])
def test_a_finished_response_counts(status: str) -> None:
    assert answers(response("a", item("I.B.6", True), status=status)) == {"I.B.6": True}


@pytest.mark.parametrize("status", ["in-progress", "entered-in-error", "stopped", "", None])
def test_an_unfinished_response_does_not(status: str | None) -> None:
    assert answers(response("a", item("I.B.6", True), status=status)) == {}


@pytest.mark.parametrize("named", [OURS, f"{OURS}|2025-11", f" {OURS} ", "", None])
def test_a_response_to_our_questionnaire_or_to_none_named_counts(named: str | None) -> None:
    assert answers(response("a", item("I.B.6", True), questionnaire=named)) == {"I.B.6": True}


@pytest.mark.parametrize("named", [f"{OURS}5", "urn:countersign:questionnaire:CP.PMN.53", "http://x.org/q", {"a": 1}])
def test_a_response_to_another_questionnaire_is_ignored(named: Any) -> None:
    assert answers(response("a", item("I.B.6", True), questionnaire=named)) == {}


FORM = "https://countersign.example.org/fhir/Questionnaire/cp.phar.134"


@pytest.mark.parametrize("named", [f"{FORM}.2025-11.400|2025-11", f"{FORM}.2025-11.400"])
def test_a_response_to_a_form_of_the_revision_counts(named: str) -> None:
    assert answers(response("a", item("I.B.6", True), questionnaire=named)) == {"I.B.6": True}


@pytest.mark.parametrize(
    "named",
    [
        f"{OURS}|2024-11",
        f"{FORM}.2024-11.400|2024-11",
        f"{FORM}.2024-11.400",
        f"{FORM}.2024-11.400|2025-11",
        f"{FORM}.2025-11.400|2024-11",
        f"{FORM}.2025-11.400x",
        f"{FORM}.2025-11.",
    ],
)
def test_an_answer_to_another_revisions_questions_does_not_count(named: str) -> None:
    assert answers(response("a", item("I.B.6", True), questionnaire=named)) == {}


def test_what_was_answered_for_another_revision_is_named() -> None:
    found = chart_of(response("a", item("I.B.6", True), questionnaire=f"{OURS}|2024-11"))
    assert read_responses(found, QUESTIONS).given == {}
    assert found.foreign == ["QuestionnaireResponse/a answers the questions of revision 2024-11, and was not read"]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({}, "Attested yes to I.B.6 in a questionnaire response (completed)"),
        (
            {"author": {"display": "A. Example, MD", "reference": "Practitioner/p"}},
            "Attested yes to I.B.6 by A. Example, MD (Practitioner/p), in a questionnaire response (completed)",
        ),
        (
            {"source": {"reference": "PractitionerRole/r"}},
            "Attested yes to I.B.6 by PractitionerRole/r, in a questionnaire response (completed)",
        ),
        ({"author": "A. Example"}, "Attested yes to I.B.6 in a questionnaire response (completed)"),
    ],
)
def test_evidence_says_who_attested_and_by_what_way(who: Any, said: str) -> None:
    assert attested(response("a", item("I.B.6", True), **who))["I.B.6"].evidence.text == said


def test_items_inside_groups_and_answers_count() -> None:
    deep = item("I.B.5", True, item=[item("I.B.6", False)])
    deep["answer"][0]["item"] = [item("I.B.7", True)]
    group = {"linkId": "group", "item": [{"linkId": "inner", "item": [deep]}]}
    assert answers(response("a", group)) == {"I.B.5": True, "I.B.6": False, "I.B.7": True}


@pytest.mark.parametrize("value", ["true", 1, None, {"code": "Y"}])
def test_only_a_boolean_is_an_answer(value: Any) -> None:
    assert answers(response("a", item("I.B.6", value))) == {}


def test_an_item_with_a_modifier_is_not_read() -> None:
    assert answers(response("a", item("I.B.6", True, modifierExtension=[{"url": "x", "valueBoolean": True}]))) == {}


def test_the_latest_authored_response_decides_each_item_it_answers() -> None:
    older = response("a", item("I.B.5", True), item("I.B.6", True), on="2026-03-09")
    newer = response("b", item("I.B.6", False), on="2026-03-10")
    assert answers(older, newer) == answers(newer, older) == {"I.B.5": True, "I.B.6": False}


def test_instants_are_compared_where_both_tell_a_zone() -> None:
    early = response("a", item("I.B.6", True), on="2026-03-10T01:00:00+09:00")
    late = response("b", item("I.B.6", False), on="2026-03-09T23:00:00Z")
    assert answers(early, late) == {"I.B.6": False}


def test_days_are_compared_where_one_tells_no_zone() -> None:
    day = response("a", item("I.B.6", True), on="2026-03-10")
    instant = response("b", item("I.B.6", False), on="2026-03-09T23:00:00Z")
    assert answers(day, instant) == {"I.B.6": True}


@pytest.mark.parametrize("on", [None, "2026-03", "2027", "soon"])
def test_a_response_without_a_full_date_goes_behind_a_dated_one(on: str | None) -> None:
    undated, dated = response("a", item("I.B.6", True), on=on), response("b", item("I.B.6", False), on="2020-01-01")
    assert answers(undated, dated) == {"I.B.6": False}
    assert attested(undated)["I.B.6"].on is None
    assert attested(undated)["I.B.6"].evidence.date is None


def test_an_item_answered_two_ways_in_one_response_is_not_answered_and_hides_an_older_answer() -> None:
    older = response("a", item("I.B.6", True), on="2026-03-01")
    assert answers(older, response("b", item("I.B.6", True), item("I.B.6", False))) == {}
    assert answers(older, response("b", item("I.B.6", True, None))) == {}
    assert answers(older, response("b", item("I.B.6", True), item("I.B.6", True))) == {"I.B.6": True}


def test_responses_of_one_moment_that_disagree_settle_nothing() -> None:
    assert answers(response("a", item("I.B.6", True)), response("b", item("I.B.6", False))) == {}
    assert answers(response("b", item("I.B.6", True)), response("a", item("I.B.6", True))) == {"I.B.6": True}


def test_moments_that_run_in_a_circle_settle_nothing() -> None:
    circle = ("2026-03-09T23:59:00-12:00", "2026-03-10", "2026-03-11T00:00:00+14:00")
    assert answers(*(response(on[:10], item("I.B.6", True), on=on) for on in circle)) == {}


def test_a_response_that_the_draft_order_contains_is_as_good_as_one_of_the_chart() -> None:
    contained = response("q", item("I.B.6", True), subject={"reference": "Patient/pat-1"})
    draft = {"resourceType": "MedicationRequest", "id": "order-1", "contained": [contained]}
    found = attested(drafts=(draft,))
    assert found["I.B.6"].evidence.reference == "MedicationRequest/order-1"


def test_a_response_that_names_no_subject_is_about_nobody_surely() -> None:
    silent = response("q", item("I.B.6", True))
    del silent["subject"]
    assert answers(silent) == {}
    assert answers(response("q", item("I.B.6", True), subject={"display": "the patient"})) == {}


def test_another_patients_response_counts_nowhere() -> None:
    foreign = response("q", item("I.B.6", True), subject={"reference": "Patient/pat-2"})
    draft = {"resourceType": "MedicationRequest", "id": "order-1", "contained": [foreign]}
    theirs = {**draft, "subject": {"reference": "Patient/pat-2"}, "contained": [response("r", item("I.B.6", True))]}
    assert answers(foreign) == answers(drafts=(draft,)) == answers(drafts=(theirs,)) == {}


@given(
    resources(
        "QuestionnaireResponse",
        "id status authored questionnaire subject item answer linkId valueBoolean reference",
        "completed I.B.6 2026-03-10 2026 2026-03-10T10:00:00Z Patient/pat-1",
    )
)
def test_any_json_never_raises(resource: JSON) -> None:
    nested = {"resourceType": "MedicationRequest", "contained": [resource], "subject": resource.get("subject")}
    finished = {**resource, "status": "completed", "questionnaire": None}
    found = attested(resource, finished, drafts=(nested,))
    assert all(a.evidence.path == "QuestionnaireResponse.item" for a in found.values())


DOSE = item("I.B.7", True)
DRAFT = {"resourceType": "MedicationRequest", "id": "order-1", "dosageInstruction": [{"text": "15 mg weekly"}]}


def for_orders(*references: str) -> JSON:
    url = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/qr-context"
    return {"extension": [{"url": url, "valueReference": {"reference": one}} for one in references]}


@pytest.mark.parametrize(
    "named",
    [
        (),
        ("Coverage/cov-1",),
        ("MedicationRequest/order-1",),
        ("MedicationRequest/order-1/_history/3",),
        (f"{SERVER}/MedicationRequest/order-1",),
        ("Coverage/cov-1", "MedicationRequest/order-9", "MedicationRequest/order-1"),
    ],
)
def test_an_answer_about_the_dose_counts_for_the_order_it_was_given_for(named: tuple[str, ...]) -> None:
    given = response("a", DOSE, item("I.B.6", True), **for_orders(*named))
    assert set(attested_of(DRAFT, given, drafts=(DRAFT,))) == {"I.B.6", "I.B.7"}


@pytest.mark.parametrize("named", ["MedicationRequest/order-2", "https://elsewhere.example/MedicationRequest/order-1"])
def test_an_answer_about_another_orders_dose_does_not_count(named: str) -> None:
    given = response("a", DOSE, item("I.B.6", True), **for_orders(named))
    assert set(attested_of(DRAFT, given, drafts=(DRAFT,))) == {"I.B.6"}


def test_a_later_answer_about_another_orders_dose_takes_nothing_back() -> None:
    own = response("a", DOSE, on="2026-03-09", **for_orders("MedicationRequest/order-1"))
    other = response("b", item("I.B.7", False), **for_orders("MedicationRequest/order-2"))
    assert attested_of(DRAFT, own, other, drafts=(DRAFT,))["I.B.7"].yes


def test_what_one_draft_contains_about_the_dose_counts_for_that_draft_alone() -> None:
    contained = response("q", DOSE, item("I.B.6", True))
    holds = {**DRAFT, "contained": [contained]}
    other = {**DRAFT, "id": "order-2"}
    assert set(attested_of(holds, drafts=(holds, other))) == {"I.B.6", "I.B.7"}
    assert set(attested_of(other, drafts=(holds, other))) == {"I.B.6"}


@pytest.mark.parametrize(
    ("changed", "links"),
    [
        ({"reasonCode": [{"text": "RA"}], "id": "order-7"}, {"I.B.6", "I.B.7"}),
        ({"dosageInstruction": [{"text": "20 mg weekly"}]}, {"I.B.6"}),
        ({"medicationCodeableConcept": {"text": "Otrexup"}}, {"I.B.6"}),
        ({"contained": [{"resourceType": "Medication", "id": "m"}]}, {"I.B.6"}),
        ({"contained": [{"resourceType": "Practitioner", "id": "p"}]}, {"I.B.6", "I.B.7"}),
    ],
)
def test_an_answer_on_our_own_form_counts_while_the_order_orders_the_same(changed: JSON, links: set[str]) -> None:
    own = {k: v for k, v in response("a", DOSE, item("I.B.6", True)).items() if k != "id"}
    own["extension"] = [{"url": ORDERED, "valueString": ordered(DRAFT)}]
    order = {**DRAFT, **changed}
    answered = {"QuestionnaireResponse": Answered(Had(), (Entry(f"{OWN}1", own),))}
    chart = Chart("pat-1", SERVER, (Entry(None, order),), answered)
    assert set(read_responses(chart, QUESTIONS).of(order, "otrexup", chart)) == links


def test_an_ehrs_response_cannot_say_what_was_ordered() -> None:
    forged = response("a", DOSE, extension=[{"url": ORDERED, "valueString": "0" * 64}])
    assert set(attested_of(DRAFT, forged, drafts=(DRAFT,))) == {"I.B.7"}
