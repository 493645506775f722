"""Lists that were not had whole: the newest, the latest and the first of them are not known, and nothing is approved on
what may be an older one. What is merely another's, or under a key of the EHR's own, is no such list."""

import copy
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from service.case import CouldNotAsk, NothingThere
from service.fhir.answers import Answered, read_answer
from service.fhir.person import read_prescriber
from service.hooks.discovery import service
from service.hooks.gather import gather
from service.hooks.request import parse
from service.policy import library
from service.store import Call, Store, Subject, Term, Told
from service.terminology import load
from tests.charts import JSON, build
from tests.test_fixtures import ANSWERED

BY_NAME = {fixture.name: fixture for fixture in ANSWERED}
NEXT = {"link": [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]}


def determination(ask: Callable[..., Any], name: str, cut: str | None = None) -> JSON:
    """The determination of a fixture, with a prefetch list that has a page more, which nobody can fetch."""
    fixture = BY_NAME[name]
    request = copy.deepcopy(fixture.request)
    if cut:
        request["prefetch"][cut] |= NEXT
        request.pop("fhirServer", None)
        request.pop("fhirAuthorization", None)
    cards = ask(request, today=fixture.expected["today"], plans=fixture.plans).json["cards"]
    found: JSON = next(t for card in cards if (t := card["extension"].get("determination")))
    return found


def result(found: JSON, leaf: str) -> str:
    return next(str(row["result"]) for row in found["criteria"] if row["id"] == leaf)


@pytest.mark.parametrize(
    ("name", "cut", "leaf", "whole"),
    [
        ("otrexup-illinois-marketplace-step-waived", "coverages", "I.B.5", "waived"),
        ("jylamvo-primary-cutaneous-anaplastic-lymphoma-attested", "questionnaireResponses", "I.F.6", "met"),
        ("xatmep-polyarticular-jia-surface-from-height-and-weight", "observations", "I.A.6.b", "met"),
    ],
)
def test_what_may_be_outdated_decides_nothing(
    ask: Callable[..., Any], name: str, cut: str, leaf: str, whole: str
) -> None:
    assert result(determination(ask, name), leaf) == whole
    found = determination(ask, name, cut)
    assert result(found, leaf) == "unknown"
    assert found["status"] == "documentation-needed"


def test_the_line_of_business_is_not_known_by_a_coverage_that_another_may_go_before(ask: Callable[..., Any]) -> None:
    assert determination(ask, "otrexup-illinois-marketplace-step-waived")["lineOfBusiness"] == "him"
    assert determination(ask, "otrexup-illinois-marketplace-step-waived", "coverages")["lineOfBusiness"] is None


def test_a_stage_is_not_known_by_a_condition_that_a_newer_one_may_follow(ask: Callable[..., Any]) -> None:
    request = build(
        {
            "name": "stage",
            "base": "jylamvo-mf",
            "change": {"reason": ["icd:C84.00"], "conditions": [{"code": "icd:C84.00", "stage": "Stage IB"}]},
            "add": {"conditions": ["icd:R13.10"]},
        }
    )
    for more, wanted in ((False, "met"), (True, "unknown")):
        asked = copy.deepcopy(request)
        if more:
            asked["prefetch"]["conditions"] |= NEXT
        (found,) = [t for c in ask(asked).json["cards"] if (t := c["extension"].get("determination"))]
        assert result(found, "I.D.1.a") == wanted


def test_a_dose_is_not_compared_with_one_that_a_newer_may_follow(ask: Callable[..., Any]) -> None:
    name = "continued-jylamvo-rheumatoid-arthritis-same-dose"
    whole, cut = determination(ask, name), determination(ask, name, "medicationStatements")
    assert result(whole, "II.A.3.c.ii") == "not-applicable"
    row = next((r for r in cut["criteria"] if r["id"] == "II.A.3.c.ii"), None)
    assert row is None or row["result"] != "not-applicable"


@pytest.mark.parametrize("failed", [True, False])
def test_the_user_counts_only_where_nothing_is_on_record_of_the_requester(failed: bool) -> None:
    request = build({"name": "who", "base": "jylamvo-ra", "change": {"requester": "none"}})
    request["context"]["userId"] = "PractitionerRole/rheum"
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["requester"] = {"reference": "Practitioner/gp"}
    order.pop("contained", None)
    role = {"resourceType": "PractitionerRole", "id": "rheum", "specialty": [{"text": "Rheumatology"}]}
    request["prefetch"]["roles"] = role
    offered = service("prior-auth-order-sign")
    assert offered
    answer = CouldNotAsk("the EHR's FHIR server failed (500)") if failed else NothingThere()
    fetched = {"PractitionerRole?practitioner=Practitioner/gp": Answered(answer)}
    chart = gather(parse(request, offered), library.load().resources(), fetched)
    found = read_prescriber(order, chart, load(), frozenset({"rheumatology"}), date(2026, 3, 10))
    assert [one.concept for one in found.specialties] == ([] if failed else ["rheumatology"])


def test_the_patients_own_record_under_another_name_of_the_server_is_neither_there_nor_absent(
    ask: Callable[..., Any],
) -> None:
    request = build({"name": "base", "base": "jylamvo-mf"})
    other = {
        "resourceType": "MedicationRequest",
        "id": "bex",
        "status": "active",
        "subject": {"reference": f"https://internal.example/fhir/Patient/{request['context']['patientId']}"},
        "medicationCodeableConcept": {"text": "bexarotene 75 mg capsule"},
    }
    request["fhirServer"] = "http://127.0.0.1:9/fhir"
    request["prefetch"]["medicationRequests"] = {"resourceType": "Bundle", "entry": [{"resource": other}]}
    (found,) = [t for c in ask(request).json["cards"] if (t := c["extension"].get("determination"))]
    assert result(found, "I.D.6.a") == "unknown"


def test_an_allergy_that_could_not_be_read_is_no_all_clear_on_a_generic(ask: Callable[..., Any]) -> None:
    request = build({"name": "generic", "base": "generic"})
    patient = request["context"]["patientId"]
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": f"Patient/{patient}"},
        "code": {"text": "methotrexate"},
        "modifierExtension": [{"url": "https://ehr.example/x", "valueBoolean": True}],
    }
    request["prefetch"]["allergies"] = {"resourceType": "Bundle", "entry": [{"resource": allergy}]}
    (card,) = ask(request).json["cards"]
    assert card["summary"].startswith("Safety not fully checked")


@pytest.mark.parametrize(
    ("issues", "empty"),
    [
        ([{"severity": "warning"}], True),
        ([{"severity": "Information"}], True),
        ([{"severity": "Error"}], False),
        ([{"code": "x"}], False),
        ([], False),
    ],
)
def test_only_information_and_warnings_say_that_nothing_is_there(issues: list[JSON], empty: bool) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": issues}
    found = read_answer({"resourceType": "Bundle", "entry": [{"resource": outcome}]}).answer
    assert isinstance(found, NothingThere) is empty


def test_orders_of_one_call_do_not_approve_each_other_when_it_is_repeated(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/records.sqlite3")
    store.upgrade()
    subject = Subject(None, None, "https://ehr.example.org/fhir", "pat-1")
    day = date(2026, 3, 10)

    def told(order: str) -> Told:
        term = Term(None, 12, day, date(2027, 3, 9))
        return Told(order, "P", "2025-11", "d", day, "jylamvo", "ra", None, "approvable", "I.B", approval=(term,))

    call = Call(
        id=uuid.uuid4(),
        at=datetime.now(UTC),
        correlation="c",
        service="s",
        hook="order-sign",
        instance="i",
        subject=subject,
        body_sha256=b"x",
        determinations=(told("order-1"), told("order-2")),
    )
    store.keep(call)
    assert store.earlier(subject, day, "order-1") == ()
    assert len(store.earlier(subject, day, "order-3")) == 2


@pytest.mark.parametrize("timing", ["daily", "weekly"])
def test_an_order_whose_medication_cannot_be_had_still_sounds_the_alarm_by_the_name_of_it(
    ask: Callable[..., Any], timing: str
) -> None:
    request = build({"name": "lost", "base": "otrexup-ra", "change": {"timing": timing}})
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order.pop("medicationCodeableConcept", None)
    order["medicationReference"] = {"reference": "Medication/m-1", "display": "Otrexup 15 mg"}
    answer = ask(request)
    if timing == "weekly":
        assert answer.status_code == 412
    else:
        alarm, rest = answer.json["cards"]
        assert (alarm["indicator"], alarm["extension"]["safety"]["code"]) == ("critical", "daily-dosing")
        assert rest["summary"].startswith("Not evaluated")


def test_what_a_list_brought_is_not_called_unread_though_it_could_not_be_read_by_itself() -> None:
    request = build({"name": "read", "base": "jylamvo-ra"})
    offered = service("prior-auth-order-sign")
    assert offered
    named = next(e["resource"]["id"] for e in request["prefetch"]["conditions"]["entry"])
    failed = Answered(CouldNotAsk("the EHR's FHIR server failed (500)"))
    fetched = {f"Condition/{named}": failed, "Condition/gone": failed}
    chart = gather(parse(request, offered), library.load().resources(), fetched)
    assert chart.failures() == ("Condition/gone: the EHR's FHIR server failed (500)",)
