"""A draft order with a proposal applied: the whole resource, unchanged but for what is proposed.

The order itself is never touched; knows no limit and no policy, and whether the change helps is for others to find."""

from __future__ import annotations

import re
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction

from service.fhir.elements import Json, child, items, number, text
from service.proposal import Medicine, Proposal, Regimen
from service.terminology import Terminology
from service.terminology.lookup import NDC, Orderable

_UCUM = "http://unitsofmeasure.org"
_UNITS = {"mg": "mg", "mg/m2": "mg/m2"}
_DOSE = "doseAndRate"
_FURTHER = "additionalInstruction"
_SAID = ("text", "_text", "patientInstruction", "_patientInstruction")  # words that would say the old dose
_BOUNDS = ("maxDosePerPeriod", "maxDosePerAdministration")  # of the old dose
# What an instruction for another medicine keeps of the old one's: when, and nothing of how much or how.
_WHEN = ("sequence", "timing", "asNeededBoolean", "asNeededCodeableConcept")
# Words of a note or an extension that say how much or how often.
_DOSING = re.compile(
    r"\d\s*(?:mg|mcg|g|ml|units?|tablets?|pills?|pens?|syringes?)\b|times a|once|twice|dail|night|bedtime"
    r"|morning|evening|\b(?:every|each|week(?:ly)?|q[dhw]|bid|tid|qid)\b",
    re.IGNORECASE,
)
_DISPENSED = ("quantity", "initialFill", "dispenseInterval")
_OFTEN = re.compile(r"dail|week|every|once|twice|bedtime|night|morning|evening", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(?:take |taken )?(?:with|after|before|without) (?:food|meals?|water|milk)"
    r"|on an empty stomach|avoid alcohol|shake well",
    re.IGNORECASE,
)
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
    if proposal.anew:
        changed = {name: value for name, value in order.items() if name in (*_KEPT, "dosageInstruction")}
    if proposal.reason and changed is not None:
        changed = _named(changed, proposal.reason)
    if proposal.medicine and changed is not None:
        # A product named without a dose is the one that was meant: how it is given was said already.
        other = proposal.kind != "dose" and proposal.regimen is not None
        changed = _of(changed, proposal.medicine, other, terms)
    if proposal.regimen and changed is not None:
        changed = _dosed(changed, proposal.regimen, weekly=proposal.kind == "weekly")
    if changed is not None and proposal.regimen:
        changed = _undispensed(changed)
    return _without_orphans(changed, order) if changed is not None else None


def _named(order: Json, condition: str) -> Json | None:
    if order.get("reasonReference"):
        return None
    return order | {"reasonReference": [{"reference": condition}]}


def _of(order: Json, medicine: Medicine, other: bool, terms: Terminology) -> Json:
    """The order for a medicine; where it is an `other` than before, how the old one was given no longer holds."""
    changed = {name: value for name, value in order.items() if name != "medicationReference"}
    code = terms.orderable(medicine.concept, None if medicine.mg is None else f"{medicine.mg.normalize():f}")
    changed["medicationCodeableConcept"] = _concept(code, medicine.text)
    if not other:
        return changed
    route = terms.orderable(medicine.route)
    given = {"route": _concept(route, route.display)} if route else {}
    instructions = [one for one in items(order, "dosageInstruction") if isinstance(one, dict)]
    changed["dosageInstruction"] = [
        {k: v for k, v in one.items() if k in (*_WHEN, _DOSE)} | given for one in instructions
    ]
    return changed


def _concept(code: Orderable | None, says: str) -> Json:
    """A code with the name that its system gives it; an NDC has none but the product's."""
    named = says if code and code.system == NDC else code.display if code else says
    coding = [{"system": code.system, "code": code.code, "display": named}] if code else []
    return ({"coding": coding} if coding else {}) | {"text": says}


def _undispensed(order: Json) -> Json:
    """Without what was to be handed over of the old dose or medicine, and without the narrative that tells of it."""
    changed = {name: value for name, value in order.items() if name not in ("text", "_text")}
    request = changed.get("dispenseRequest")
    if isinstance(request, dict) and any(name in request for name in _DISPENSED):
        kept = {name: value for name, value in request.items() if name not in _DISPENSED}
        changed |= {"dispenseRequest": kept}
        if not kept:
            del changed["dispenseRequest"]
    return changed


def _dosed(order: Json, regimen: Regimen, *, weekly: bool) -> Json | None:
    """The order with one instruction of that regimen; one of several instructions cannot be told from the others."""
    listed = items(order, "dosageInstruction")
    if len(listed) != 1 or not isinstance(listed[0], dict):
        return None
    old = listed[0]
    dose = _kept(old) if weekly else None
    dose = dose or _anew(old, regimen)
    if dose is None:
        return None
    instruction = {name: value for name, value in old.items() if name not in (*_SAID, *_BOUNDS, _FURTHER)}
    if further := _harmless(old):
        instruction[_FURTHER] = further
    instruction |= {"timing": _timing(old, regimen, weekly), _DOSE: dose}
    # Of several ways to say a dose the regimen tells the one that counts.
    instruction["text"] = _sentence(child(dose[0], "doseQuantity"), regimen) if len(dose) == 1 else regimen.says()
    instruction = _quiet(instruction, "extension")
    named = text(child(order, "medicationCodeableConcept"), "text") or ""
    if _OFTEN.search(named):  # what the medicine is called says how it was to be taken
        return None
    return _quiet(_quiet(order, "note"), "extension") | {"dosageInstruction": [instruction]}


def _quiet(holder: Json, name: str) -> Json:
    """Without the notes or extensions that say how much or how often in words."""
    if not isinstance(holder.get(name), list):
        return holder
    kept = [
        one for one in holder[name] if not (isinstance(one, dict) and any(_DOSING.search(w) for w in _said_in(one)))
    ]
    if len(kept) == len(holder[name]):
        return holder
    return {k: v for k, v in holder.items() if k != name} | ({name: kept} if kept else {})


def _said_in(one: Json) -> list[str]:
    return [value for key in ("text", "valueString", "valueMarkdown") if isinstance(value := one.get(key), str)]


def _sentence(quantity: Json, regimen: Regimen) -> str:
    often = Regimen(None, regimen.unit, regimen.per_week).says()
    unit = text(quantity, "unit") or text(quantity, "code")
    return f"{quantity['value']} {unit} {often}" if unit and number(quantity, "value") is not None else often


def _harmless(instruction: Json) -> list[Json]:
    """The additional instructions that surely say neither how much nor how often ("with food")."""
    found = [one for one in items(instruction, _FURTHER) if isinstance(one, dict)]
    return [one for one in found if (words := _words(one)) and all(_HARMLESS.fullmatch(said.strip()) for said in words)]


def _words(concept: Json) -> list[str]:
    said = [text(concept, "text"), *(text(c, "display") for c in items(concept, "coding"))]
    return [one for one in said if one]


def _kept(instruction: Json) -> list[Json] | None:
    """The dose as it is written, to the last zero, where it is written in parts."""
    listed = [one for one in items(instruction, _DOSE) if isinstance(one, dict)]
    said = [{name: deepcopy(value) for name, value in one.items() if not name.startswith("rate")} for one in listed]
    return said if any(one.get("doseQuantity") or one.get("doseRange") for one in said) else None


def _anew(instruction: Json, regimen: Regimen) -> list[Json] | None:
    quantity = _quantity(child(instruction, _DOSE), regimen)
    return [{"doseQuantity": quantity}] if quantity else None


def _quantity(said: Json, regimen: Regimen) -> Json | None:
    """The dose: in millilitres where the order is written so, else in the regimen's unit."""
    if regimen.amount is None:
        return None
    own = child(said, "doseQuantity")
    in_ml = (text(own, "code") or text(own, "unit") or "").lower() == "ml"
    if in_ml and regimen.mg_per_ml:
        return _ucum(_exact(Fraction(regimen.amount) / regimen.mg_per_ml), "mL")
    return _ucum(regimen.amount, _UNITS[regimen.unit])


def _ucum(value: Decimal, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _exact(value: Fraction) -> Decimal:
    """A volume of at most four places, never more than the value."""
    parts = value * 10_000
    return (Decimal(parts.numerator // parts.denominator) / 10_000).normalize() + Decimal(0)


def _timing(instruction: Json, regimen: Regimen, weekly: bool) -> Json:
    """The order's own timing where it is written in parts; else so many times a week."""
    own = child(instruction, "timing")
    repeat, codes = child(own, "repeat"), items(child(own, "code"), "coding")
    bounds = {name: deepcopy(value) for name, value in repeat.items() if name.startswith("bounds")}
    if weekly or "frequencyMax" in repeat or not (codes or repeat.keys() - bounds.keys()):
        return {"repeat": {**bounds, "frequency": regimen.per_week, "period": 1, "periodUnit": "wk"}}
    kept = {name: deepcopy(value) for name, value in own.items() if name != "code"}
    return kept | ({"code": {"coding": deepcopy(codes)}} if codes else {})


def _without_orphans(changed: Json, order: Json) -> Json:
    """Without what was contained for the sake of an element that is gone (FHIR R4, dom-3); the rest as it was."""
    listed = changed.get("contained")
    if not isinstance(listed, list):
        return changed
    gone = _reached(order) - _reached(changed)
    kept = [one for one in listed if not (isinstance(one, dict) and f"#{one.get('id')}" in gone)]
    if len(kept) == len(listed):
        return changed
    if kept:
        return changed | {"contained": kept}
    return {name: value for name, value in changed.items() if name != "contained"}


def _reached(order: Json) -> set[str]:
    """The references that lead on from an order's own elements, through what is contained."""
    inside = {f"#{one.get('id')}": one for one in items(order, "contained") if isinstance(one, dict)}
    found: set[str] = set()
    open_ones = _references({name: value for name, value in order.items() if name != "contained"})
    while open_ones:
        found |= open_ones
        open_ones = set().union(*(_references(inside[one]) for one in open_ones if one in inside)) - found
    return found


def _references(value: object) -> set[str]:
    match value:
        case {"reference": str() as reference, **others}:
            return {reference.strip()} | _references(others)
        case dict():
            return set().union(*(_references(inner) for inner in value.values())) if value else set()
        case list():
            return set().union(*(_references(inner) for inner in value)) if value else set()
        case _:
            return set()
