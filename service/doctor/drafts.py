"""The draft orders as a Bundle: which are orders, and which entries hold nothing that can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from service.doctor.body import called
from service.doctor.given import Given
from service.doctor.report import Note
from service.fhir.elements import Json, child, items, text
from service.fhir.order import addressed, skipped

_AT = "context.draftOrders"


def drafts(given: Given) -> Iterator[Note]:
    """The notes on context.draftOrders; its absence is told with the context."""
    context = given.body.get("context")
    if not isinstance(context, dict) or "draftOrders" not in context:
        return
    bundle = context["draftOrders"]
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        said = f"is {called(bundle)}" if not isinstance(bundle, dict) else "is no Bundle"
        yield Note("wrong", "drafts-no-bundle", _AT, said, "Send a Bundle with the drafts as entry[].resource.")
        return
    if text(bundle, "type") is None:
        said = "has no type: the service takes it, FHIR asks for one"
        yield Note("fine", "drafts-no-type", _AT, said, "Send type: collection.")
    yield from _entries(given, bundle)
    for order in given.chart.drafts("MedicationRequest"):
        yield from _order(given, order)


def _entries(given: Given, bundle: Json) -> Iterator[Note]:
    if given.request.unreadable:
        listed = items(bundle, "entry")
        bad = [
            n for n, e in enumerate(listed) if "resourceType" not in child(e, "resource") and "resourceType" not in e
        ]
        said = f"{given.request.unreadable} entries hold no resource that can be read"
        where = f" (entry {', '.join(map(str, bad[:5]))})" if bad else ""
        yield Note("wrong", "drafts-unreadable", _AT, said + where, "Send entry[].resource with its resourceType.")
    kinds = Counter(given.quotes.kind(e.resource["resourceType"]) for e in given.request.drafts)
    if not kinds:
        yield Note("look", "drafts-empty", _AT, "holds no entry: there is nothing to evaluate, and no card")
        return
    held = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    if "MedicationOrder" in kinds:
        said, mend = f"holds {held}: MedicationOrder is FHIR DSTU2", "Send FHIR R4: MedicationRequest."
        yield Note("wrong", "drafts-not-r4", _AT, said, mend)
    elif "MedicationRequest" not in kinds:
        yield Note(
            "look", "drafts-no-order", _AT, f"holds {held}; only MedicationRequest is evaluated, so no card comes"
        )
    else:
        yield Note("fine", "drafts", _AT, f"holds {held}")


def _order(given: Given, order: Json) -> Iterator[Note]:
    where = given.where(order)
    if text(order, "id") is None:
        mend = "Give each draft an id: cards name orders by it."
        yield Note("look", "order-no-id", where, "has no id", mend)
    if skipped(order):
        said = "asks for nothing (by status, or doNotPerform): it is not evaluated"
        yield Note("fine", "order-skipped", where, said)
    if not addressed(order, given.chart):
        said = "its subject is not the patient of context.patientId: it is not evaluated"
        mend = "subject must be Patient/<context.patientId>, relative or absolute on fhirServer."
        yield Note("wrong", "order-foreign", where, said, mend)
