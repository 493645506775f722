"""What a policy proposes for an order that it does not approve as it stands: doses by its limits, its products and its
alternatives. Whether a proposal helps is for an evaluation of the changed order to say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from service.case import Case
from service.determination import Determination, Result, SafetyNotice, Status
from service.dose import Part
from service.policy.determine import Policy
from service.policy.document import Alternative, ProductEntry, strength
from service.policy.on_chart import ConditionClause, FailedClause
from service.policy.on_dose import DoseClause, Limit
from service.proposal import Medicine, Proposal, Regimen

DAILY = "daily-dosing"
_OPEN = (Status.DOCUMENTATION_NEEDED, Status.NOT_MET)
_DRAWN = Fraction(1, 10)  # mL: what an oral syringe is marked in


def propose(policy: Policy, case: Case, told: Determination | SafetyNotice) -> Iterator[Proposal]:
    """The changes that could help an order, by kind: weekly timing, a dose within the limit, another product of the
    policy, the indication on the order, an alternative that needs no authorization."""
    daily = any(alert.code == DAILY for alert in told.safety)
    if daily:
        yield _weekly(case)
    if isinstance(told, SafetyNotice):
        return
    if not daily:
        yield from lower(policy, case, told)
    if told.status in _OPEN:
        yield from _products(policy, case, told)
    if told.inferred and told.inferred[0].reference.startswith("Condition/"):
        yield Proposal("indication", told.indication_name, reason=told.inferred[0].reference)
    if told.status in _OPEN and not daily:
        yield from _alternatives(policy, case, told)


def _weekly(case: Case) -> Proposal:
    part = _part(case)
    regimen = Regimen(None, "mg", 1)
    shown = Regimen(_decimal(part.mg), "mg", 1) if part and part.mg is not None else regimen
    return Proposal("weekly", shown.says(), regimen=shown if part and part.mg is not None else regimen)


def _part(case: Case) -> Part | None:
    """The one part of an order of one instruction."""
    steps = case.dose.steps
    return steps[0][0] if len(steps) == 1 and len(steps[0]) == 1 else None


def _rate(part: Part) -> int | None:
    """Doses a week, where they are a whole number that a week can have without being daily dosing."""
    return int(part.per_week) if part.per_week.denominator == 1 and 1 <= part.per_week < 5 else None


def _decimal(value: Fraction) -> Decimal:
    """A decimal of at most two places, never more than the value."""
    hundredths = value * 100
    return (Decimal(hundredths.numerator // hundredths.denominator) / 100).normalize() + Decimal(0)


def lower(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The highest dose of the same product that each limit not met allows, in what the product is made in."""
    not_met = {finding.id for finding in told.findings if finding.result is Result.NOT_MET}
    product = _entry(policy, case.product.id)
    part = _part(case)
    count = _rate(part) if part else None
    if product is None or part is None or count is None:
        return
    seen: set[Proposal] = set()
    for clause in policy.document.clause:
        if clause.ref in not_met and isinstance(clause, DoseClause):
            found = _lowered(clause, case, product, part, count)
            if found and found not in seen:
                seen.add(found)
                yield found


def _entry(policy: Policy, product: str | None) -> ProductEntry | None:
    return next((entry for entry in policy.document.product if entry.id == product), None)


def _lowered(clause: DoseClause, case: Case, product: ProductEntry, part: Part, count: int) -> Proposal | None:
    if clause.count_at_most and count > clause.count_at_most:
        return None
    most = clause.limit.amount / (count if clause.limit.per == "week" else 1)
    if clause.limit.unit == "mg/m2" and part.mg is None and not product.strengths:
        regimen = Regimen(_decimal(most), "mg/m2", count)
        return Proposal("dose", regimen.says(), regimen=regimen)
    target = _milligrams(most, clause.limit, case)
    amount = _made(product, target) if target is not None else None
    if amount is None:
        return None
    regimen = Regimen(amount, "mg", count, case.product.mg_per_ml)
    named = case.product.strength_mg
    medicine = _medicine(product, amount) if product.strengths and named is not None and named != amount else None
    return Proposal("dose", regimen.says(), regimen=regimen, medicine=medicine)


def _milligrams(most: Fraction, limit: Limit, case: Case) -> Fraction | None:
    if limit.unit == "mg":
        return most
    return most * case.body.area if case.body else None


def _made(product: ProductEntry, most: Fraction) -> Decimal | None:
    """The highest single dose that is no more, as one device or a volume that can be drawn up; None where none is."""
    if product.strengths:
        return max((s for text in product.strengths if (s := strength(text).mg) <= most), default=None)
    if product.concentration is None:
        return None
    made = strength(product.concentration)
    step = _DRAWN * Fraction(made.mg) / Fraction(made.ml)
    drawn = (most // step) * step
    return _decimal(drawn) if drawn else None


def _medicine(product: ProductEntry, mg: Decimal | None) -> Medicine:
    """A product as one device of `mg`, or as its solution; as its form alone where no strength is chosen."""
    made = next((text for text in product.strengths if strength(text).mg == mg), product.concentration)
    text = " ".join(part for part in (product.name, made, product.form) if part)
    return Medicine(product.id, text, mg if product.strengths else None, product.route)


def _products(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The policy's other products (or those that the order's codings leave open), with the dose that is ordered."""
    listed = _listed(policy, told.indication)
    for product in policy.document.product:
        open_one = case.product.id is None and product.id in case.product.candidates
        other = case.product.id is not None and product.id != case.product.id and product.id in listed
        if open_one or other:
            found = _instead(product, case)
            if found:
                yield found


def _listed(policy: Policy, indication: str | None) -> frozenset[str]:
    """The products that a section lists with a diagnosis."""
    sections = [s for s in policy.document.section if indication in s.diagnoses]
    return frozenset(product for section in sections for product in section.products)


def _instead(product: ProductEntry, case: Case) -> Proposal | None:
    ordered = _ordered(case)
    if ordered is None:
        if case.product.id is not None:
            return None
        medicine = _medicine(product, None)
        return Proposal("product", medicine.text, medicine=medicine)
    single, count = ordered
    amount = _made(product, single)
    if amount is None:
        return None
    per_ml = strength(product.concentration) if product.concentration else None
    regimen = Regimen(amount, "mg", count, Fraction(per_ml.mg) / Fraction(per_ml.ml) if per_ml else None)
    medicine = _medicine(product, amount)
    return Proposal("product", f"{medicine.text}, {regimen.says()}", regimen=regimen, medicine=medicine)


def _ordered(case: Case) -> tuple[Fraction, int] | None:
    """One dose in milligrams and the doses a week, where the order says one such dose."""
    part = _part(case)
    count = _rate(part) if part else None
    single = part.single("mg", case.body.area if case.body else None) if part else None
    return (single, count) if single and count else None


def _alternatives(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The therapeutic alternatives for the diagnosis that the chart does not rule out (Appendix B)."""
    ordered = _ordered(case)
    if ordered is None:
        return
    for entry in policy.document.alternative:
        if told.indication in entry.diagnoses and not _ruled_out(entry, policy, told):
            found = _alternative(entry, case, *ordered)
            if found:
                yield found


def _ruled_out(entry: Alternative, policy: Policy, told: Determination) -> bool:
    """Whether a criterion that is met says that it was tried, or cannot be taken."""
    met = {finding.id for finding in told.findings if finding.result is Result.MET}
    for clause in policy.document.clause:
        tried = isinstance(clause, FailedClause) and clause.drug == entry.concept
        unable = isinstance(clause, ConditionClause) and bool({*clause.any_of} & {*entry.unless})
        if clause.ref in met and (tried or unable):
            return True
    return False


def _alternative(entry: Alternative, case: Case, single: Fraction, count: int) -> Proposal | None:
    area = case.body.area if case.body else None
    allowed = [most for limit in entry.at_most if (most := _most(limit, count, area)) is not None]
    if not allowed:
        return None
    amount = min(single, max(allowed))
    step = Fraction(entry.unit_mg) if entry.unit_mg else None
    given = _decimal((amount // step) * step if step else amount)
    if not given:
        return None
    regimen = Regimen(given, "mg", count)
    medicine = Medicine(entry.concept, f"{entry.drug} {entry.made_in}", None, entry.route)
    return Proposal("generic", f"{medicine.text}, {regimen.says()}", regimen=regimen, medicine=medicine, anew=True)


def _most(limit: Limit, count: int, area: Fraction | None) -> Fraction | None:
    most = limit.amount / (count if limit.per == "week" else 1)
    if limit.unit == "mg":
        return most
    return most * area if area else None
