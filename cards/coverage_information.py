"""A filing said in FHIR: the coverage-information extension of Da Vinci CRD 2.2.1 and 2.0.1, and the system action that
puts it on the draft order. Knows filings and no determination; the order is JSON that is never touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from cards.card import Version
from cards.plain import cut, one_line
from service.filing import EXTENSION, Filing

Json = dict[str, Any]

URL = EXTENSION
_TEMPORARY = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
_DETAIL = {"2.0": _TEMPORARY, "2.2": "http://terminology.hl7.org/CodeSystem/crd-coverage-detail"}
_REASON = 300  # code points
_RATES = {"week": "/wk", "dose": ""}
_COVERAGE = re.compile(r"(?:^|/)(Coverage/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")
_SAYS = {
    "approvable": "The record meets the policy's criteria; an authorization is still to be requested",
    "granted": "The record meets the policy's criteria",
    "documentation": "Needed:",
    "unmet": "Not met:",
    "elsewhere": "Another policy decides this use:",
    "daily": "The order reads as daily dosing of a drug that is dosed weekly; please correct the frequency",
    "no-active-coverage": "No coverage on record is in force on the day of the order",
}
_INSTRUCTIONS = "Request the authorization; what the criteria ask for is on record"


def system_action(order: Json, filing: Filing, version: Version) -> Json | None:
    """The update that files on a draft order; None for an order without an id, and where its own coverage-information
    for this coverage says the same already (CRD 2.2.1, resp-35)."""
    if not isinstance(order.get("id"), str) or not order["id"].strip():
        return None
    said = extension(filing, version)
    carried = [e for e in _extensions(order) if _own(e, filing)]
    if carried and all(_same(_answer(one), _answer(said)) for one in carried):
        return None
    others = [e for e in _extensions(order) if not _own(e, filing)]
    return {
        "type": "update",
        "description": "Coverage information of the payer's policy, added to the order",
        "resource": {**order, "extension": [*others, said]},
    }


def number_of(order: Mapping[str, Any], coverage: str) -> str | None:
    """The authorization number that an order carries for a coverage."""
    for one in _extensions(order):
        if _files(one, coverage):
            for part in _parts(one):
                if part.get("url") == "satisfied-pa-id" and isinstance(part.get("valueString"), str):
                    return str(part["valueString"])
    return None


def _extensions(holder: Mapping[str, Any]) -> list[Any]:
    """The extensions of an order or an extension; a lone object stands for a list of one (clients send it), and what
    is neither for none."""
    found = holder.get("extension")
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def _own(extension: Any, filing: Filing) -> bool:
    """Whether an extension is an earlier answer of this filing's thread: by its coverage, or by the thread's own id."""
    named = {"url": "coverage-assertion-id", "valueString": filing.assertion}
    of_thread = isinstance(extension, dict) and extension.get("url") == URL and named in _parts(extension)
    return of_thread or _files(extension, filing.coverage)


def _files(extension: Any, coverage: str) -> bool:
    """Whether an extension is coverage-information for a coverage."""
    if not isinstance(extension, dict) or extension.get("url") != URL:
        return False
    named = (part.get("valueReference") for part in _parts(extension) if part.get("url") == "coverage")
    return any(isinstance(one, dict) and _points_at(one.get("reference"), coverage) for one in named)


def _points_at(reference: Any, coverage: str) -> bool:
    """Whether two references are to one Coverage: relative or absolute, of whatever version."""
    return isinstance(reference, str) and _key(reference) == _key(coverage)


def _key(reference: str) -> str:
    found = _COVERAGE.search(reference)
    return found[1] if found else reference


def _parts(extension: Json) -> list[Json]:
    return [part for part in _extensions(extension) if isinstance(part, dict)]


def _answer(extension: Json) -> list[Json]:
    """What an extension says, but for the day it was said on."""
    return [part for part in _parts(extension) if part.get("url") != "date"]


def _same(one: list[Json], other: list[Json]) -> bool:
    """Whether two answers say the same, in whatever order."""
    return len(one) == len(other) and all(part in other for part in one)


def extension(filing: Filing, version: Version) -> Json:
    """The extension of one filing in a version's shape (digest 2.3; the invariants of both versions hold)."""
    parts: list[Json] = [
        {"url": "coverage", "valueReference": {"reference": filing.coverage}},
        {"url": "covered", "valueCode": filing.covered},
    ]
    if filing.authorization:
        parts.append({"url": "pa-needed", "valueCode": filing.authorization})
    if filing.documents:
        parts += [{"url": "doc-needed", "valueCode": "clinical"}, {"url": "doc-purpose", "valueCode": "withpa"}]
    if filing.open:
        parts.append({"url": "info-needed", "valueCode": "OTH"})
    parts.append({"url": "reason", "valueCodeableConcept": _reason(filing, version)})
    parts += _details(filing, version)
    if filing.documents and filing.questionnaire:
        parts.append({"url": "questionnaire", "valueCanonical": filing.questionnaire})
    parts += [
        {"url": "date", "valueDate": filing.on.isoformat()},
        {"url": "coverage-assertion-id", "valueString": filing.assertion},
    ]
    if filing.number:
        parts.append({"url": "satisfied-pa-id", "valueString": filing.number})
    if filing.expires and version == "2.2":
        parts.append({"url": "expiry-date", "valueDate": filing.expires.isoformat()})
    return {"url": URL, "extension": parts}


def _reason(filing: Filing, version: Version) -> Json:
    said = _listed(one_line(_SAYS[filing.why]), [one_line(detail) for detail in filing.details])
    if filing.why == "no-active-coverage" and version == "2.2":
        return {"coding": [{"system": _TEMPORARY, "code": filing.why}], "text": said}
    return {"text": said}


def _listed(opening: str, items: list[str]) -> str:
    """The opening and as many whole items as there is room for: a criterion's number cut short is another's."""
    for shown in range(len(items), 0, -1):
        rest = len(items) - shown
        said = f"{opening} {'; '.join(items[:shown])}{f'; and {rest} more' if rest else ''}"
        if len(said) <= _REASON:
            return said
    return cut(f"{opening} {'; '.join(items)}", _REASON) if items else opening.rstrip(":")


def _details(filing: Filing, version: Version) -> Iterable[Json]:
    if filing.period:
        start, end = (day.isoformat() for day in filing.period)
        yield _detail("allowed-period", "cat-limitation", {"valuePeriod": {"start": start, "end": end}}, version)
    if filing.limit:
        limit = filing.limit
        unit = f"{limit.unit}{_RATES[limit.per]}"
        value = {"value": _plain(limit.value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        each = "a week" if limit.per == "week" else "a dose"
        told = _detail("allowed-quantity", "cat-limitation", {"valueQuantity": value}, version)
        yield told | {"extension": [*told["extension"], _qualified(f"At most, {each} ({limit.criterion})")]}
    if version == "2.2" and filing.why == "approvable":
        yield _detail("instructions", "cat-other", {"valueString": _INSTRUCTIONS}, version)
    if version == "2.2" and filing.policy_url:
        yield _detail("policy-link", "cat-other", {"valueUrl": filing.policy_url}, version)


def _plain(value: Decimal) -> Decimal:
    """A number as people write it: no exponent."""
    return Decimal(f"{value.normalize():f}")


def _qualified(said: str) -> Json:
    return {"url": "qualification", "valueString": said}


def _detail(code: str, category: str, value: Json, version: Version) -> Json:
    concept = {"coding": [{"system": _DETAIL[version], "code": code}]}
    first: list[Json] = [{"url": "category", "valueCode": category}] if version == "2.2" else []
    return {
        "url": "detail",
        "extension": [*first, {"url": "code", "valueCodeableConcept": concept}, {"url": "value", **value}],
    }
