"""The request of Da Vinci DTR's `$questionnaire-package`: a Parameters resource, read for what a form is chosen by.

Unknown parameters are ignored; the resources in it stay as they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.fhir.elements import Json, child, items, text
from service.filing import EXTENSION
from service.hooks.request import Invalid

_ASSERTION = "coverage-assertion-id"
_MOST = 20  # forms, contexts and orders that one package is asked for


@dataclass(frozen=True, slots=True)
class Asked:
    """`canonicals` name forms; `context` is a coverage-assertion-id, `carried` are those that the orders carry from an
    earlier answer (CRD 2.2.1, resp-46); `coverage` and `orders` say for what, `subject` is the patient's reference."""

    canonicals: tuple[str, ...]
    context: str | None
    carried: tuple[str, ...]
    coverage: Json
    orders: tuple[Json, ...]
    subject: str


def parse(value: Any) -> Asked:
    """What is asked for; raises Invalid for what is no Parameters, or names neither a form nor a context."""
    if not isinstance(value, dict) or value.get("resourceType") != "Parameters":
        raise Invalid("the body must be a Parameters resource", "Parameters")
    given = [one for one in items(value, "parameter") if isinstance(one, dict)]
    coverage = _resources(given, "coverage", "Coverage")
    if not coverage:
        raise Invalid("a coverage is required", "Parameters.parameter")
    canonicals = [text(one, "valueCanonical") for one in given if text(one, "name") == "questionnaire"]
    contexts = [text(one, "valueString") for one in given if text(one, "name") == "context"]
    orders = _resources(given, "order", "MedicationRequest")
    subject = _subject([child(order, "subject") for order in orders] + [child(coverage[0], "beneficiary")])
    context = next((one for one in contexts if one), None)
    named = tuple(dict.fromkeys(one for one in canonicals if one))
    if not (named or context or orders):
        others = any(child(one, "resource") for one in given if text(one, "name") == "order")
        required = "one of order, questionnaire and context is required"
        raise Invalid("only MedicationRequests have forms" if others else required, "Parameters.parameter")
    carried = tuple(dict.fromkeys(one for order in orders for one in _carried(order)))
    if max(len(named), len(orders), len(carried)) > _MOST:
        raise Invalid(f"at most {_MOST} of a kind are packaged at once", "Parameters.parameter")
    return Asked(named, context, carried, coverage[0], tuple(orders), subject)


def _subject(named: list[Json]) -> str:
    """The one patient that orders and coverage are about."""
    found = [one for reference in named if (one := text(reference, "reference"))]
    if not found:
        raise Invalid("neither the order nor the coverage says whose it is", "Parameters.parameter")
    if len({one.rsplit("/", 1)[-1] for one in found}) > 1:
        raise Invalid("the orders and the coverage are not of one patient", "Parameters.parameter")
    return found[0]


def _carried(order: Json) -> list[str]:
    """The coverage-assertion-ids of an order's coverage information."""
    filed = [one for one in items(order, "extension") if text(one, "url") == EXTENSION]
    parts = [part for one in filed for part in items(one, "extension")]
    return [said for part in parts if text(part, "url") == _ASSERTION and (said := text(part, "valueString"))]


def _resources(given: list[Json], name: str, kind: str) -> list[Json]:
    found = [child(one, "resource") for one in given if text(one, "name") == name]
    return [one for one in found if one.get("resourceType") == kind]
