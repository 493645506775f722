"""Claims for a product, and whether they were paid: explanations of benefit, and claim responses with their claims.

Which product an item is, is asked of the caller; how old a claim may be is the policy's matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from service.case import Supply
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.coverage import Coverage
from service.fhir.elements import Json, Span, child, code_of, codings, flag, items, label, number, span, text

# Whether a CodeableConcept is the product; the reference and the path say where it stands.
Recognises = Callable[[Json, str, str], bool]

_DENIED = re.compile(r"\b(?:den(?:y|ied|ial)|reject)", re.IGNORECASE)
_DENIAL_REASON = "denialreason"  # CARIN Blue Button, C4BBAdjudicationDiscriminator


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a product: every one is a sign of it; the paid ones that are dated are supplies."""

    signs: tuple[Evidence, ...]
    supplies: tuple[Supply, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Billed:
    """What was billed: the record that tells its outcome, and the bill (the same, or the Claim that it answers)."""

    bill: Json
    record: Json | None


def read_claims(chart: Chart, *, on: date, coverage: Coverage | None, recognises: Recognises) -> Claims:
    """The product's claims with `use` claim and status active (reading 11, 15). Paid is a complete outcome that names
    no denial, `covered` that the bill's insurance is the Coverage chosen."""
    signs: list[Evidence] = []
    supplies: list[Supply] = []
    remarks: list[str] = []
    for billed in _billed(chart, remarks):
        for item in _of_product(billed.bill, chart, recognises):
            evidence, unpaid = _evidence(item, billed, chart), _unpaid(item, billed)
            signs.append(evidence)
            days = _serviced(item)
            if unpaid:
                remarks.append(f"{evidence.reference} {unpaid}")
            elif days is None:
                remarks.append(f"{evidence.reference} has no serviced date")
            else:
                supplies.append(Supply("claim", settle(days, on), _covered(billed.bill, chart, coverage), evidence))
    return Claims(tuple(dict.fromkeys(signs)), tuple(supplies), tuple(dict.fromkeys(remarks)))


def settle(days: Span, on: date) -> date:
    """One day for the days that a partial date can mean, such that it lies in a window that ends `on` only where all
    of them do: the last where it is later than `on`, else the first."""
    return days.last if days.last > on else days.first


def _billed(chart: Chart, remarks: list[str]) -> Iterator[_Billed]:
    for record in chart.of("ExplanationOfBenefit"):
        if _counts(record):
            yield _Billed(record, record)
    answered: list[Json] = []
    lost: list[str] = []
    for record in chart.of("ClaimResponse"):
        claim = chart.resolve(child(record, "request"), record)
        if not _counts(record):
            continue
        if claim is None or claim.get("resourceType") != "Claim":
            lost.append(chart.reference(record))
        elif _counts(claim):
            answered.append(claim)
            yield _Billed(claim, record)
    for claim in chart.of("Claim"):
        if _counts(claim) and not any(claim is other for other in answered):
            yield _Billed(claim, None)
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        remarks.append(f"{lost[0]}{more} answers a claim that could not be had, and does not count")


def _counts(record: Json) -> bool:
    return code_of(record.get("use")) == "claim" and code_of(record.get("status")) == "active"


def _of_product(bill: Json, chart: Chart, recognises: Recognises) -> list[Json]:
    where, path = chart.reference(bill), f"{bill.get('resourceType')}.item.productOrService"
    return [item for item in items(bill, "item") if recognises(child(item, "productOrService"), where, path)]


def _evidence(item: Json, billed: _Billed, chart: Chart) -> Evidence:
    kind, days = billed.bill.get("resourceType"), _serviced(item)
    told = billed.record if billed.record is not None else billed.bill
    path = f"{kind}.item.productOrService" if told is billed.bill else "ClaimResponse.request"
    paid = "Paid claim" if _unpaid(item, billed) is None else "Claim"
    dated = days.first.isoformat() if days and days.first == days.last else None
    return Evidence(chart.reference(told), path, f"{paid} for {label(child(item, 'productOrService'))}", dated)


def _serviced(item: Json) -> Span | None:
    """The day of service; of a period its first day."""
    return span(text(item, "servicedDate")) or span(text(child(item, "servicedPeriod"), "start"))


def _unpaid(item: Json, billed: _Billed) -> str | None:
    """Why an item is not known to be paid: `complete` says that it was adjudicated, also where it was denied."""
    record = billed.record
    if record is None:
        return "has no answer on record"
    outcome = code_of(record.get("outcome"))
    if outcome != "complete":
        return f"is not paid: its outcome is {outcome or 'not on record'}"
    sequence = number(item, "sequence")
    answers = [item] if record is billed.bill else items(record, "item")
    own = [a for a in answers if a is item or number(a, "itemSequence") == sequence]
    reasons = {c.code for a in own for part in items(a, "adjudication") for c in codings(child(part, "category"))}
    if _DENIAL_REASON in reasons or _DENIED.search(text(record, "disposition") or ""):
        return "names a denial, and is not known to be paid"
    return None


def _covered(bill: Json, chart: Chart, coverage: Coverage | None) -> bool | None:
    """Whether the bill went to the Coverage chosen. Of several insurances the focal one was billed."""
    if coverage is None:
        return None
    listed = items(bill, "insurance")
    focal = [i for i in listed if flag(i, "focal") is not False] or listed
    billed = [_insured(child(i, "coverage"), bill, chart) for i in focal]
    if any(found is coverage.resource for found in billed):
        return True
    return None if not billed or None in billed else False


def _insured(reference: Json, bill: Json, chart: Chart) -> Json | None:
    """The Coverage that a bill names; a contained copy does not tell which of the chart's it is."""
    contained = (text(reference, "reference") or "").startswith("#")
    return None if contained else chart.resolve(reference, bill)
