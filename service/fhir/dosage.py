"""Dosage instructions read into a `Dose`: structure first, then the text in plain forms; never a guess.

Knows FHIR's Dosage and a product's strength; no policy and no limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from service.case import Product
from service.determination import Evidence
from service.dose import BodySurface, Dose, Part, Step, say
from service.fhir.elements import Json, child, code_of, items, number, text
from service.fhir.sig import read_sig
from service.fhir.timing import read_timing

_MG = {"mg": Fraction(1), "g": Fraction(1000), "ug": Fraction(1, 1000), "mcg": Fraction(1, 1000)}
_MG |= {"milligram": Fraction(1), "milligrams": Fraction(1), "µg": Fraction(1, 1000), "μg": Fraction(1, 1000)}
_PER_M2 = frozenset({"mg/m2", "mg/m^2", "mg/m²"})
_ML = frozenset({"ml", "milliliter", "milliliters", "millilitre", "millilitres", "cc"})
_WHOLE = frozenset(
    {"1", "{pen}", "{syringe}", "{auto-injector}", "{autoinjector}", "{injector}", "{device}", "{tbl}", "{tablet}"}
    | {"{dose}", "{pill}", "{each}", "{unit}", "pen", "pens", "syringe", "syringes", "auto-injector", "auto-injectors"}
    | {
        "autoinjector",
        "autoinjectors",
        "injector",
        "injectors",
        "device",
        "devices",
        "tablet",
        "tablets",
        "tab",
        "tabs",
    }
    | {"prefilled syringe", "pre-filled syringe", "prefilled pen", "injection", "injections", "each", "unit", "units"}
)


@dataclass(frozen=True, slots=True)
class _Amount:
    """One dose, said in milligrams, in mg/m2, or both ways; or why it is not known."""

    mg: Fraction | None = None
    per_m2: Fraction | None = None
    unknown: str | None = None
    says: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """One instruction: its part, or why it cannot be read; and what it says to the daily-dosing alert."""

    part: Part | None
    sequence: int | None
    evidence: tuple[Evidence, ...]
    unknown: str | None = None
    contradicted: bool = False
    most: Fraction | None = None
    daily: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


def read_dose(
    instructions: Sequence[Json], *, product: Product | None, body: BodySurface | None, reference: str, path: str
) -> Dose:
    """The dose of an order or statement (reading, sections 9, 12, 15). `path` is that of the instructions."""
    read = [_Instruction(one, product, body, reference, f"{path}[{n}]").read() for n, one in enumerate(instructions)]
    if not read:
        return Dose(unknown="the order gives no dosage")
    evidence = tuple(chain.from_iterable(r.evidence for r in read))
    unknown = next((r.unknown for r in read if r.unknown), None)
    return Dose(
        steps=() if unknown else tuple(_step(step) for step in _steps(read)),
        unknown=unknown,
        contradicted=any(r.contradicted for r in read),
        evidence=evidence,
        most_per_week=_most(_steps(read)),
        daily=tuple(chain.from_iterable(r.daily for r in read)),
        remarks=tuple(dict.fromkeys(chain.from_iterable(r.remarks for r in read))),
    )


def _steps(read: list[_Read]) -> list[list[_Read]]:
    """The instructions that run together, step by step; one without a sequence runs with every step."""
    always = [r for r in read if r.sequence is None]
    numbers = sorted({r.sequence for r in read if r.sequence is not None})
    return [[*always, *(r for r in read if r.sequence == n)] for n in numbers] or [always]


def _step(read: list[_Read]) -> Step:
    return tuple(r.part for r in read if r.part is not None)


def _most(steps: list[list[_Read]]) -> Fraction | None:
    counts = [[r.most for r in step if r.most is not None] for step in steps]
    return max((sum(count, Fraction(0)) for count in counts if count), default=None)


class _Instruction:
    """One Dosage, with what it is read by."""

    def __init__(
        self, instruction: Json, product: Product | None, body: BodySurface | None, reference: str, path: str
    ) -> None:
        self._json = instruction
        self._product = product
        self._body = body
        self._reference = reference
        self._path = path
        self._text = self._words()
        self._said = read_sig(self._text)
        self._rate = read_timing(child(instruction, "timing"))

    def _words(self) -> str | None:
        """The text, and the words of a timing code that has no code of its own."""
        own = text(self._json, "text")
        code = child(child(self._json, "timing"), "code")
        return own or text(code, "text")

    def read(self) -> _Read:
        """The instruction, read or not."""
        sequence = number(self._json, "sequence")
        amount, from_text = self._amount()
        told = _Read(
            None,
            int(sequence) if sequence is not None else None,
            self._evidence(amount, from_text),
            most=max((m for m in (self._rate.most, self._said.most) if m is not None), default=None),
            daily=self._daily(),
            remarks=amount.remarks,
        )
        if why := self._modified():
            return replace(told, unknown=why)
        if why := self._contradiction(amount):
            return replace(told, unknown=why, contradicted=True)
        rate = self._rate.per_week if self._rate.per_week is not None else self._said.per_week
        if self._rate.unread or rate is None:
            return replace(told, unknown=self._rate.unread or self._no_rate())
        if amount.unknown:
            return replace(told, unknown=amount.unknown)
        return self._with_part(told, amount, rate)

    def _with_part(self, told: _Read, amount: _Amount, rate: Fraction) -> _Read:
        cap = self._cap()
        if isinstance(cap, str):
            return replace(told, unknown=cap)
        part = Part(amount.mg, amount.per_m2, rate, cap.mg, cap.per_m2)
        return replace(told, part=part)

    def _modified(self) -> str | None:
        modified = self._json.get("modifierExtension")
        return "the dosage carries a modifier that this service does not know" if modified else None

    def _no_rate(self) -> str:
        return "the text cannot be read surely" if self._said.unsure else "the order says no rate"

    def _amount(self) -> tuple[_Amount, bool]:
        """The dose as structured, else as the text says it where the text alone gives the rate, too."""
        listed = items(self._json, "doseAndRate")
        doses = [found for one in listed if (found := self._one(one)) is not None]
        if doses:
            return _settle(doses, self._body), False
        if self._rate.per_week is None and self._said.amount is not None and self._said.unit is not None:
            return self._measured(
                self._said.amount, self._said.unit.lower(), f"{say(self._said.amount)} {self._said.unit}"
            ), True
        return _Amount(unknown="the order says no dose that can be read"), False

    def _one(self, dose_and_rate: Json) -> tuple[str, _Amount] | None:
        kind = code_of(dose_and_rate.get("type"))
        quantity = child(dose_and_rate, "doseQuantity")
        if not quantity and (found := child(dose_and_rate, "doseRange")):
            quantity = child(found, "high")
            if not quantity:
                return kind, _Amount(unknown="the dose is a range without a high end")
        return (kind, self._quantity(quantity)) if quantity else None

    def _quantity(self, quantity: Json) -> _Amount:
        value, unit = number(quantity, "value"), text(quantity, "code") or text(quantity, "unit") or ""
        shown = f"{'' if value is None else say(value)} {text(quantity, 'unit') or unit}".strip()
        if value is None or value <= 0:
            return _Amount(unknown=f"the dose is no amount above zero ({shown or 'empty'})", says=shown)
        if text(quantity, "comparator"):
            return _Amount(unknown="the dose has a comparator", says=shown)
        return self._measured(value, unit.strip().lower(), shown)

    def _measured(self, value: Fraction, unit: str, shown: str) -> _Amount:
        if unit in _MG:
            return _Amount(mg=value * _MG[unit], says=shown, remarks=self._whole_devices(value * _MG[unit]))
        if unit in _PER_M2:
            return _Amount(per_m2=value, says=shown)
        if unit in _ML:
            return self._through(value, self._product.mg_per_ml if self._product else None, "concentration", shown)
        if unit in _WHOLE or not unit:
            strength = self._product.strength_mg if self._product else None
            return self._through(value, Fraction(strength) if strength else None, "strength", shown)
        return _Amount(unknown=f"the unit of the dose is not known ({shown})", says=shown)

    def _through(self, value: Fraction, factor: Fraction | None, what: str, shown: str) -> _Amount:
        if factor is None:
            return _Amount(unknown=f"the {what} of the product is not named ({shown})", says=shown)
        return _Amount(mg=value * factor, says=f"{shown} = {say(value * factor)} mg")

    def _whole_devices(self, mg: Fraction) -> tuple[str, ...]:
        strength = self._product.strength_mg if self._product else None
        if not strength or (mg / Fraction(strength)).denominator == 1:
            return ()
        return (f"{say(mg)} mg is no whole number of devices of {strength} mg",)

    def _contradiction(self, amount: _Amount) -> str | None:
        """How text and structure plainly disagree on the rate, or on the amount in one unit."""
        said, rate = self._said, self._rate.per_week
        if rate is not None and said.per_week is not None and said.per_week != rate:
            return f"the text (“{self._text}”) and the structure ({say(rate)} doses a week) disagree"
        if said.amount is None or said.unit is None or not items(self._json, "doseAndRate"):
            return None
        own = {"mg": amount.mg, "mg/m2": amount.per_m2, "mL": self._millilitres()}[said.unit]
        if own is None or own == said.amount:
            return None
        return f"the text (“{self._text}”) and the structure ({amount.says}) disagree"

    def _millilitres(self) -> Fraction | None:
        quantities = [child(one, "doseQuantity") for one in items(self._json, "doseAndRate")]
        found = [number(q, "value") for q in quantities if (text(q, "code") or text(q, "unit") or "").lower() in _ML]
        return found[0] if len(found) == 1 else None

    def _cap(self) -> _Amount | str:
        """maxDosePerPeriod as a weekly cap of this instruction."""
        ratio = child(self._json, "maxDosePerPeriod")
        if not ratio:
            return _Amount()
        numerator, denominator = child(ratio, "numerator"), child(ratio, "denominator")
        amount = self._quantity(numerator)
        week = read_timing({"repeat": {"period": denominator.get("value"), "periodUnit": _unit(denominator)}}).per_week
        if amount.unknown or week is None:
            return "the maximum dose per period cannot be read"
        per_m2 = amount.per_m2 * week if amount.per_m2 is not None else None
        return _Amount(mg=amount.mg * week if amount.mg is not None else None, per_m2=per_m2)

    def _daily(self) -> tuple[Evidence, ...]:
        timed = [self._cited(".timing", said) for said in self._rate.daily]
        if self._said.daily:
            timed.append(self._cited(".text", f"“{self._text}”"))
        return tuple(timed)

    def _cited(self, under: str, says: str) -> Evidence:
        return Evidence(self._reference, f"{self._path}{under}", says)

    def _evidence(self, amount: _Amount, from_text: bool) -> tuple[Evidence, ...]:
        found = []
        if amount.says and not from_text:
            found.append(self._cited(".doseAndRate", amount.says))
        if self._rate.says:
            found.append(self._cited(".timing", self._rate.says))
        if self._text:
            note = " (read from the instruction's text)" if self._rate.per_week is None and self._said.per_week else ""
            found.append(self._cited(".text", f"“{self._text}”{note}"))
        return tuple(found)


def _unit(quantity: Json) -> str | None:
    return text(quantity, "code") or text(quantity, "unit")


def _settle(doses: list[tuple[str, _Amount]], body: BodySurface | None) -> _Amount:
    """Several ways to say one dose: ordered before calculated before the largest, never the sum."""
    ordered = [amount for kind, amount in doses if kind == "ordered"]
    calculated = [amount for kind, amount in doses if kind == "calculated"]
    if ordered and calculated and (why := _apart(ordered[0], calculated[0], body)):
        return _Amount(unknown=why, says=f"{ordered[0].says}, {calculated[0].says}")
    chosen = ordered or calculated or [amount for _, amount in doses]
    if lost := next((a for a in chosen if a.unknown), None):
        return lost
    by_mg = max((a for a in chosen if a.mg is not None), key=lambda a: a.mg or 0, default=_Amount())
    by_m2 = max((a for a in chosen if a.per_m2 is not None), key=lambda a: a.per_m2 or 0, default=_Amount())
    says = " = ".join(a.says for a in (by_mg, by_m2) if a.says)
    return _Amount(by_mg.mg, by_m2.per_m2, says=says, remarks=by_mg.remarks)


def _apart(ordered: _Amount, calculated: _Amount, body: BodySurface | None) -> str | None:
    """Where ordered and calculated differ by more than a tenth of the ordered dose (reading, section 15)."""
    pairs = [(ordered.mg, calculated.mg), (ordered.per_m2, calculated.per_m2)]
    if body:
        pairs.append((ordered.per_m2, calculated.mg / body.area if calculated.mg is not None else None))
        pairs.append((ordered.mg, calculated.per_m2 * body.area if calculated.per_m2 is not None else None))
    apart = any(a is not None and b is not None and abs(a - b) * 10 > a for a, b in pairs)
    return f"the ordered dose ({ordered.says}) and the calculated one ({calculated.says}) disagree" if apart else None
