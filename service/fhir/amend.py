"""A draft order with a proposal applied: the whole resource, unchanged but for what is proposed.

The order itself is never touched; knows no limit and no policy, and whether the change helps is for others to find."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from fractions import Fraction

from service.fhir.elements import Json, child, items, number, text
from service.proposal import Medicine, Proposal, Regimen
from service.terminology import Terminology

_UCUM = "http://unitsofmeasure.org"
_UNITS = {"mg": "mg", "mg/m2": "mg/m2"}
_SAID = ("text", "_text", "patientInstruction", "_patientInstruction")  # words that would say the old dose
_PLACED = ("route", "site", "method")  # of how the old form is given
# What an order that takes another's place keeps of it: whose it is, by whom, when and for what.
_KEPT = (
    "resourceType",
    "contained",
    "status",
    "intent",
    "category",
    "priority",
    "subject",
    "encounter",
    "authoredOn",
    "requester",
    "performer",
    "reasonCode",
    "reasonReference",
    "insurance",
)


def amend(order: Json, proposal: Proposal, terms: Terminology) -> Json | None:
    """The order as proposed; None where it is not written so that the change could be made without guessing."""
    changed: Json | None = deepcopy(order)
    if proposal.anew and changed is not None:
        changed = {name: changed[name] for name in _KEPT if name in changed}
        changed["dosageInstruction"] = deepcopy(order.get("dosageInstruction"))
    if proposal.reason and changed is not None:
        changed = _named(changed, proposal.reason)
    if proposal.medicine and changed is not None:
        changed = _of(changed, proposal.medicine, proposal.kind != "dose", terms)
    if proposal.regimen and changed is not None:
        changed = _dosed(changed, proposal.regimen, weekly=proposal.kind == "weekly")
    return _without_orphans(changed, order) if changed is not None else None


def _named(order: Json, condition: str) -> Json | None:
    if order.get("reasonReference"):
        return None
    return order | {"reasonReference": [{"reference": condition}]}


def _of(order: Json, medicine: Medicine, other: bool, terms: Terminology) -> Json:
    """The order for a medicine; `other` than before, how it is given and how much is dispensed no longer hold."""
    order.pop("medicationReference", None)
    code = terms.orderable(medicine.concept, None if medicine.mg is None else f"{medicine.mg.normalize():f}")
    coding = [{"system": code.system, "code": code.code, "display": code.display}] if code else []
    order["medicationCodeableConcept"] = ({"coding": coding} if coding else {}) | {"text": medicine.text}
    if other:
        _given_by(order, medicine.route, terms)
        _undispensed(order)
    return order


def _given_by(order: Json, route: str, terms: Terminology) -> None:
    code = terms.orderable(route)
    for instruction in items(order, "dosageInstruction"):
        if isinstance(instruction, dict):
            for name in _PLACED:
                instruction.pop(name, None)
            if code:
                instruction["route"] = {
                    "coding": [{"system": code.system, "code": code.code, "display": code.display}],
                    "text": code.display,
                }


def _undispensed(order: Json) -> None:
    request = order.get("dispenseRequest")
    if isinstance(request, dict):
        kept = {name: value for name, value in request.items() if name not in ("quantity", "initialFill")}
        if kept:
            order["dispenseRequest"] = kept
        else:
            del order["dispenseRequest"]


def _dosed(order: Json, regimen: Regimen, *, weekly: bool) -> Json | None:
    """The order with one instruction of that regimen; one of several instructions cannot be told from the others."""
    listed = items(order, "dosageInstruction")
    if len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    instruction = {name: value for name, value in listed[0].items() if name not in _SAID}
    quantity = _quantity(child(listed[0], "doseAndRate"), regimen)
    if quantity is None:
        return None
    instruction["timing"] = _timing(listed[0], regimen, weekly)
    instruction["doseAndRate"] = [{"doseQuantity": quantity}]
    often = Regimen(None, regimen.unit, regimen.per_week).says()
    unit = quantity.get("unit") or quantity.get("code")
    instruction["text"] = f"{quantity['value']} {unit} {often}" if unit else often
    return order | {"dosageInstruction": [instruction]}


def _quantity(said: Json, regimen: Regimen) -> Json | None:
    """The dose: in millilitres where the order is written so, else in the regimen's unit; the order's own where the
    regimen names none."""
    own = child(said, "doseQuantity")
    if regimen.amount is None:
        return deepcopy(own) if number(own, "value") is not None else None
    in_ml = (text(own, "code") or text(own, "unit") or "").lower() == "ml"
    if in_ml and regimen.mg_per_ml:
        return _ucum(_exact(Fraction(regimen.amount) / regimen.mg_per_ml), "mL")
    return _ucum(regimen.amount, _UNITS[regimen.unit])


def _ucum(value: Decimal, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _exact(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).normalize() + Decimal(0)


def _timing(instruction: Json, regimen: Regimen, weekly: bool) -> Json:
    """The order's own timing where it is one that was read; else so many times a week."""
    own = child(instruction, "timing")
    if own and not weekly:
        return deepcopy(own)
    repeat = child(own, "repeat")
    bounds = {name: deepcopy(value) for name, value in repeat.items() if name.startswith("bounds")}
    return {"repeat": {**bounds, "frequency": regimen.per_week, "period": 1, "periodUnit": "wk"}}


def _without_orphans(changed: Json, order: Json) -> Json:
    """Without what was contained for the sake of an element that is gone (FHIR R4, dom-3); the rest as it was."""
    listed = changed.get("contained")
    if not isinstance(listed, list):
        return changed
    before, after = _references({**order, "contained": []}), _references({**changed, "contained": []})
    gone = before - after
    kept = [one for one in listed if not (isinstance(one, dict) and f"#{one.get('id')}" in gone)]
    if len(kept) == len(listed):
        return changed
    if kept:
        return changed | {"contained": kept}
    return {name: value for name, value in changed.items() if name != "contained"}


def _references(value: object) -> set[str]:
    match value:
        case {"reference": str() as reference, **others}:
            return {reference} | _references(others)
        case dict():
            return set().union(*(_references(inner) for inner in value.values())) if value else set()
        case list():
            return set().union(*(_references(inner) for inner in value)) if value else set()
        case _:
            return set()
