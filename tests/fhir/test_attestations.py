"""What prescribers attested in questionnaire responses."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from service.case import Attestation, Had
from service.dose import Dose, Part
from service.fhir.answers import Answered, Entry, read_answer
from service.fhir.attestations import ORDERED, OWN, Attested, read_responses
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
    return dict(read_responses(chart, QUESTIONS).of(order, Dose(), "otrexup", chart).by_link)


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


def on_our_form(*said: JSON, id: str = "1", **given_for: str) -> Entry:
    """What was answered on the service's own form, as it is read back."""
    response_ = {k: v for k, v in response("a", *said).items() if k != "id"}
    told = [{"url": f"urn:countersign:{name}", "valueString": value} for name, value in given_for.items()]
    return Entry(f"{OWN}{id}", {**response_, "extension": told})


def charted(order: JSON, *entries: Entry, beside: tuple[JSON, ...] = ()) -> Chart:
    answered = {"QuestionnaireResponse": Answered(Had(), entries)}
    return Chart("pat-1", SERVER, (Entry(None, order), *(Entry(None, one) for one in beside)), answered)


def was(order: JSON, *beside: JSON, dose: Dose = Dose()) -> str:  # noqa: B008 (a value)
    return ordered(order, dose, charted(order, beside=beside))


def attested_by(
    order: JSON,
    *entries: Entry,
    product: str = "otrexup",
    beside: tuple[JSON, ...] = (),
    dose: Dose = Dose(),  # noqa: B008 (a value)
) -> Attested:
    chart = charted(order, *entries, beside=beside)
    return read_responses(chart, QUESTIONS).of(order, dose, product, chart)


@pytest.mark.parametrize(
    ("changed", "links"),
    [
        ({"reasonCode": [{"text": "RA"}], "id": "order-7"}, {"I.B.6", "I.B.7"}),
        ({"dosageInstruction": [{"text": "20 mg weekly"}]}, {"I.B.6"}),
        ({"medicationCodeableConcept": {"text": "Otrexup"}}, {"I.B.6"}),
        ({"contained": [{"resourceType": "Practitioner", "id": "p"}]}, {"I.B.6", "I.B.7"}),
    ],
)
def test_an_answer_on_our_own_form_counts_while_the_order_orders_the_same(changed: JSON, links: set[str]) -> None:
    own = on_our_form(DOSE, item("I.B.6", True), ordered=was(DRAFT))
    assert set(attested_by({**DRAFT, **changed}, own).by_link) == links


@pytest.mark.parametrize(("strength", "links"), [("2 mg/mL", {"I.B.6", "I.B.7"}), ("2.5 mg/mL", {"I.B.6"})])
def test_what_an_order_orders_is_what_its_medication_says(strength: str, links: set[str]) -> None:
    refers = {**DRAFT, "medicationReference": {"reference": "Medication/m1"}}
    old, new = ({"resourceType": "Medication", "id": "m1", "code": {"text": said}} for said in ("2 mg/mL", strength))
    own = on_our_form(DOSE, item("I.B.6", True), ordered=was(refers, old))
    assert set(attested_by(refers, own, beside=(new,)).by_link) == links


def test_an_answer_of_which_it_is_not_known_what_was_ordered_is_none_about_a_dose() -> None:
    assert set(attested_by(DRAFT, on_our_form(DOSE, item("I.B.6", True))).by_link) == {"I.B.6"}


@pytest.mark.parametrize(("product", "links"), [("otrexup", {"I.B.6", "II.A.2"}), ("rasuvo", {"I.B.6"})])
def test_an_answer_about_treatment_counts_for_its_own_product(product: str, links: set[str]) -> None:
    own = on_our_form(item("II.A.2", True), item("I.B.6", True), product="otrexup")
    assert set(attested_by(DRAFT, own, product=product).by_link) == links


def test_an_answer_about_a_dose_or_treatment_counts_for_its_own_diagnosis() -> None:
    said = (DOSE, item("II.A.2", False), item("I.B.6", True))
    own = on_our_form(*said, ordered=was(DRAFT), product="otrexup", indication="psoriasis")
    found = attested_by(DRAFT, own)
    assert set(found.by_link) == {"I.B.6"}
    assert {key: one.yes for key, one in found.by_use.items()} == {
        ("I.B.7", "psoriasis"): True,
        ("II.A.2", "psoriasis"): False,
    }


def test_a_later_answer_for_no_diagnosis_in_particular_goes_before_an_earlier_one_for_its_own() -> None:
    own = on_our_form(DOSE, ordered=was(DRAFT), indication="psoriasis")
    later = Entry(None, response("b", item("I.B.7", False), on="2026-03-11"))
    found = attested_by(DRAFT, own, later)
    assert (found.by_link["I.B.7"].yes, found.by_use["I.B.7", "psoriasis"].yes) == (False, False)


def copied(*said: JSON, **differs: Any) -> Entry:
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}
    return Entry(None, response("copy", *said, identifier=identifier, **differs))


def test_the_ehrs_copy_of_our_answers_adds_nothing_while_it_says_the_same() -> None:
    own = on_our_form(DOSE, ordered="another")
    assert attested_by(DRAFT, own, copied(DOSE, on="2026-03-12")).by_link == {}


@pytest.mark.parametrize(("on", "yes"), [("2026-03-12", False), ("2026-03-09", True)])
def test_a_copy_that_was_amended_there_counts_if_it_is_later(on: str, yes: bool) -> None:
    own = on_our_form(item("I.B.6", True))
    found = attested_by(DRAFT, own, copied(item("I.B.6", False), on=on, status="amended"))
    assert found.by_link["I.B.6"].yes is yes


def test_a_copy_that_was_amended_there_is_for_the_order_that_ours_was_for() -> None:
    own = on_our_form(item("I.B.7", False), ordered=was(DRAFT))
    amended = copied(DOSE, on="2026-03-12", status="amended")
    assert attested_by(DRAFT, own, amended).by_link["I.B.7"].yes
    assert attested_by({**DRAFT, "dosageInstruction": []}, own, amended).by_link == {}


def test_a_copy_that_was_entered_in_error_takes_ours_back() -> None:
    own = on_our_form(item("I.B.6", True))
    assert attested_by(DRAFT, own, copied(item("I.B.6", True), status="entered-in-error")).by_link == {}


def a_week(mg: int, **more: Any) -> Dose:
    return Dose(((Part(Fraction(mg), None, Fraction(1)),),), most_per_week=Fraction(1), **more)


@pytest.mark.parametrize(
    ("dose", "links"),
    [
        (a_week(40), {"I.B.6", "I.B.7"}),
        (a_week(41), {"I.B.6"}),
        (a_week(40, contradicted=True), {"I.B.6"}),
        (Dose(), {"I.B.6"}),
    ],
)
def test_the_same_dose_in_other_words_is_the_same(dose: Dose, links: set[str]) -> None:
    own = on_our_form(DOSE, item("I.B.6", True), ordered=was(DRAFT, dose=a_week(40)))
    reworded = {**DRAFT, "dosageInstruction": [{"text": "With food", "sequence": 1}]}
    assert set(attested_by(reworded, own, dose=dose).by_link) == links


def test_the_ehrs_copy_of_an_answer_to_another_order_is_for_that_one() -> None:
    copy = response("a", DOSE, item("I.B.6", True), extension=[{"url": ORDERED, "valueString": was(DRAFT)}])
    assert set(attested_of(DRAFT, copy, drafts=(DRAFT,))) == {"I.B.6", "I.B.7"}
    other = {**DRAFT, "dosageInstruction": []}
    assert set(attested_of(other, copy, drafts=(other,))) == {"I.B.6"}


def test_an_ehrs_response_is_not_under_our_name() -> None:
    forged = response("a", item("I.B.6", True))
    del forged["id"]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": f"{OWN}1", "resource": forged}]}
    (entry,) = read_answer(bundle).entries
    assert "on a form of this service" not in attested_by(DRAFT, entry).by_link["I.B.6"].evidence.text
