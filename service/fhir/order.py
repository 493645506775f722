"""An order as such: which drafts are evaluated, on which day, whose they are, and what keeps one from it."""

from __future__ import annotations

import hashlib
from datetime import date

from service import wire
from service.dose import Dose
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, day, flag, text

_SKIPPED = frozenset({"cancelled", "stopped", "completed", "entered-in-error"})
_TOLERATED = frozenset(
    {"dosageInstruction", "requester", "reasonCode", "reasonReference"}
    | {"authoredOn", "dispenseRequest", "status", "statusReason"}
)
_EARLIEST = 1900  # years: an order dated before is misdated


def skipped(order: Json) -> bool:
    """Whether a draft asks for nothing: not to be performed, or no longer an order (reading, section 3)."""
    status = (text(order, "status") or "").lower()
    return flag(order, "doNotPerform") is True or status in _SKIPPED


def evaluated_on(order: Json, today: date) -> date:
    """The date of `authoredOn` (its first ten characters) unless it lies in the future, else today."""
    authored = day(order.get("authoredOn"))
    return authored if authored and authored <= today and authored.year >= _EARLIEST else today


def addressed(order: Json, chart: Chart) -> bool:
    """Whether an order is for this chart's patient; one without a subject is, in the context of the request."""
    return order.get("subject") is None or chart.names_patient(child(order, "subject"))


def obstacle(order: Json, chart: Chart) -> str | None:
    """Why an order cannot be evaluated, in words: a modifier, or an element that cannot be read; None where it can.

    A fault in the other elements is none: it leaves the dose, the specialty or the diagnosis unknown, or what is asked
    for unsaid."""
    if not chart.unmodified(order):
        return "it carries a modifier that this service does not know"
    refused = [element for element in chart.refused(order) if element not in _TOLERATED]
    return f"its {', '.join(refused)} could not be read" if refused else None


def ordered(order: Json, dose: Dose, chart: Chart) -> str:
    """What an order orders: a digest of its medicine, wherever that stands, and of its dose as read; where that could
    not be read, of its instructions as they stand."""
    read = [[str(part) for part in step] for step in dose.steps] if not dose.contradicted else []
    taken = {"dose": read, "per week": str(dose.most_per_week)} if read else order.get("dosageInstruction")
    return digest({"medicine": chart.medication(order).concept, "taken": taken})


def digest(value: Json) -> str:
    """A digest of JSON (64 hex digits), whatever the order of its members."""
    return hashlib.sha256(wire.encode({name: value[name] for name in sorted(value)})).hexdigest()
