"""What a policy proposes for an order that it does not approve as it stands: doses by its limits, its products and its
alternatives. Whether a proposal helps is for an evaluation of the changed order to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from service.case import Case
from service.determination import Determination, Result, SafetyNotice, Status
from service.dose import Part, Unit, say
from service.policy.clause import Clause
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
    """One dose as it is ordered, once a week."""
    part = _part(case)
    if part and part.mg is None and part.per_m2 is not None:
        regimen = Regimen(_decimal(part.per_m2), "mg/m2", 1)
    else:
        regimen = Regimen(_decimal(part.mg) if part and part.mg is not None else None, "mg", 1)
    return Proposal("weekly", regimen.says(), regimen=regimen)


def _part(case: Case) -> Part | None:
    """The one part of an order of one instruction."""
    steps = case.dose.steps
    return steps[0][0] if len(steps) == 1 and len(steps[0]) == 1 else None


def _whole(case: Case) -> Part | None:
    """The one part of an order, unless a maximum per period holds it back: what it comes to is then not its dose."""
    part, area = _part(case), case.body.area if case.body else None
    if part is None:
        return None
    free = replace(part, cap_mg=None, cap_per_m2=None)
    unit: Unit = "mg" if part.mg is not None else "mg/m2"
    return part if part.weekly(unit, area) == free.weekly(unit, area) else None


def _rate(part: Part) -> int | None:
    """Doses a week, where they are a whole number that a week can have without being daily dosing."""
    return int(part.per_week) if part.per_week.denominator == 1 and 1 <= part.per_week < 5 else None


def _decimal(value: Fraction) -> Decimal:
    """A decimal of at most two places, never more than the value."""
    hundredths = value * 100
    return (Decimal(hundredths.numerator // hundredths.denominator) / 100).normalize() + Decimal(0)


def lower(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The highest dose of the same product that each limit it exceeds allows, in what the product is made in."""
    open_ones = {f.id for f in told.findings if f.result in (Result.NOT_MET, Result.UNKNOWN)}
    product = _entry(policy, case.product.id)
    part = _whole(case)
    count = _rate(part) if part else None
    if product is None or part is None or count is None:
        return
    seen: set[Proposal] = set()
    for clause in policy.document.clause:
        if clause.ref in open_ones and isinstance(clause, DoseClause) and _exceeded(clause, case):
            found = _lowered(clause, case, product, part, count)
            if found and found not in seen:
                seen.add(found)
                yield found


def _exceeded(clause: DoseClause, case: Case) -> bool:
    """Whether the dose is what a clause fails by: it is above the limit, and the regimen is the clause's."""
    amount = clause.limit.measure(case.dose, case.body.area if case.body else None)
    return amount is not None and amount > clause.limit.amount and not clause.mismatched(case.companions)


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
    named = case.product.strength_mg
    told = named is not None or case.product.strength_text is not None
    medicine = _medicine(product, amount) if product.strengths and told and named != amount else None
    regimen = Regimen(amount, "mg", count, _density(product, amount) if medicine else case.product.mg_per_ml)
    return Proposal("dose", regimen.says(), regimen=regimen, medicine=medicine)


def _density(product: ProductEntry, mg: Decimal) -> Fraction | None:
    """Milligrams in a millilitre of a product's solution, or of its device of `mg`."""
    listed = [strength(text) for text in product.strengths] or (
        [strength(product.concentration)] if product.concentration else []
    )
    made = next((one for one in listed if not product.strengths or one.mg == mg), None)
    return Fraction(made.mg) / Fraction(made.ml) if made else None


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
    made = next((_device(text) for text in product.strengths if strength(text).mg == mg), product.concentration)
    text = " ".join(part for part in (product.name, made, product.form) if part)
    return Medicine(product.id, text, mg if product.strengths else None, product.route)


def _device(made: str) -> str:
    """A device's strength with its volume, so that it is taken for no concentration."""
    return made.replace("/mL", "/1 mL")


def _products(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The policy's other products (or those that the order's codings leave open), with the dose that is ordered."""
    if case.allergies:
        return
    listed = _listed(policy, told.indication)
    for product in policy.document.product:
        open_one = case.product.id is None and product.id in case.product.candidates
        other = case.product.id is not None and product.id != case.product.id and product.id in listed
        if (tried := case.trials.get(product.id)) and any(trial.failed for trial in tried.tried):
            continue
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
    regimen = Regimen(amount, "mg", count, _density(product, amount))
    medicine = _medicine(product, amount)
    kept = Fraction(amount) == single
    says = f"{medicine.text}, {regimen.says()}{'' if kept else f' (ordered: {say(single)} mg)'}"
    return Proposal("product", says, regimen=regimen, medicine=medicine, kept=kept)


def _ordered(case: Case) -> tuple[Fraction, int] | None:
    """One dose in milligrams and the doses a week, where the order says one such dose."""
    part = _whole(case)
    count = _rate(part) if part else None
    single = part.single("mg", case.body.area if case.body else None) if part else None
    return (single, count) if single and count else None


def _alternatives(policy: Policy, case: Case, told: Determination) -> Iterator[Proposal]:
    """The therapeutic alternatives for the diagnosis that the chart does not rule out (Appendix B). They are the same
    drug: what it is contraindicated in rules them out, too, whatever product the policy looks at it for."""
    ordered = _ordered(case)
    warned = any(rule.condition and case.conditions.get(rule.condition) for rule in policy.document.alert)
    if ordered is None or warned or case.allergies:
        return
    for entry in policy.document.alternative:
        if told.indication in entry.diagnoses and not _ruled_out(entry, policy, case):
            found = _alternative(entry, case, *ordered)
            if found:
                yield found


def _ruled_out(entry: Alternative, policy: Policy, case: Case) -> bool:
    """Whether the chart, or an attestation, says that it was tried (however that ended) or cannot be taken."""
    tried = case.trials.get(entry.concept)
    if (tried and tried.tried) or any(case.conditions.get(c) for c in entry.unless):
        return True
    attested = {ref for ref, answer in case.attestations.items() if answer.yes}
    return any(clause.ref in attested and _rules_out(clause, entry) for clause in policy.document.clause)


def _rules_out(clause: Clause, entry: Alternative) -> bool:
    if isinstance(clause, FailedClause):
        return clause.drug == entry.concept
    return isinstance(clause, ConditionClause) and bool({*clause.any_of} & {*entry.unless})


def _alternative(entry: Alternative, case: Case, single: Fraction, count: int) -> Proposal | None:
    if count not in entry.doses_a_week:
        return None
    area = case.body.area if case.body else None
    allowed = [most for limit in entry.at_most if (most := _most(limit, count, area)) is not None]
    if not allowed:
        return None
    amount = min(single, *allowed)
    density = _density_of(entry.made_in)
    step = Fraction(entry.unit_mg) if entry.unit_mg else density * _DRAWN if density else None
    given = _decimal((amount // step) * step if step else amount)
    if not given:
        return None
    regimen = Regimen(given, "mg", count, density)
    medicine = Medicine(entry.concept, f"{entry.drug} {entry.made_in}", None, entry.route)
    kept = Fraction(given) == single
    says = f"{medicine.text}, {regimen.says()}{'' if kept else f' (ordered: {say(single)} mg)'}"
    return Proposal("generic", says, regimen=regimen, medicine=medicine, anew=True, kept=kept)


def _density_of(made_in: str) -> Fraction | None:
    try:
        made = strength(made_in)
    except ValueError:  # a tablet
        return None
    return Fraction(made.mg) / Fraction(made.ml)


def _most(limit: Limit, count: int, area: Fraction | None) -> Fraction | None:
    most = limit.amount / (count if limit.per == "week" else 1)
    if limit.unit == "mg":
        return most
    return most * area if area else None
