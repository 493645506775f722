"""The bodies of `tests.bench`: order-sign requests of three sizes, with orders that the policy governs and all of
prefetch, made by rule; nobody in them exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from service.hooks.discovery import KEYS, SERVICES, template

JSON = dict[str, Any]

TODAY = date(2026, 3, 10)
PATIENT = "Patient/bench"
BASE = "https://ehr.example.org/fhir"
HL7 = "http://terminology.hl7.org/CodeSystem/"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SIGN = SERVICES[0]

# Codes and texts of a rheumatology clinic's charts; the first of each is what the orders are decided on.
CONDITIONS = (
    ("M06.9", "Rheumatoid arthritis, unspecified"),
    ("R13.10", "Dysphagia, unspecified"),
    ("I10", "Essential (primary) hypertension"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("M81.0", "Age-related osteoporosis without current pathological fracture"),
    ("K21.9", "Gastro-esophageal reflux disease without esophagitis"),
    ("E55.9", "Vitamin D deficiency, unspecified"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
)
DRUGS = (
    ("1946772", "methotrexate 25 MG/ML injectable solution"),
    ("4511", "folic acid"),
    ("314076", "lisinopril 10 MG oral tablet"),
    ("83367", "atorvastatin"),
    ("8640", "prednisone"),
    ("7646", "omeprazole"),
)
MEASURES = (
    ("8302-2", "Body height", "cm", 168),
    ("29463-7", "Body weight", "kg", 71),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 13),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 1),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 22),
    ("30341-2", "Erythrocyte sedimentation rate", "mm/h", 18),
)


@dataclass(frozen=True)
class Size:
    """How much a chart holds. `rich`: every resource with its identifiers, notes and ranges. `seconds`: how long an
    endpoint is called with it, roughly."""

    name: str
    conditions: int
    requests: int
    observations: int
    drafts: int
    rich: bool
    seconds: int


SIZES = (
    Size("small", 1, 1, 1, 1, False, 2),
    Size("typical", 20, 30, 40, 2, False, 8),
    Size("large", 150, 330, 1150, 2, True, 4),
)


def body(size: Size) -> bytes:
    """An order-sign request of a size, as JSON."""
    found = {
        "Condition": [_condition(n, size.rich) for n in range(size.conditions)],
        "MedicationRequest": [_past_request(n, size.rich) for n in range(size.requests)],
        "Observation": [_observation(n, size.rich) for n in range(size.observations)],
        "Coverage": [_coverage()],
    }
    prefetch: JSON = {key: _bundle(found.get(kind, []), kind) for kind, key in KEYS.items() if kind != "Patient"}
    drafts = [{"resource": _draft(n)} for n in range(size.drafts)]
    asked = {
        "hook": SIGN.hook,
        "hookInstance": "1f0c4c43-2a43-4f0b-9a55-6b9d1c5a0b7e",
        "context": {
            "userId": "Practitioner/prescriber",
            "patientId": "bench",
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": drafts},
        },
        "prefetch": {KEYS["Patient"]: _patient(), **prefetch},
    }
    return json.dumps(asked).encode()


def _bundle(resources: list[JSON], kind: str) -> JSON:
    link = template(kind).replace("{{context.patientId}}", "bench")
    bundle: JSON = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    bundle["link"] = [{"relation": "self", "url": f"{BASE}/{link}"}]
    if resources:
        bundle["entry"] = [_entry(resource) for resource in resources]
    return bundle


def _entry(resource: JSON) -> JSON:
    url = f"{BASE}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource}


def _concept(system: str, code: str, display: str) -> JSON:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _status(system: str, code: str) -> JSON:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def _filed(kind: str, number: int, rich: bool) -> JSON:
    """What every resource of a chart opens with."""
    filed: JSON = {"resourceType": kind, "id": f"{kind.lower()}-{number}"}
    if rich:
        filed["meta"] = {
            "versionId": "3",
            "lastUpdated": "2026-02-20T15:21:07.000-06:00",
            "source": "#a1b2c3d4e5f60718",
        }
        filed["identifier"] = [{"system": "urn:oid:2.16.840.1.113883.3.9999.7", "value": f"{kind}-{number:08}"}]
        filed["note"] = [
            {"time": "2026-02-20T15:21:07-06:00", "text": "Reviewed at the visit; no change to the plan. " * 3}
        ]
    return filed


def _patient() -> JSON:
    return {
        "resourceType": "Patient",
        "id": "bench",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.9999.1", "value": "MRN-0001"}],
        "active": True,
        "gender": "female",
        "birthDate": "1968-07-19",
        "address": [{"use": "home", "state": "OH", "country": "US"}],
    }


def _condition(number: int, rich: bool) -> JSON:
    code, display = CONDITIONS[number % len(CONDITIONS)]
    return {
        **_filed("Condition", number, rich),
        "clinicalStatus": _status("condition-clinical", "active"),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "category": [_status("condition-category", "problem-list-item")],
        "code": _concept(ICD10, code, display),
        "subject": {"reference": PATIENT},
        "onsetDateTime": "2024-11-05",
        "recordedDate": (TODAY - timedelta(days=30 + number)).isoformat(),
    }


def _past_request(number: int, rich: bool) -> JSON:
    code, display = DRUGS[number % len(DRUGS)]
    stopped = number % len(DRUGS) == 0
    found = {**_filed("MedicationRequest", number, rich), **_ordered(code, display, 5, "d", number)}
    found["status"] = "stopped" if stopped else "active"
    if stopped:
        found["statusReason"] = {"text": "Inadequate response after 16 weeks"}
    return found


def _draft(number: int) -> JSON:
    code, display = (("2671462", "Jylamvo 2 mg/mL oral solution"), ("1544383", "Rasuvo 10 mg/0.2 mL auto-injector"))[
        number
    ]
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "specialty": [_concept("http://nucc.org/provider-taxonomy", "207RR0500X", "Rheumatology Physician")],
    }
    return {
        "resourceType": "MedicationRequest",
        "id": f"draft-{number}",
        "contained": [role],
        "status": "draft",
        **_ordered(code, display, 10, "wk", -10),
        "requester": {"reference": "#role"},
        "reasonCode": [_concept(ICD10, *CONDITIONS[0])],
    }


def _ordered(code: str, display: str, dose: int, unit: str, ago: int) -> JSON:
    quantity = {"value": dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    return {
        "intent": "order",
        "category": [_status("medicationrequest-category", "community")],
        "medicationCodeableConcept": _concept(RXNORM, code, display),
        "subject": {"reference": PATIENT},
        "authoredOn": (TODAY - timedelta(days=ago + 10)).isoformat(),
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": unit}},
                "doseAndRate": [{"type": _status("dose-rate-type", "ordered"), "doseQuantity": quantity}],
            }
        ],
    }


def _observation(number: int, rich: bool) -> JSON:
    code, display, unit, value = MEASURES[number % len(MEASURES)]
    found = {
        **_filed("Observation", number, rich),
        "status": "final",
        "category": [_status("observation-category", "laboratory")],
        "code": _concept("http://loinc.org", code, display),
        "subject": {"reference": PATIENT},
        "effectiveDateTime": f"{TODAY - timedelta(days=1 + number)}T08:30:00-06:00",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }
    if rich:
        bounds = {side: {**found["valueQuantity"], "value": limit} for side, limit in (("low", 1), ("high", 200))}
        found["referenceRange"] = [{**bounds, "text": "1 to 200"}]
    return found


def _coverage() -> JSON:
    return {
        "resourceType": "Coverage",
        "id": "coverage-1",
        "status": "active",
        "type": _status("insurance-product-type", "medi"),
        "beneficiary": {"reference": PATIENT},
        "period": {"start": "2025-01-01"},
        "payor": [{"display": "Example Health Plan"}],
    }
