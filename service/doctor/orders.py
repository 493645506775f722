"""The medication and the dose of each draft order: what was read of them, or why not, in machine words.

An instruction's text is never repeated: only that there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from service.case import Product
from service.doctor.given import Given
from service.doctor.report import Note
from service.dose import Dose, say
from service.fhir.body import read_body
from service.fhir.dosage import read_dose
from service.fhir.elements import Json, child, codings, items, number, text
from service.fhir.order import evaluated_on, obstacle, skipped
from service.fhir.reading import read_product
from service.policy.library import Revision

_UNITS: tuple[Literal["mg", "mg/m2"], ...] = ("mg", "mg/m2")
# Why a dose is not known (see service.fhir.dosage), by what the reason says; never the reason itself, which quotes.
_REASONS = (
    (r"text and structure disagree", "text and structure say different things"),
    (r"no dosage instruction", "there is no dosageInstruction"),
    (r"carries a modifier", "an instruction carries a modifierExtension"),
    (r"sequence is no number", "sequence is no number"),
    (r"timing cannot be read|doseAndRate cannot be read", "timing or doseAndRate is not of its FHIR type"),
    (r"the unit of|unit is not known|has no unit", "the unit of the dose is missing or not known"),
    (r"unit's code", "the unit's code and its words differ"),
    (r"has no number|is no dose", "the dose has no number above zero"),
    (r"comparator", "the dose has a comparator"),
    (r"which .* needs, is not known", "the unit needs a strength of the product, which is not known"),
    (r"no high end|runs from", "a dose range has no usable high end"),
    (r"maxDosePerPeriod", "maxDosePerPeriod cannot be read"),
    (r"differ by more", "the ordered and the calculated dose differ by more than a tenth"),
    (r"frequency of the timing", "timing.repeat.frequency is no number above zero"),
    (r"period of the timing|unit of its period", "timing.repeat.period and periodUnit are no length of time"),
    (r"day of the week", "a dayOfWeek is none of FHIR's"),
    (r"no dose and no rate", "neither a dose nor a rate is given that can be read surely"),
    (r"no rate", "no rate (timing) is given that can be read surely"),
    (r"no dose", "no dose is given that can be read surely"),
)


_STRUCTURE = (
    "Send doseAndRate.doseQuantity with a UCUM code (mg, mL), and timing.repeat: frequency, period, periodUnit."
)


def orders(given: Given) -> Iterator[Note]:
    """The notes on each order that is evaluated, order by order."""
    for order in given.request.orders():
        if not skipped(order):
            yield from _order(given, order)


def _order(given: Given, order: Json) -> Iterator[Note]:
    medication = given.chart.medication(order)
    where = given.where(order)
    if medication.lost:
        yield _lost(given, order)
        return
    if medication.concept is None:
        yield Note("fine", "no-medication", where, "has no medication[x] yet: there is nothing to say of it")
        return
    if why := obstacle(order, given.chart):
        said = f"is not evaluated: {given.quotes.sentence(why)}"
        yield Note("wrong", "order-unreadable", where, said, "Mend the element, or leave it out.")
    found = [(r, p) for r in revisions(given, order) if (p := _product(given, order, r))]
    if not found:
        said = f"no drug of a policy ({given.codings(medication.concept) or 'no code'}): no card comes"
        mend = "If it should be one, send its RxNorm or NDC code; words count only where they plainly name a product."
        yield Note("fine", "other-drug", where, said, mend)
    for revision, product in found:
        yield _recognised(given, where, revision, product, medication.concept)
        yield from _dose(given, order, where, revision, product)


def revisions(given: Given, order: Json) -> Iterator[Revision]:
    """The revisions that decide an order on its day, one of each policy."""
    library, on = given.office.library, evaluated_on(order, given.today)
    yield from (library.in_force(policy, on)[0] for policy in library.policies)


def governed(given: Given) -> list[tuple[Json, list[Revision]]]:
    """The orders of a policy's product, or of one that it may be, each with the revisions that decide it."""
    found = []
    for order in given.request.orders():
        asked = [] if skipped(order) else [r for r in revisions(given, order) if _governs(given, order, r)]
        found += [(order, asked)] if asked else []
    return found


def _governs(given: Given, order: Json, revision: Revision) -> bool:
    product = _product(given, order, revision)
    return bool(product and (product.id or product.candidates))


def _product(given: Given, order: Json, revision: Revision) -> Product | None:
    return read_product(order, given.chart, revision.questions, given.office.terms)


def _lost(given: Given, order: Json) -> Note:
    reference = child(order, "medicationReference")
    target = given.quotes.reference(text(reference, "reference"))
    if text(reference, "reference") is None:
        target = "no reference"
    said = f"medicationReference ({target}) leads to no Medication with a code in this request"
    mend = "Send the Medication contained, in draftOrders or in prefetch; else it must be on fhirServer. Or: 412."
    return Note("wrong", "medication-lost", given.where(order), said, mend)


def _recognised(given: Given, where: str, revision: Revision, product: Product, concept: Json) -> Note:
    policy, sent = revision.policy.document.id, given.codings(concept) or "no code"
    remarks = "".join(f" {given.quotes.sentence(r)}." for r in product.remarks)
    if product.id:
        return Note("fine", "product", where, f"{product.id} of {policy} ({sent}).{remarks}".rstrip("."))
    if product.candidates:
        said = f"{' or '.join(product.candidates)} of {policy}: the codings leave it open ({sent}).{remarks}"
        mend = "Send the RxNorm code of the brand (SBD), or the NDC, in place of a code that several products share."
        return Note("look", "product-open", where, said, mend)
    said = f"the drug of {policy}, but none of its products ({sent}): only dosing and allergy are looked at.{remarks}"
    return Note("fine", "product-generic", where, said)


def _dose(given: Given, order: Json, where: str, revision: Revision, product: Product) -> Iterator[Note]:
    on, days = evaluated_on(order, given.today), revision.questions.measured_within_days
    body, _ = read_body(given.chart, on, days, given.office.terms)
    listed = items(order, "dosageInstruction")
    dose = read_dose(listed, product=product, body=body, reference="", path="dosageInstruction")
    sent = "; ".join(_sent(given, one) for one in listed)
    if dose.unknown is None and dose.steps:
        area = body.area if body else None
        weekly = [f"{say(week)} {unit} a week" for unit in _UNITS if (week := dose.weekly(unit, area)) is not None]
        source = ", the rate or the amount read from text" if _from_text(dose) else ""
        said = f"dose read: {' = '.join(weekly) or 'in a unit that needs the body surface'}{source} ({sent})"
        yield Note("fine", "dose", where, said)
    else:
        said = f"dose not read: {_why(dose)} ({sent or 'nothing sent'})"
        mend = (
            "Send doseAndRate.doseQuantity with a UCUM code (mg, mL), and timing.repeat: frequency, period, periodUnit."
        )
        yield Note("look", "dose-unknown", where, said, mend)
    for rule in revision.policy.document.alert:
        if rule.word == "daily" and dose.most_per_week and dose.most_per_week >= (rule.doses_a_week or 1):
            said = f"{say(dose.most_per_week)} doses a week raise the {rule.code} alarm"
            yield Note("look", "dose-daily", where, said, "If the prescriber meant less, see how the EHR sets timing.")


def _why(dose: Dose) -> str:
    found = [said for pattern, said in _REASONS if re.search(pattern, dose.unknown or "")]
    return found[0] if found else "its instructions cannot be read surely"


def _from_text(dose: Dose) -> bool:
    return any(e.path.endswith((".text", ".patientInstruction")) for e in dose.evidence)


def _sent(given: Given, instruction: Json) -> str:
    """What an instruction holds, member by member, without its words."""
    repeat = child(child(instruction, "timing"), "repeat")
    parts = [_amount(given, one) for one in items(instruction, "doseAndRate")]
    if repeat:
        shown = [f"{k} {_number(repeat, k)}" for k in ("frequency", "period") if repeat.get(k) is not None]
        shown += [f"periodUnit {given.quotes.unit(repeat['periodUnit'])}"] if repeat.get("periodUnit") else []
        parts.append(f"timing.repeat {' '.join(shown) or 'without a frequency'}")
    codes = [given.quotes.code(c.code) for c in codings(child(child(instruction, "timing"), "code"))]
    parts += [f"timing.code {' '.join(codes)}"] if codes else []
    parts += [f"{name} (not shown)" for name in ("text", "patientInstruction") if text(instruction, name)]
    return ", ".join(parts) or "an empty instruction"


def _amount(given: Given, way: Json) -> str:
    for form in ("doseQuantity", "doseRange", "rateQuantity", "rateRange", "rateRatio"):
        if form in way:
            quantity = child(way, form)
            unit = quantity.get("code") or quantity.get("unit")
            value = f" {_number(quantity, 'value')}" if form.endswith("Quantity") else ""
            return f"{form}{value} {given.quotes.unit(unit)}" if unit else f"{form}{value} without a unit"
    return "doseAndRate without a dose"


def _number(value: Json, name: str) -> str:
    found = number(value, name)
    return say(found) if found is not None else "(no number)"
