"""The Coverage chosen for each day that an order is decided on, the line of business, and what would settle it.

Names of payors and plans are shown, members' numbers are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.case import Membership
from service.doctor.discretion import WITHHELD
from service.doctor.given import Given
from service.doctor.orders import governed
from service.doctor.report import Note
from service.fhir.coverage import choose_coverage, read_membership
from service.fhir.elements import Json, child, code_of, codings, items, span, text, texts
from service.fhir.order import evaluated_on

_STATUSES = frozenset({"active", "cancelled", "draft", "entered-in-error"})
_MEND = (
    "Send Coverage.type of http://terminology.hl7.org/CodeSystem/insurance-product-type or of the payment typology "
    "(https://nahdo.org/sopt), or put this row into the file that COUNTERSIGN_PLANS names, with the line filled in:"
)


def coverages(given: Given) -> Iterator[Note]:
    """The notes on the coverage of governed orders, one dated back on its own day; of a refused request, what came."""
    days = {evaluated_on(order, given.today) for order, _ in governed(given)}
    if given.refused is not None and given.chart.of("Coverage"):
        days |= {given.today}
    for on in sorted(days):
        yield from _on(given, on)


def _on(given: Given, on: date) -> Iterator[Note]:
    chart, listed = given.chart, given.chart.of("Coverage")
    chosen, _ = choose_coverage(chart, on)
    for coverage in listed:
        if chosen is None or coverage is not chosen.resource:
            said = f"does not decide on {on.isoformat()}: {_passed(coverage, on)}"
            yield Note("fine", "coverage-passed", given.where(coverage), said)
    if chosen is None:
        said = f"none is in force on {on.isoformat()} ({len(listed)} seen): the line of business is not known"
        mend = "Send the member's active Coverage (status active, a period that holds the day)."
        yield Note("look", "coverage-none", "Coverage", said, mend)
        return
    where, coverage = given.where(chosen.resource), chosen.resource
    member = read_membership(chart, chosen, on=on, plans=given.office.plans, terms=given.office.terms)
    state = _state(member)
    if member.line:
        yield Note("fine", "line", where, f"decides on {on.isoformat()}: line of business {member.line}{state}")
    elif member.outside:
        said = f"decides on {on.isoformat()}: a line that no policy covers (Medicare, say), so no coverage card comes"
        yield Note("fine", "line-outside", where, said)
    else:
        said = (
            f"decides on {on.isoformat()}, but its line of business is not known{state}; seen: {_seen(given, coverage)}"
        )
        yield Note("look", "line-unknown", where, said, _MEND, _row(given, coverage))


def _state(member: Membership) -> str:
    """The state of the plan; one read off the patient's address is known, and not told."""
    if member.state is None:
        return ", state not known"
    at_home = any(evidence.path.startswith("Patient.") for evidence in member.state_evidence)
    return ", state known by the home address" if at_home else f", state {member.state}"


def _passed(coverage: Json, on: date) -> str:
    status, period = code_of(coverage.get("status")), child(coverage, "period")
    if status != "active":
        return f"its status is {status if status in _STATUSES else 'none of FHIR’s'}" if status else "it has no status"
    start, end = span(period.get("start")), span(period.get("end"))
    if any(period.get(name) is not None and span(period.get(name)) is None for name in ("start", "end")):
        return "its period cannot be read"
    if start and start.first > on:
        return "its period had not begun"
    return "its period had ended" if end and end.last < on else "another goes before it (order, then the later start)"


def _seen(given: Given, coverage: Json) -> str:
    kinds = [given.quotes.code(c.code) for g in items(coverage, "class") for c in codings(child(g, "type"))]
    typed = given.codings(child(coverage, "type"))
    told = (
        f"Coverage.type {typed}" if typed else "a Coverage.type without a code" if coverage.get("type") else "no type"
    )
    return f"{told}; {'classes ' + ', '.join(kinds) if kinds else 'no class'}"


def _row(given: Given, coverage: Json) -> str:
    """A row for the operator's table. Its line is left to be filled: as it stands the service refuses the file."""
    payor = next((name for name in _payors(given, coverage) if name != WITHHELD), None)
    plan = next((name for name in _plans(given, coverage) if name != WITHHELD), None)
    rows = ["[[plan]]"]
    rows += [f"payor = {_quoted(payor)}"] if payor else []
    rows += [f"plan = {_quoted(plan)}"] if plan else []
    if len(rows) == 1:
        rows.append('payor = "?"  # neither a payor nor a plan was sent by a name that can be shown: fill it in')
    rows.append('line = "?"  # commercial, him, medicaid, or none (Medicare, and others that no policy covers)')
    return "\n".join(rows)


def _payors(given: Given, coverage: Json) -> Iterator[str]:
    """The names of the payors that are organizations: who pays for themselves is a person."""
    for payor in items(coverage, "payor"):
        found = given.chart.resolve(payor, coverage) or {}
        target = text(payor, "reference") or ""
        kind = found.get("resourceType") or text(payor, "type") or ("Organization" if "Organization/" in target else "")
        if kind == "Organization" or (not kind and not target):
            names = [*texts(payor, "display"), *texts(found, "name")]
            yield from (given.quotes.name(name) for name in names)


def _plans(given: Given, coverage: Json) -> Iterator[str]:
    for group in items(coverage, "class"):
        if any(c.code == "plan" for c in codings(child(group, "type"))):
            yield from (given.quotes.name(name) for name in (*texts(group, "value"), *texts(group, "name")))


def _quoted(said: str | None) -> str:
    escaped = (said or "").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
