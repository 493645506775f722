"""The request of Da Vinci DTR's `$questionnaire-package`: a Parameters resource, read for what a form is chosen by.

Unknown parameters are ignored; the resources in it stay as they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.fhir.elements import Json, child, items, text
from service.hooks.request import Invalid


@dataclass(frozen=True, slots=True)
class Asked:
    """`canonicals` name forms; `context` is a coverage-assertion-id; `coverage` and `order` say for what, `subject` is
    the reference of the patient."""

    canonicals: tuple[str, ...]
    context: str | None
    coverage: Json
    order: Json
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
    order = orders[0] if orders else {}
    subject = text(child(order, "subject"), "reference") or text(child(coverage[0], "beneficiary"), "reference")
    if subject is None:
        raise Invalid("neither the order nor the coverage says whose it is", "Parameters.parameter")
    asked = Asked(
        tuple(one for one in canonicals if one),
        next((one for one in contexts if one), None),
        coverage[0],
        order,
        subject,
    )
    if not (asked.canonicals or asked.context or asked.order):
        raise Invalid("one of order, questionnaire and context is required", "Parameters.parameter")
    return asked


def _resources(given: list[Json], name: str, kind: str) -> list[Json]:
    found = [child(one, "resource") for one in given if text(one, "name") == name]
    return [one for one in found if one.get("resourceType") == kind]
