"""The chart: this patient's resources, references followed, what is set aside named."""

from typing import Any

import pytest

from service.case import CouldNotAsk, Had, NothingThere
from service.fhir.answers import Answered, Entry
from service.fhir.chart import Chart

BASE = "https://ehr.example.org/fhir"
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}


def condition(identity: str | None = "c", subject: Any = "Patient/p", **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Condition", "code": {"text": "x"}, **members}
    if identity:
        found["id"] = identity
    if subject is not None:
        found["subject"] = {"reference": subject} if isinstance(subject, str) else subject
    return found


def chart(*resources: Any, drafts: Any = (), server: str | None = None, urls: Any = None) -> Chart:
    urls = urls or {}
    entries = tuple(Entry(urls.get(r.get("id")), r) for r in (PATIENT, *resources))
    drafted = [Entry(None, d) for d in drafts]
    return Chart("p", server, drafted, {"Condition": Answered(Had(), entries)})


def ids(found: Chart, kind: str = "Condition") -> list[str]:
    return [r["id"] for r in found.of(kind)]


@pytest.mark.parametrize(
    "subject", ["Patient/p", f"{BASE}/Patient/p", "Patient/p/_history/3", None, f"{BASE}/Patient/p/"]
)
def test_a_resource_of_this_patient_is_read(subject: Any) -> None:
    assert ids(chart(condition(subject=subject))) == ["c"]
    assert ids(chart(condition(subject=subject), server=f"{BASE}/")) == ["c"]


@pytest.mark.parametrize("subject", ["Patient/q", "Patient/pp", f"{BASE}/Patient/q"])
def test_another_patients_resource_is_set_aside_and_not_named(subject: Any) -> None:
    found = chart(condition(subject=subject), condition("d", subject=subject))
    assert ids(found) == []
    assert found.foreign == ["Another patient's Condition was sent, too, and was not read"]


@pytest.mark.parametrize("subject", ["Group/p", "#p", "urn:uuid:1", {}, {"display": "somebody"}, "p"])
def test_what_is_not_surely_this_patients_is_set_aside_by_name(subject: Any) -> None:
    found = chart(condition(subject=subject))
    assert ids(found) == []
    assert found.foreign == ["Condition/c is not surely this patient's record and was not read"]


def test_the_same_id_on_another_server_is_another_patient() -> None:
    elsewhere = condition(subject="https://other.example.org/fhir/Patient/p")
    assert ids(chart(elsewhere, server=BASE)) == []
    assert ids(chart(elsewhere)) == ["c"]


def test_a_urn_that_names_the_patient_is_the_patient() -> None:
    found = chart(condition(subject="urn:uuid:1"), urls={"p": "urn:uuid:1"})
    assert ids(found) == ["c"]


@pytest.mark.parametrize("element", ["patient", "beneficiary"])
def test_every_element_that_names_a_patient_is_heeded(element: str) -> None:
    other = condition(subject=None, **{element: {"reference": "Patient/q"}})
    own = condition(subject=None, **{element: {"reference": "Patient/p"}})
    both = condition(subject="Patient/p", **{element: {"reference": "Patient/q"}})
    assert (ids(chart(other)), ids(chart(own)), ids(chart(both))) == ([], ["c"], [])


def test_the_patient_is_the_one_asked_for() -> None:
    other = {"resourceType": "Patient", "id": "q", "birthDate": "2020-01-01"}
    found = Chart("p", None, (), {"Patient": Answered(Had(), (Entry(None, other), Entry(None, PATIENT)))})
    assert found.patient == PATIENT
    assert found.foreign == ["The Patient of another id was sent, too, and was not read"]
    assert Chart("Patient/p", None, (), {}, [Entry(None, PATIENT)]).patient == PATIENT
    assert Chart("z", None, (), {}, [Entry(None, PATIENT)]).patient is None


@pytest.mark.parametrize("modifier", [{"modifierExtension": [{"url": "x"}]}, {"implicitRules": "http://x"}])
def test_a_resource_with_an_unknown_modifier_is_set_aside_by_name(modifier: Any) -> None:
    found = chart(condition(**modifier))
    assert ids(found) == []
    assert found.unread == ["Condition/c carries a modifier that this service does not know"]


@pytest.mark.parametrize(
    ("members", "kept"),
    [({"birthDate": "1970-02-30"}, "1970-02-30"), ({"address": "x"}, "1970-01-01"), ({"implicitRules": "x"}, None)],
)
def test_a_patient_with_a_fault_was_had_all_the_same(members: Any, kept: str | None) -> None:
    found = Chart("p", None, (), {}, [Entry(None, {**PATIENT, **members})])
    assert found.patient is not None
    assert found.patient.get("birthDate") == kept
    assert len(found.unread) == 1


@pytest.mark.parametrize("subject", [{}, {"display": "somebody"}, "p", "urn:uuid:1"])
def test_what_may_be_this_patients_is_neither_there_nor_absent(subject: Any) -> None:
    assert chart(condition(subject=subject)).aside("Condition") == ("Condition/c",)
    assert chart(condition(subject="Patient/q")).aside("Condition") == ()
    assert chart(condition(implicitRules="x")).aside("Condition") == ("Condition/c",)
    assert chart(condition()).aside("Condition") == ()


def test_a_resource_is_read_once_and_a_draft_not_at_all() -> None:
    assert ids(chart(condition(), condition(), condition("d"))) == ["c", "d"]
    drafted = condition("c")
    found = chart(condition("c"), condition("d"), drafts=[drafted])
    assert ids(found) == ["d"]
    assert found.drafts("Condition") == (drafted,)
    assert chart(condition(None), condition(None)).of("Condition") == (condition(None), condition(None))


def test_a_refused_resource_is_named_once() -> None:
    found = chart()
    wrong = condition(code="M06.9")
    assert [found.sound(wrong), found.sound(wrong)] == [False, False]
    assert found.unread == ["Condition/c could not be read (code)"]
    assert found.sound(condition())


def test_a_repair_is_noted() -> None:
    found = chart()
    assert found.sound(condition(code={"coding": [{"code": " M06.9"}]}))
    assert found.repairs == ["Condition/c: Condition.code.coding.code has stray spaces"]
    assert found.unread == []


@pytest.mark.parametrize("reference", ["Condition/c", f"{BASE}/Condition/c", "Condition/c/_history/2"])
@pytest.mark.parametrize("url", [f"{BASE}/Condition/c", "urn:uuid:9", None])
def test_a_reference_by_type_and_id_is_followed(reference: str, url: str | None) -> None:
    found = chart(condition(), urls={"c": url} if url else {})
    assert found.resolve({"reference": reference}, {}) == condition()


def test_a_reference_by_url_or_to_what_is_contained_is_followed() -> None:
    inside = {"resourceType": "Condition", "id": "inside"}
    order = {"resourceType": "MedicationRequest", "contained": [inside]}
    found = chart(condition(), urls={"c": "urn:uuid:9"})
    assert found.resolve({"reference": "urn:uuid:9"}, order) == condition()
    assert found.resolve({"reference": "#inside"}, order) == inside


@pytest.mark.parametrize(
    "reference", ["Condition/x", "#x", "https://other.example.org/fhir/Condition/c", "", "Condition", None, 7]
)
def test_a_reference_to_nothing_of_the_chart_is_nothing(reference: Any) -> None:
    found = chart(condition(), urls={"c": f"{BASE}/Condition/c"})
    assert found.resolve({"reference": reference}, condition()) is None
    assert found.resolve("Condition/c", condition()) is None


def test_a_reference_never_leads_to_another_patient_or_a_modified_resource() -> None:
    foreign = chart(condition(subject="Patient/q"))
    assert foreign.resolve({"reference": "Condition/c"}, {}) is None
    modified = chart(condition(modifierExtension=[{"url": "x"}]))
    assert modified.resolve({"reference": "Condition/c"}, {}) is None


def test_a_resource_is_named_by_id_else_url_else_type() -> None:
    found = Chart("p", None, [Entry("urn:uuid:5", nameless := condition(None))], {})
    assert found.reference(nameless) == "urn:uuid:5"
    assert found.reference(condition()) == "Condition/c"
    assert found.reference(condition(None)) == "Condition"


def order(**members: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": "o", **members}


def medication(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m", "code": {"text": "Jylamvo"}, **members}


def test_a_medication_is_read_where_it_stands() -> None:
    found = chart(medication())
    inline = found.medication(order(medicationCodeableConcept={"text": "a"}))
    assert (inline.concept, inline.reference, inline.path, inline.lost) == (
        {"text": "a"},
        "MedicationRequest/o",
        "MedicationRequest.medicationCodeableConcept",
        None,
    )
    referred = found.medication(order(medicationReference={"reference": "Medication/m"}))
    assert (referred.concept, referred.reference, referred.path) == (
        {"text": "Jylamvo"},
        "Medication/m",
        "Medication.code",
    )
    inside = order(medicationReference={"reference": "#m"}, contained=[medication()])
    assert found.medication(inside).reference == "MedicationRequest/o"
    assert found.medication(inside).concept == {"text": "Jylamvo"}


def test_a_medication_that_cannot_be_had_is_lost_by_name() -> None:
    found = chart(condition("m"))
    gone = found.medication(order(medicationReference={"reference": "Medication/m", "display": "Jylamvo"}))
    assert (gone.concept, gone.lost) == (None, "Jylamvo")
    assert found.medication(order(medicationReference={"reference": "Medication/m"})).lost == "Medication/m"
    assert found.medication(order(medicationReference={"reference": "Condition/m"})).lost == "Condition/m"
    assert found.medication(order(medicationReference="Medication/m")).lost == "a medication"
    assert found.medication(order(medicationCodeableConcept="Jylamvo")).lost == "a medication"
    empty = order(medicationReference={"reference": "#m"}, contained=[{"resourceType": "Medication", "id": "m"}])
    assert found.medication(empty).lost == "#m"
    assert found.medication(order(medicationCodeableConcept={})).lost is None
    assert found.medication(order()).lost is None
    assert found.medication(order()).concept is None


def test_a_list_lacks_what_could_not_be_asked_or_was_not_whole() -> None:
    answers = {
        "Claim": Answered(CouldNotAsk("down")),
        "Condition": Answered(Had(complete=False)),
        "Coverage": Answered(Had()),
        "Observation": Answered(NothingThere()),
    }
    found = Chart("p", None, (), answers)
    told = {kind: found.lacking(kind) for kind in (*answers, "AdverseEvent")}
    assert told == {
        "Claim": "down",
        "Condition": "further pages could not be read",
        "Coverage": None,
        "Observation": None,
        "AdverseEvent": "not asked",
    }


@pytest.mark.parametrize(
    ("url", "reference", "found"),
    [
        ("urn:uuid:9", f"{BASE}/Condition/c", True),
        ("urn:uuid:9", "https://other.example.org/fhir/Condition/c", False),
        (None, f"{BASE}/Condition/c", True),
        (None, "https://other.example.org/fhir/Condition/c", False),
        ("https://other.example.org/fhir/Condition/c", f"{BASE}/Condition/c", False),
        ("https://other.example.org/fhir/Condition/c", "https://other.example.org/fhir/Condition/c", True),
    ],
)
def test_an_absolute_reference_is_followed_on_its_own_server(url: str | None, reference: str, found: bool) -> None:
    held = chart(condition(), server=BASE, urls={"c": url} if url else None)
    assert (held.resolve({"reference": reference}, {}) is not None) is found


def test_a_medication_that_is_lost_is_named_where_it_was_sought() -> None:
    order_ = {"resourceType": "MedicationRequest", "id": "o", "medicationReference": {"reference": "Medication/gone"}}
    found = chart().medication(order_)
    assert (found.concept, found.reference, found.path) == (None, "MedicationRequest/o", "MedicationRequest.medication")


def test_types_that_were_looked_at_are_noted() -> None:
    found = chart(condition())
    assert found.looked == set()
    found.of("Condition")
    found.answer("Observation")
    assert found.patient == PATIENT
    assert found.looked == {"Condition", "Observation", "Patient"}


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("Medication/m", "Medication/m"),
        (f"{BASE}/Medication/m", "Medication/m"),
        ("Medication/m/_history/2", "Medication/m"),
        ("Medication/" + "x" * 64, "Medication/" + "x" * 64),
    ],
)
def test_a_reference_that_leads_nowhere_is_sought_on_the_requests_server(reference: str, key: str) -> None:
    found = chart(server=BASE)
    assert found.resolve({"reference": reference}, {}) is None
    assert list(found.inquiry.sought) == [key]


@pytest.mark.parametrize(
    "reference",
    [
        "#m",
        "urn:uuid:0a1b",
        "https://other.example.org/fhir/Medication/m",
        "https://ehr.example.org/Medication/m",
        "Medication/..",
        "Medication/m?x=1",
        "Medication/a b",
        "Medication/" + "x" * 65,
        "../Medication/m",
        "medication/m",
        "m",
    ],
)
def test_what_is_not_surely_on_the_requests_server_is_never_sought(reference: str) -> None:
    found = chart(server=BASE)
    assert found.resolve({"reference": reference}, {}) is None
    assert not found.inquiry.sought


def test_a_reference_that_was_asked_for_is_not_sought_again_and_says_why_it_is_lost() -> None:
    asked = {"Medication/a": CouldNotAsk("refused"), "Medication/b": NothingThere(), "Condition?x=y": Had()}
    found = Chart("p", BASE, (), {}, asked=asked)
    for name in "abc":
        assert found.resolve({"reference": f"Medication/{name}"}, {}) is None
    assert list(found.inquiry.sought) == ["Medication/c"]
    assert [found.inquiry.lost(f"Medication/{name}") for name in "abc"] == [
        "refused",
        "the EHR's FHIR server has none",
        None,
    ]
    assert found.failures() == ("Medication/a: refused", "Medication/c: not sent by the EHR")


def test_another_patients_resource_is_not_sought_again() -> None:
    found = chart(condition(subject="Patient/q"), server=BASE)
    assert found.resolve({"reference": "Condition/c"}, {}) is None
    assert not found.inquiry.sought


def test_a_list_that_is_not_whole_says_why() -> None:
    found = Chart("p", None, (), {"Condition": Answered(Had(complete=False, why="the line broke"))})
    assert found.lacking("Condition") == "the line broke"
