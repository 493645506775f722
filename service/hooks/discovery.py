"""The services that are offered, and the prefetch they ask for: derived from the questions of the policies.

Templates use `{{context.patientId}}` alone and one value a parameter: what every client can resolve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.hooks import crd
from service.hooks.crd import Hook

SPECIFICATION = "2.0.1"

KEYS = {
    "Patient": "patient",
    "Condition": "conditions",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "MedicationDispense": "medicationDispenses",
    "AllergyIntolerance": "allergies",
    "AdverseEvent": "adverseEvents",
    "Observation": "observations",
    "Coverage": "coverages",
    "Claim": "claims",
    "ClaimResponse": "claimResponses",
    "ExplanationOfBenefit": "explanationsOfBenefit",
    "QuestionnaireResponse": "questionnaireResponses",
}
_BY_SUBJECT = frozenset({"AdverseEvent"})  # R4: this type has no search parameter `patient`


@dataclass(frozen=True, slots=True)
class Service:
    """A CDS service of the contract."""

    id: str
    hook: Hook
    title: str
    description: str


SERVICES = (
    Service(
        "prior-auth-order-sign",
        "order-sign",
        "Prior authorization at signing",
        "Evaluates the payer's written drug policy for each draft order, criterion by criterion, on the chart",
    ),
    Service(
        "prior-auth-order-select",
        "order-select",
        "Prior authorization at selection",
        "Evaluates the payer's written drug policy for each selected draft order, before it is signed",
    ),
)


def service(service_id: str) -> Service | None:
    """The service of an id; None for one that is not offered."""
    return next((s for s in SERVICES if s.id == service_id), None)


def template(kind: str) -> str:
    """The prefetch template of a resource type."""
    if kind == "Patient":
        return "Patient/{{context.patientId}}"
    parameter = "subject" if kind in _BY_SUBJECT else "patient"
    return f"{kind}?{parameter}={{{{context.patientId}}}}"


def discovery(resources: Iterable[str]) -> dict[str, object]:
    """The discovery answer (CDS Hooks 2.0.1) for policies that ask for these resource types."""
    prefetch = {KEYS[kind]: template(kind) for kind in resources}
    return {"services": [_offered(entry, prefetch) for entry in SERVICES]}


def _offered(entry: Service, prefetch: dict[str, str]) -> dict[str, object]:
    return {
        "hook": entry.hook,
        "title": entry.title,
        "description": entry.description,
        "id": entry.id,
        "version": SPECIFICATION,
        "usageRequirements": "FHIR R4. A chart that is sent whole in prefetch needs no call back.",
        "prefetch": prefetch,
        "extension": crd.declared(entry.hook),
    }
