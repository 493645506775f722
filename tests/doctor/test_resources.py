"""Single resources: refused, modified, of another patient, repaired."""

from tests.doctor.desk import JSON, note, notes, order_of, request


def _with(condition: JSON) -> JSON:
    body = request()
    own = {"resourceType": "Condition", "id": "odd", "subject": {"reference": "Patient/pat-1"}}
    body["prefetch"]["conditions"]["entry"].append({"resource": own | condition})
    return body


def test_an_element_that_the_models_refuse_is_named() -> None:
    found = note(_with({"onsetDateTime": "2026-13-45"}), "refused")
    assert found.at == "Condition/odd"
    assert found.says.startswith("Condition.onsetDateTime")


def test_a_modifier_is_named() -> None:
    assert note(_with({"modifierExtension": [{"url": "urn:x"}]}), "modifier").at == "Condition/odd"


def test_another_patients_records_are_named_and_counted() -> None:
    body = _with({"subject": {"reference": "Patient/another"}})
    assert note(body, "foreign").at == "Condition/odd"
    for n in range(6):
        other = {"resourceType": "Condition", "id": f"o{n}", "subject": {"reference": "Patient/another"}}
        body["prefetch"]["conditions"]["entry"].append({"resource": other})
    assert (
        note(body, "foreign").at == "Condition/odd, Condition/o0, Condition/o1, Condition/o2, Condition/o3 and 2 more"
    )


def test_the_patient_of_another_id_is_wrong_where_the_patients_own_is_not_sent() -> None:
    body = request()
    body["prefetch"]["patient"]["id"] = "another"
    assert note(body, "patient-foreign").level == "wrong"
    body = request()
    body["prefetch"]["extra"] = {"resourceType": "Patient", "id": "another"}
    assert note(body, "patient-foreign").level == "look"


def test_repairs_are_named_by_element() -> None:
    body = request()
    order_of(body)["reasonCode"] = order_of(body)["reasonCode"][0]
    found = note(body, "repaired")
    assert found.at == "MedicationRequest/order-1"
    assert found.says == "MedicationRequest.reasonCode is no list: repaired before reading"
    assert notes(request(), "repaired") == []
