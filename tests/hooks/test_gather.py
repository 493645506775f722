"""What a request brought: by type under whatever key, each question with its answer."""

from typing import Any

import pytest

from service.case import NOT_SENT, CouldNotAsk, Had, NothingThere
from service.fhir.answers import Answered, Entry
from service.hooks.gather import MOST, Wants, gather, wanted
from service.hooks.request import HookRequest

ASKED = ("Patient", "Condition")
CONDITION = {"resourceType": "Condition", "id": "c"}
ROLE = {"resourceType": "PractitionerRole", "id": "r"}


def request(**prefetch: Any) -> HookRequest:
    return HookRequest("i", "p", "Practitioner/x", "https://ehr.example.org/fhir", (), None, prefetch)


def test_a_key_that_was_not_sent_could_not_be_asked() -> None:
    assert gather(request(), ASKED).answer("Condition") == NOT_SENT
    assert gather(request(conditions=None), ASKED).answer("Condition") == NothingThere()
    assert gather(request(conditions=[CONDITION]), ASKED).answer("Condition") == Had()


def test_a_client_may_name_its_keys_itself_but_its_list_is_not_surely_whole() -> None:
    chart = gather(request(problems=[CONDITION]), ASKED)
    assert chart.of("Condition") == (CONDITION,)
    assert chart.answer("Condition") == Had(complete=False)


def test_a_type_that_nobody_asks_for_is_not_read() -> None:
    chart = gather(request(notes=[{"resourceType": "DocumentReference", "id": "d"}], roles=[ROLE]), ASKED)
    assert chart.of("DocumentReference") == ()
    assert chart.of("PractitionerRole") == (ROLE,)


def test_the_chart_is_the_requests() -> None:
    asked = request(patient={"resourceType": "Patient", "id": "p"})
    draft = {"resourceType": "MedicationRequest", "id": "o"}
    chart = gather(
        HookRequest("i", "p", "PractitionerRole/r", None, (Entry(None, draft),), None, asked.prefetch), ASKED
    )
    assert chart.patient == {"resourceType": "Patient", "id": "p"}
    assert chart.user == "PractitionerRole/r"
    assert chart.drafts("MedicationRequest") == (draft,)
    assert chart.answer("Patient") == Had()
    assert chart.answer("Condition") == NOT_SENT


def test_an_answer_that_holds_other_types_in_place_of_the_one_asked_for_was_none() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    odd = {"resourceType": "condition", "id": "x"}
    assert gather(request(conditions=[patient]), ASKED).answer("Condition") == CouldNotAsk(
        "the EHR's answer holds no Condition"
    )
    assert gather(request(conditions=[CONDITION, ROLE, patient]), ASKED).answer("Condition") == Had()
    assert gather(request(conditions=[CONDITION, odd]), ASKED).answer("Condition") == Had(complete=False)


QUERY = "Condition?patient=p"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
PATIENT = {"resourceType": "Patient", "id": "p"}
NEXT = {
    "resourceType": "Bundle",
    "entry": [{"resource": CONDITION}],
    "link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}],
}


def wants(asked: HookRequest, fetched: Any = None) -> Wants:
    """What is wanted once the conditions and the patient were looked at."""
    chart = gather(asked, ASKED, fetched)
    chart.of("Condition")
    assert chart.patient is None or chart.patient["id"] == "p"
    return wanted(asked, chart, ASKED, fetched or {})


def test_nothing_is_wanted_that_was_not_looked_at() -> None:
    asked = request()
    assert not wanted(asked, gather(asked, ASKED), ASKED, {})


def test_what_was_looked_at_and_not_sent_is_wanted_by_its_own_query() -> None:
    assert wants(request()).queries == ("Patient/p", QUERY)


@pytest.mark.parametrize(
    "sent",
    [None, CONDITION, [CONDITION], {"resourceType": "Bundle", "total": 0}, FAILED, [FAILED]],
    ids=["null", "one", "a list", "an empty bundle", "an outcome", "a list of an outcome"],
)
def test_what_the_ehr_answered_is_not_asked_again(sent: Any) -> None:
    assert wants(request(patient=PATIENT, conditions=sent)) == Wants()


@pytest.mark.parametrize(
    "sent",
    ["<html>", 7, [7], ROLE, {"resourceType": "Bundle", "total": 2, "entry": [{"resource": CONDITION}]}],
    ids=["text", "a number", "a list of one", "another type", "a part"],
)
def test_what_answers_nothing_or_not_all_is_asked(sent: Any) -> None:
    assert wants(request(patient=PATIENT, conditions=sent)).queries == (QUERY,)


def test_what_stands_under_another_key_is_asked_since_it_may_be_a_part() -> None:
    assert wants(request(patient=PATIENT, problems=[CONDITION])).queries == (QUERY,)


@pytest.mark.parametrize("sent", [None, FAILED, {"resourceType": "Patient", "id": "q"}])
def test_the_patient_is_asked_for_whatever_prefetch_said_in_its_place(sent: Any) -> None:
    assert wants(request(patient=sent, conditions=None)).queries == ("Patient/p",)


def test_further_pages_are_wanted_as_pages() -> None:
    assert wants(request(patient=PATIENT, conditions=NEXT)) == Wants((), {QUERY: NEXT})


def test_what_was_fetched_is_read_beside_what_was_sent() -> None:
    other = {"resourceType": "Condition", "id": "d"}
    fetched = {QUERY: Answered(Had(), (Entry(None, other),))}
    chart = gather(request(patient=PATIENT, problems=[CONDITION]), ASKED, fetched)
    assert chart.of("Condition") == (other, CONDITION)
    assert chart.answer("Condition") == Had()
    assert not wants(request(patient=PATIENT), fetched)


def test_a_fetch_that_failed_says_why_and_takes_nothing_away() -> None:
    failed = {QUERY: Answered(CouldNotAsk("refused"))}
    assert gather(request(), ASKED, failed).answer("Condition") == CouldNotAsk("refused")
    chart = gather(request(conditions=NEXT), ASKED, failed)
    assert chart.of("Condition") == (CONDITION,)
    assert chart.lacking("Condition") == "refused"


def test_an_id_is_no_part_of_a_url() -> None:
    asked = HookRequest("i", "p/../x?y&z", "Practitioner/x", "https://ehr.example.org/fhir", (), None, {})
    chart = gather(asked, ASKED)
    chart.of("Condition")
    assert wanted(asked, chart, ASKED, {}).queries == ("Condition?patient=x%3Fy%26z",)


def test_references_that_reading_missed_are_wanted_some_at_a_time() -> None:
    asked = request(patient=PATIENT, conditions=None)
    chart = gather(asked, ASKED)
    for n in range(MOST + 1):
        chart.resolve({"reference": f"Medication/m{n}"}, {})
    assert len(wanted(asked, chart, ASKED, {}).queries) == MOST
    had = {"Medication/m0": Answered(NothingThere())}
    again = gather(asked, ASKED, had)
    assert again.resolve({"reference": "Medication/m0"}, {}) is None
    assert again.inquiry.sought == {}
    assert again.inquiry.lost("https://ehr.example.org/fhir/Medication/m0") == "the EHR's FHIR server has none"
