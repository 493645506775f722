"""The draft orders as a Bundle."""

import pytest

from tests.doctor.desk import JSON, examined, note, notes, order_of, request


def test_the_drafts_are_counted_by_type() -> None:
    assert note(request(change={"medication_as": "draft"}), "drafts").says == "holds 1 MedicationRequest, 1 Medication"


@pytest.mark.parametrize(("drafts", "said"), [("x", "is a text"), ({"resourceType": "Patient"}, "is no Bundle")])
def test_drafts_that_are_no_bundle_are_named(drafts: object, said: str) -> None:
    body = request()
    body["context"]["draftOrders"] = drafts
    assert note(body, "drafts-no-bundle").says == said


def test_a_bundle_without_a_type_is_taken() -> None:
    body = request()
    del body["context"]["draftOrders"]["type"]
    assert note(body, "drafts-no-type").level == "fine"


def test_entries_without_a_resource_are_numbered() -> None:
    body = request()
    body["context"]["draftOrders"]["entry"].append({"fullUrl": "x"})
    found = note(body, "drafts-unreadable")
    assert "1 entries" in found.says
    assert "(entry 1)" in found.says


@pytest.mark.parametrize(
    ("entries", "code", "said"),
    [
        ([], "drafts-empty", "holds no entry"),
        ([{"resource": {"resourceType": "ServiceRequest"}}], "drafts-no-order", "holds 1 ServiceRequest"),
        ([{"resource": {"resourceType": "MedicationOrder"}}], "drafts-not-r4", "DSTU2"),
        ([{"resource": {"resourceType": "Gibberish"}}], "drafts-no-order", "1 another type"),
    ],
)
def test_drafts_without_an_order_are_named(entries: list[JSON], code: str, said: str) -> None:
    body = request()
    body["context"]["draftOrders"]["entry"] = entries
    assert said in note(body, code).says
    assert "no card" in examined(body).answer


def test_orders_that_are_skipped_foreign_or_nameless_are_named() -> None:
    body = request()
    order_of(body)["status"] = "cancelled"
    assert note(body, "order-skipped").at == "MedicationRequest/order-1"
    body = request()
    order_of(body)["subject"] = {"reference": "Patient/another"}
    assert note(body, "order-foreign").level == "wrong"
    body = request()
    del order_of(body)["id"]
    assert note(body, "order-no-id").at == "MedicationRequest at context.draftOrders.entry[0].resource"
    assert notes(request(), "order-no-id") == []
