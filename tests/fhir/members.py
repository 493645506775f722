"""Small synthetic Coverages, and the membership that a chart of them tells."""

from datetime import date
from typing import Any

from service import plans as operator
from service.case import Membership
from service.fhir.coverage import choose_coverage, read_membership
from service.terminology import load
from tests.fhir.synthetic import JSON, ON, chart_of

PRODUCT = "http://terminology.hl7.org/CodeSystem/insurance-product-type"
SOPT = "https://nahdo.org/sopt"
PATIENT: JSON = {"resourceType": "Patient", "id": "pat-1"}


def coverage(identity: str = "c", start: Any = "2025-01-01", end: Any = None, **more: Any) -> JSON:
    """An active Coverage of the health plan."""
    period = {key: day for key, day in (("start", start), ("end", end)) if day is not None}
    held = {"status": "active", "payor": [{"display": "Health plan"}], "period": period}
    return {"resourceType": "Coverage", "id": identity, **held, **more}


def typed(*codes: tuple[str, str]) -> JSON:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def classed(*groups: JSON) -> JSON:
    """A Coverage of these classes."""
    return coverage(**{"class": list(groups)})


def group(kind: str, value: str) -> JSON:
    return {"type": {"coding": [{"code": kind}]}, "value": value}


def member(*listed: JSON, plans: str = "", patient: JSON | None = None, on: date = ON) -> Membership:
    """What the Coverage chosen on a day tells, by an operator's table written as TOML."""
    chart = chart_of(*listed, *([patient] if patient else []))
    found, _ = choose_coverage(chart, on)
    return read_membership(chart, found, on=on, plans=operator.parse(plans), terms=load())
