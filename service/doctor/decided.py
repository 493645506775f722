"""What would be decided on the request as it stands, and what the EHR would have to send for what is unknown.

Speaks of criteria by number and by our words for them; the chart's own words stay in the chart."""

from __future__ import annotations

from collections.abc import Iterator

from service.decide import Circumstances, Desk, Unavailable, decide
from service.determination import Determination, NotEvaluated, Outcome, SafetyNotice
from service.doctor.given import Given
from service.doctor.report import Note
from service.hooks.request import TooLarge
from service.policy.document import Leaf

# What a word reads beside the resource types that its clause names.
_BESIDE = {
    "product": ("the order's medication",),
    "diagnosis": ("the order's reasonCode or reasonReference",),
    "prescriber": ("PractitionerRole or Practitioner",),
    "dose": ("the order's dosageInstruction",),
}


def outcomes(given: Given) -> tuple[Outcome, ...] | Unavailable:
    """What the service decides on the request, or why it cannot (412)."""
    request = given.request
    circumstances = Circumstances(given.today, "doctor", unreadable=request.unreadable)
    try:
        found = decide(request.orders(), Desk(given.chart, given.office, circumstances))
    except Unavailable as error:
        return error
    return tuple(one.outcome for one in found)


def answer(given: Given, found: tuple[Outcome, ...] | Unavailable) -> str:
    """The service's answer in a line."""
    if given.refused is not None:
        status = 413 if isinstance(given.refused, TooLarge) else 400
        return f"{status}, {given.quotes.sentence(f'{given.refused} ({at(given)})')}"
    if isinstance(found, Unavailable):
        return f"412, {found} ({found.expression}){_before(given)}"
    if not found:
        return f"200, no card: there is nothing to say of any draft order{_before(given)}"
    return f"200, {'; '.join(_in_short(given, outcome) for outcome in found)}{_before(given)}"


def _before(given: Given) -> str:
    """What the service would do first, and the doctor does not: it calls no one."""
    kinds = given.office.library.resources()
    lacks = given.chart.inquiry.sought or any(given.chart.lacking(kind) for kind in kinds)
    return " (as it stands: nothing was fetched from fhirServer)" if lacks and given.request.fhir_server else ""


def at(given: Given) -> str:
    """The member for which the request is refused."""
    return (given.refused.expression if given.refused else None) or "the body"


def _in_short(given: Given, outcome: Outcome) -> str:
    order = _order(given, outcome)
    match outcome:
        case Determination():
            return f"{order}: {outcome.status.value}"
        case SafetyNotice():
            return f"{order}: safety alerts alone"
        case NotEvaluated():
            return f"{order}: not evaluated"


def _order(given: Given, outcome: Outcome) -> str:
    return outcome.order if outcome.order == "context.draftOrders" else given.quotes.reference(outcome.order)


def decided(given: Given, found: tuple[Outcome, ...] | Unavailable) -> Iterator[Note]:
    """The notes on each outcome."""
    if isinstance(found, Unavailable):
        said = f"{found}: the service answers 412 Precondition Failed"
        yield Note("wrong", "unavailable", found.expression, said, "Send it, or fhirServer with fhirAuthorization.")
        return
    for outcome in found:
        match outcome:
            case Determination():
                yield from _determination(given, outcome)
            case SafetyNotice():
                codes = ", ".join(a.code for a in outcome.safety)
                said = f"no criterion is asked of it; safety alerts: {codes}"
                yield Note("fine", "safety", _order(given, outcome), said)
            case NotEvaluated():
                said = f"not evaluated: {given.quotes.sentence(outcome.why)}"
                yield Note("wrong", "not-evaluated", _order(given, outcome), said)


def _determination(given: Given, found: Determination) -> Iterator[Note]:
    order = _order(given, found)
    by = f"{found.policy.id} {found.policy.version} on {found.evaluated_on.isoformat()}"
    on = f"pathway {found.pathway}" if found.pathway else "no pathway"
    said = f"{found.status.value} by {by}: {on}, diagnosis {found.indication or 'none'}"
    alerts = f"; safety alerts: {', '.join(a.code for a in found.safety)}" if found.safety else ""
    unmet = f"; not met: {', '.join(found.unmet)}" if found.unmet else ""
    yield Note("fine", found.status.value, order, said + unmet + alerts)
    clauses = {
        c.ref: c for c in given.office.library.revision(found.policy.id, found.policy.version).policy.document.clause
    }
    unknown = [f.id for f in found.findings if f.id in found.missing] or list(found.missing)
    for ref in unknown:
        clause = clauses.get(ref)
        yield _missing(given, order, clause) if clause else _open(order, ref)


def _missing(given: Given, order: str, clause: Leaf) -> Note:
    reads = [*_BESIDE.get(clause.word, ()), *(_came(given, kind) for kind in clause.resources)]
    means = f"Read from {', '.join(reads)}; else from" if reads else "Read from"
    mend = f"{means} a QuestionnaireResponse that answers linkId {clause.ref}."
    return Note("look", "criterion-unknown", f"{order} {clause.ref}", f"unknown: {clause.asks or clause.says}", mend)


def _came(given: Given, kind: str) -> str:
    why = given.chart.lacking(kind)
    return f"{kind} ({given.quotes.sentence(why)})" if why else kind


def _open(order: str, what: str) -> Note:
    """What goes before every criterion: the diagnosis, or the product."""
    if what == "diagnosis":
        mend = "Send reasonCode (ICD-10-CM or SNOMED CT) or reasonReference; else a Condition on the problem list."
        return Note(
            "look", "diagnosis-unknown", order, "the order does not say what it treats, nor does the chart", mend
        )
    return Note("look", "product-unknown", order, "which product is ordered is open; see the medication of the order")
