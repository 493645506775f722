"""What a request brought: by type under whatever key, each question with its answer."""

from typing import Any

from service.case import CouldNotAsk, Had, NothingThere
from service.fhir.answers import Entry
from service.hooks.gather import gather
from service.hooks.request import HookRequest

ASKED = ("Patient", "Condition")
CONDITION = {"resourceType": "Condition", "id": "c"}
ROLE = {"resourceType": "PractitionerRole", "id": "r"}


def request(**prefetch: Any) -> HookRequest:
    return HookRequest("i", "p", "Practitioner/x", "https://ehr.example.org/fhir", (), None, prefetch)


def test_a_key_that_was_not_sent_could_not_be_asked() -> None:
    assert gather(request(), ASKED).answer("Condition") == CouldNotAsk("not sent by the EHR")
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
    assert chart.answer("Condition") == CouldNotAsk("not sent by the EHR")


def test_an_answer_that_holds_other_types_in_place_of_the_one_asked_for_was_none() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    odd = {"resourceType": "condition", "id": "x"}
    assert gather(request(conditions=[patient]), ASKED).answer("Condition") == CouldNotAsk(
        "the EHR's answer holds no Condition"
    )
    assert gather(request(conditions=[CONDITION, ROLE, patient]), ASKED).answer("Condition") == Had()
    assert gather(request(conditions=[CONDITION, odd]), ASKED).answer("Condition") == Had(complete=False)
