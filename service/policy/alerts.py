"""Safety alerts: what an order must never hide. Reported beside the status; never a criterion (reading, section 12)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from service.case import Case
from service.determination import Alert, Evidence
from service.dose import say
from service.policy.document import AlertRule


def alert(rules: Iterable[AlertRule], case: Case, indication: str | None) -> tuple[Alert, ...]:
    """The alerts of an order, one for each code. Where the product is open, each that fits any candidate."""
    found: dict[str, Alert] = {}
    for rule in rules:
        if rule.code not in found and _fits(rule, case, indication) and (evidence := _seen(rule, case)):
            found[rule.code] = Alert(rule.code, rule.severity, evidence, rule.says)
    return tuple(found.values())


def _fits(rule: AlertRule, case: Case, indication: str | None) -> bool:
    products = (case.product.id,) if case.product.id else case.product.candidates
    if not products:
        return rule.every_order
    return any(
        (rule.for_ is None or rule.for_.fits(product, indication))
        and not (rule.unless and rule.unless.fits(product, indication))
        for product in products
    )


def _seen(rule: AlertRule, case: Case) -> tuple[Evidence, ...]:
    match rule.word:
        case "condition":
            return case.conditions.get(rule.condition or "", ())
        case "allergy":
            return tuple(a.evidence for a in case.allergies if a.alerts)
        case "strength":
            return _strength(case)
        case "daily":
            return _daily(case, rule.doses_a_week or 1)


def _strength(case: Case) -> tuple[Evidence, ...]:
    if case.product.strength_listed is not False:
        return ()
    said = case.product.strength_text
    return tuple(Evidence(e.reference, e.path, said or e.text, e.date) for e in case.product.evidence[:1])


def _daily(case: Case, threshold: int) -> tuple[Evidence, ...]:
    most = case.dose.most_per_week
    if most is not None and most >= Fraction(threshold):
        counted = Evidence(case.order, "MedicationRequest.dosageInstruction.timing", f"{say(most)} doses a week")
        return (counted, *case.dose.daily)
    return case.dose.daily
