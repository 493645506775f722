"""One call from its request to its outcomes: what is asked of a FHIR server, in which order, and when it ends."""

import time
from collections.abc import Iterator
from datetime import date
from time import monotonic
from typing import Any

import pytest
import responses

from service.consult import ROUNDS, Consultation, Ehr, consult
from service.decide import Circumstances, Office, Unavailable
from service.determination import Determination, NotEvaluated, SafetyNotice
from service.ehr import Lines
from service.hooks.discovery import SERVICES
from service.hooks.request import parse
from service.plans import Plans
from service.policy import library
from service.terminology import load
from tests.charts import JSON, TODAY, build

SERVER = "http://127.0.0.1:9/fhir"
OFFICE = Office(library.load(), load(), Plans())
NOW = Circumstances(date.fromisoformat(TODAY), "correlation")


@pytest.fixture
def lines() -> Iterator[Lines]:
    found = Lines()
    yield found
    found.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def request(**change: Any) -> JSON:
    return build({"name": "x", "base": "jylamvo-ra", "change": change}) | {"fhirServer": SERVER}


def consulted(asked: JSON, lines: Lines, circumstances: Circumstances = NOW, *, silent: bool = False) -> Consultation:
    parsed = parse(asked, SERVICES[0])
    with Ehr(parsed, None, lines, monotonic() + 20, silent=silent) as ehr:
        return consult(parsed, OFFICE, circumstances, ehr)


def without(asked: JSON, *keys: str) -> JSON:
    return asked | {"prefetch": {k: v for k, v in asked["prefetch"].items() if k not in keys}}


def paths(server: responses.RequestsMock) -> list[str]:
    return [str(call.request.url).removeprefix(f"{SERVER}/") for call in server.calls]


def test_a_whole_chart_is_decided_without_a_call(lines: Lines, server: responses.RequestsMock) -> None:
    found = consulted(request(), lines)
    assert paths(server) == []
    assert found.fetched == {}


def test_what_is_missing_is_asked_once_and_decides(lines: Lines, server: responses.RequestsMock) -> None:
    asked = request()
    server.get(f"{SERVER}/Condition?patient=pat-1", json=asked["prefetch"]["conditions"])
    found = consulted(without(asked, "conditions"), lines)
    assert paths(server) == ["Condition?patient=pat-1"]
    assert found.outcomes == consulted(asked, lines).outcomes


def test_the_silent_ask_nobody(lines: Lines, server: responses.RequestsMock) -> None:
    (outcome,) = consulted(without(request(), "conditions"), lines, silent=True).outcomes
    assert paths(server) == []
    assert isinstance(outcome, Determination)
    assert "Condition: not sent by the EHR" in outcome.unread


def test_for_a_drug_that_no_policy_knows_nothing_is_asked(lines: Lines, server: responses.RequestsMock) -> None:
    other = request(medication="prednisone") | {"prefetch": {}}
    assert consulted(other, lines).outcomes == ()
    assert paths(server) == []


def test_the_medication_comes_first_and_the_rest_only_where_a_policy_knows_it(
    lines: Lines, server: responses.RequestsMock
) -> None:
    asked = request() | {"prefetch": {}}
    order = asked["context"]["draftOrders"]["entry"][0]["resource"]
    concept = order.pop("medicationCodeableConcept")
    order["medicationReference"] = {"reference": "Medication/m"}
    plain = {"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB07"}], "text": "Prednisone"}
    server.get(f"{SERVER}/Medication/m", json={"resourceType": "Medication", "id": "m", "code": plain})
    assert consulted(asked, lines).outcomes == ()
    assert paths(server) == ["Medication/m"]
    server.replace("GET", f"{SERVER}/Medication/m", json={"resourceType": "Medication", "id": "m", "code": concept})
    with pytest.raises(Unavailable):
        consulted(asked, lines)
    assert "Patient/pat-1" in paths(server)


def test_a_failure_is_named_with_its_query(lines: Lines, server: responses.RequestsMock) -> None:
    server.get(f"{SERVER}/Condition?patient=pat-1", status=403)
    found = consulted(without(request(), "conditions"), lines)
    assert found.failures == {"Condition?patient=pat-1": "the EHR's FHIR server refused access (403)"}
    (outcome,) = found.outcomes
    assert isinstance(outcome, Determination)
    assert "Condition: the EHR's FHIR server refused access (403)" in outcome.unread


def test_references_that_lead_to_references_end(lines: Lines, server: responses.RequestsMock) -> None:
    asked = request(requester="none")
    asked["context"]["userId"] = "PractitionerRole/r0"
    for n in range(ROUNDS + 2):
        role = {"resourceType": "PractitionerRole", "id": f"r{n}", "practitioner": {"reference": f"Practitioner/p{n}"}}
        server.get(f"{SERVER}/PractitionerRole/r{n}", json=role)
        server.get(f"{SERVER}/Practitioner/p{n}", json={"resourceType": "Practitioner", "id": f"p{n}"})
    server.get(f"{SERVER}/PractitionerRole?practitioner=Practitioner/p0", json={"resourceType": "Bundle", "total": 0})
    consulted(asked, lines)
    asked_for = ["Practitioner/p0", "PractitionerRole/r0", "PractitionerRole?practitioner=Practitioner/p0"]
    assert sorted(paths(server)) == asked_for


def test_a_generic_whose_allergies_cannot_be_had_is_not_passed_over(
    lines: Lines, server: responses.RequestsMock
) -> None:
    asked = without(request(medication="generic-injection"), "allergies")
    server.get(f"{SERVER}/AllergyIntolerance?patient=pat-1", status=500)
    (outcome,) = consulted(asked, lines).outcomes
    assert isinstance(outcome, SafetyNotice)
    assert outcome.unchecked == ("AllergyIntolerance: the EHR's FHIR server failed (5xx)",)
    assert consulted(asked, lines, silent=True).outcomes == ()


def test_an_order_whose_time_is_over_is_not_evaluated_and_its_alarm_sounds(lines: Lines) -> None:
    late = Circumstances(NOW.today, NOW.correlation, late=lambda: True)
    alarm, rest = consulted(request(timing="daily"), lines, late).outcomes
    assert isinstance(alarm, SafetyNotice)
    assert [one.code for one in alarm.safety] == ["daily-dosing"]
    assert isinstance(rest, NotEvaluated)
    assert "time for this call ran out" in rest.why


def test_a_deadline_that_is_over_ends_at_once(lines: Lines) -> None:
    parsed = parse(without(request(), "conditions"), SERVICES[0])
    begun = time.monotonic()
    with Ehr(parsed, None, lines, monotonic() - 1) as ehr:
        (outcome,) = consult(parsed, OFFICE, NOW, ehr).outcomes
    assert time.monotonic() - begun < 10
    assert isinstance(outcome, Determination)
    assert "Condition: the EHR's FHIR server did not answer in time" in outcome.unread
