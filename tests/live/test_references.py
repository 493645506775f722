"""What an order or a chart refers to is read from the FHIR server, and is as good as what stands beside it."""

import copy
import json

import pytest

from tests.fhir_server import load
from tests.live.hospital import APPROVABLE, HELD, JSON, TAGS, Hospital, bare, counting, determinations, draft, of
from tests.test_fixtures import Fixture

pytest_plugins = ("tests.live.servers",)


def medication_of(record: JSON, identity: str) -> JSON:
    """Move the drug of a record into a Medication, to which the record then refers."""
    code = record.pop("medicationCodeableConcept")
    record["medicationReference"] = {"reference": f"Medication/{identity}"}
    return {"resourceType": "Medication", "id": identity, "code": code}


def aside(found: list[JSON]) -> list[JSON]:
    """Determinations without where their evidence stands: a contained resource is named by the one that holds it."""
    told = copy.deepcopy(found)
    for evidence in (e for d in told for row in (*d["criteria"], *d["safety"]) for e in row["evidence"]):
        evidence["reference"] = evidence["path"] = ""
    return told


@pytest.mark.parametrize("prefetched", [True, False])
def test_an_orders_medication_is_read_from_the_server(prefetched: bool, hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    medication = medication_of(draft(request), "read-order")
    hospital.server.put(medication)
    fetched = hospital.cards(request if prefetched else bare(request))
    assert aside(determinations(fetched)) == aside(whole)
    request["context"]["draftOrders"]["entry"].append({"resource": medication})
    assert hospital.told(request) == determinations(fetched)


def test_an_orders_medication_contained_is_as_good_as_read(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    medication = medication_of(draft(request), "read-or-contained")
    hospital.server.put(medication)
    fetched = hospital.told(bare(request))
    draft(request)["contained"].append(medication)
    draft(request)["medicationReference"] = {"reference": "#read-or-contained"}
    assert aside(hospital.told(bare(request))) == aside(fetched)


def test_an_absolute_reference_to_a_medication_on_the_same_server_is_read(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    hospital.server.put(medication_of(draft(request), "read-absolute"))
    draft(request)["medicationReference"] = {"reference": f"{hospital.server.base}/Medication/read-absolute"}
    assert aside(hospital.told(bare(request))) == aside(whole)


def test_a_medication_that_the_server_does_not_hold_fails_the_precondition(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    medication_of(draft(request), "read-nowhere")
    response = hospital.ask(bare(request))
    assert response.status_code == 412
    assert response.get_json()["issue"][0]["expression"] == ["context.draftOrders"]


def test_a_medication_of_another_server_is_not_asked_for_there(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    with counting() as (base, calls):
        draft(request).pop("medicationCodeableConcept")
        draft(request)["medicationReference"] = {"reference": f"{base}/Medication/elsewhere"}
        assert hospital.ask(bare(request)).status_code == 412
    assert calls == []


CONTINUED = [fixture for fixture in HELD if fixture.name.startswith("continued-")]


@of(CONTINUED)
@pytest.mark.parametrize("prefetched", [True, False])
def test_the_medications_of_the_history_are_read_from_the_server(
    fixture: Fixture, prefetched: bool, hospital: Hospital
) -> None:
    request = load(hospital.server, fixture.request, f"history{TAGS[fixture.name]}")
    whole = hospital.told(request, fixture)
    records = [
        entry["resource"]
        for key in ("medicationRequests", "medicationStatements", "medicationDispenses")
        for entry in request["prefetch"][key].get("entry", [])
    ]
    assert records
    hospital.server.put(*(medication_of(record, f"of-{record['id']}") for record in records))
    hospital.server.put(*records)
    fetched = hospital.told(request if prefetched else bare(request), fixture)
    assert aside(fetched) == aside(whole)


def uncontained(request: JSON, role: str) -> JSON:
    """Take the role that the order contains out of it, under an id of its own; the order then refers to nobody."""
    order = draft(request)
    (found,) = order.pop("contained")
    order.pop("requester")
    return {**found, "id": role, "practitioner": {"reference": f"Practitioner/of-{role}"}}


@pytest.mark.parametrize("prefetched", [True, False])
def test_the_requesters_role_is_read_from_the_server(prefetched: bool, hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    hospital.server.put(uncontained(request, "role-read"))
    draft(request)["requester"] = {"reference": "PractitionerRole/role-read"}
    assert aside(hospital.told(request if prefetched else bare(request))) == aside(whole)


def test_the_roles_of_a_requester_are_found_on_the_server(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    hospital.server.put(uncontained(request, "role-found"))
    hospital.server.put({"resourceType": "Practitioner", "id": "of-role-found"})
    draft(request)["requester"] = {"reference": "Practitioner/of-role-found"}
    assert aside(hospital.told(bare(request))) == aside(whole)


def test_the_qualification_of_a_requester_is_read_from_the_server(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    specialty = uncontained(request, "unused")["specialty"][0]
    qualified = {"resourceType": "Practitioner", "id": "qualified", "qualification": [{"code": specialty}]}
    hospital.server.put(qualified)
    draft(request)["requester"] = {"reference": "Practitioner/qualified"}
    assert aside(hospital.told(bare(request))) == aside(whole)


def test_the_role_of_the_user_who_is_signed_in_is_read_where_the_order_names_nobody(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    hospital.server.put(uncontained(request, "role-user"))
    request["context"]["userId"] = "PractitionerRole/role-user"
    told = hospital.told(bare(request))
    assert [(d["status"], d["pathway"]) for d in told] == [(d["status"], d["pathway"]) for d in whole]


def test_the_condition_that_an_order_is_for_is_read_where_the_list_does_not_hold_it(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    reason = draft(request)["reasonReference"][0]["reference"]
    listed = request["prefetch"]["conditions"]
    listed["entry"] = [e for e in listed["entry"] if f"Condition/{e['resource']['id']}" != reason]
    listed["total"] = len(listed["entry"])
    assert hospital.told(request) == whole


def test_the_condition_of_another_patient_is_not_taken_for_the_orders_reason(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    other = load(hospital.server, APPROVABLE.request, "someone-else")
    draft(request)["reasonReference"] = copy.deepcopy(draft(other)["reasonReference"])
    (told,) = hospital.told(bare(request))
    assert "someone-else" not in json.dumps(told)
