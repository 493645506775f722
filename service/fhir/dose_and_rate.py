"""The structured dose of one instruction (Dosage.doseAndRate): one dose, said in one way or in several; its maximum.

Knows quantities and the body surface; no timing and no text. A rate of infusion is no dose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from service.case import Product
from service.dose import BodySurface, say
from service.fhir.elements import Json, child, code_of, items, number, text
from service.fhir.units import Amount, Unread, days_in, read_quantity

_RANKS = ("ordered", "calculated")
_TENTH = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Said:
    """One dose in mg, in mg/m2, or in both; `every` amount that was said (both ends of a range); where it stands."""

    mg: Fraction | None
    per_m2: Fraction | None
    says: str
    path: str
    every: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """One way in which the dose is said: the amount that counts, and the low end of a range."""

    rank: int
    amount: Amount | Unread
    path: str
    low: Amount | None = None


def read_dose_and_rate(instruction: Json, product: Product | None, body: BodySurface | None) -> Said | Unread | None:
    """The dose of an instruction; None where it says none (reading, section 9 and 15): the ordered one, else the
    calculated, else the largest; of a range the high end. In mg and in mg/m2 alike it is one dose, said both ways."""
    ways = [way for entry in items(instruction, "doseAndRate") for way in _ways(entry, product)]
    if not ways:
        return None
    rank = min(way.rank for way in ways)
    deciding = [way for way in ways if way.rank == rank]
    unread = next((way.amount for way in deciding if isinstance(way.amount, Unread)), None)
    return unread or _disagreement(ways, body) or _joined(deciding, ways)


def read_maximum(json: Json, product: Product | None) -> Amount | Unread | None:
    """maxDosePerPeriod as an amount a week (FHIR R4: a ratio of an amount to a time)."""
    if json.get("maxDosePerPeriod") is None:
        return None
    ratios = items(json, "maxDosePerPeriod")
    most = read_quantity(child(ratios[0], "numerator"), product) if len(ratios) == 1 else Unread("not one ratio")
    span = child(ratios[0], "denominator") if ratios else {}
    length, unit = number(span, "value"), days_in(text(span, "code") or text(span, "unit"))
    if isinstance(most, Unread) or not length or length < 0 or unit is None:
        return Unread(f"its maxDosePerPeriod cannot be read ({most.why if isinstance(most, Unread) else 'no period'})")
    weeks = 7 / (length * unit)
    mg, per_m2 = (None if one is None else one * weeks for one in (most.mg, most.per_m2))
    return Amount(mg, per_m2, most.says)


def _ways(entry: Json, product: Product | None) -> Iterator[_Way]:
    rank = _rank(entry)
    if entry.get("doseQuantity") is not None:
        amount = read_quantity(child(entry, "doseQuantity"), product)
        yield _Way(rank, amount, "doseAndRate.doseQuantity")
    if entry.get("doseRange") is not None:
        yield _of_range(rank, child(entry, "doseRange"), product)


def _rank(entry: Json) -> int:
    named = code_of(child(entry, "type")) or (text(entry.get("type"), "text") or "").lower()
    return _RANKS.index(named) if named in _RANKS else len(_RANKS)


def _of_range(rank: int, span: Json, product: Product | None) -> _Way:
    path = "doseAndRate.doseRange"
    if span.get("high") is None:
        return _Way(rank, Unread("a dose range has no high end"), path)
    high = read_quantity(child(span, "high"), product)
    low = read_quantity(child(span, "low"), product)
    if isinstance(high, Unread) or isinstance(low, Unread):
        return _Way(rank, high, path)
    if (low.mg or 0) > (high.mg or 0) or (low.per_m2 or 0) > (high.per_m2 or 0):
        return _Way(rank, Unread(f"a dose range runs from {low.says} to {high.says}"), path)
    return _Way(rank, Amount(high.mg, high.per_m2, f"{low.says} to {high.says}", high.in_ml), path, low)


def _disagreement(ways: list[_Way], body: BodySurface | None) -> Unread | None:
    """An ordered and a calculated dose, in mg/m2 and in mg, that differ by more than a tenth of the ordered one."""
    for ordered in (way.amount for way in ways if way.rank == 0):
        for calculated in (way.amount for way in ways if way.rank == 1):
            if body and isinstance(ordered, Amount) and isinstance(calculated, Amount):
                both = _in_mg(ordered, calculated, body.area)
                if both and abs(both[0] - both[1]) > both[0] * _TENTH:
                    told = f"ordered {ordered.says} and calculated {calculated.says}"
                    return Unread(f"{told} differ by more than a tenth at {say(body.area)} m2")
    return None


def _in_mg(ordered: Amount, calculated: Amount, area: Fraction) -> tuple[Fraction, Fraction] | None:
    if ordered.per_m2 is not None and calculated.mg is not None:
        return ordered.per_m2 * area, calculated.mg
    if ordered.mg is not None and calculated.per_m2 is not None:
        return ordered.mg, calculated.per_m2 * area
    return None


def _joined(deciding: list[_Way], ways: list[_Way]) -> Said:
    amounts = [(way.amount, way.path) for way in deciding if isinstance(way.amount, Amount)]
    most = max((a for a in amounts if a[0].mg is not None), key=lambda a: a[0].mg or 0, default=None)
    per_area = max((a for a in amounts if a[0].per_m2 is not None), key=lambda a: a[0].per_m2 or 0, default=None)
    kept = [one for one in (most, per_area) if one]
    said = (amount for way in ways for amount in (way.amount, way.low))
    return Said(
        mg=most[0].mg if most else None,
        per_m2=per_area[0].per_m2 if per_area else None,
        says=" or ".join(amount.says for amount, _ in kept),
        path=kept[0][1],
        every=tuple(amount for amount in said if isinstance(amount, Amount)),
    )
