"""The patient's body surface: charted, else computed from height and weight, in exact arithmetic.

Reads Observations; knows no policy and no dose. What was measured and does not count is named, with why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from math import floor, isqrt
from types import MappingProxyType
from typing import NamedTuple

from service.determination import Evidence
from service.dose import BodySurface, say
from service.fhir.chart import Chart
from service.fhir.elements import Json, Span, child, codings, items, number, span, text
from service.terminology import Terminology

_WITHOUT_WORTH = frozenset({"entered-in-error", "cancelled", "registered"})
_UCUM = "http://unitsofmeasure.org"
_AMPLE = Context(prec=30)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A measurement: its concept, its name, its units (as multiples of the first), and the bounds of what can be."""

    concept: str
    name: str
    unit: str
    units: Mapping[str, Fraction]
    least: Fraction
    most: Fraction


def _kind(concept: str, name: str, units: dict[str, str], least: str, most: str) -> _Kind:
    factors = MappingProxyType({unit: Fraction(factor) for unit, factor in units.items()})
    return _Kind(concept, name, next(iter(units)), factors, Fraction(least), Fraction(most))


# Bounds: reading, section 15. An international inch is 2.54 cm, an avoirdupois pound 0.45359237 kg.
_AREA = _kind("body-surface-area", "body surface area", {"m2": "1", "m^2": "1", "m²": "1"}, "0.2", "3.5")
_HEIGHT = _kind(
    "body-height",
    "height",
    {"cm": "1", "m": "100", "mm": "0.1", "[in_i]": "2.54", "in": "2.54", "inch": "2.54", "inches": "2.54"},
    "40",
    "250",
)
_WEIGHT = _kind(
    "body-weight",
    "weight",
    {"kg": "1", "g": "0.001", "[lb_av]": "0.45359237", "lb": "0.45359237", "lbs": "0.45359237"},
    "2",
    "350",
)


@dataclass(frozen=True, slots=True)
class _Measured:
    """One measurement that counts, in its kind's first unit."""

    value: Fraction
    days: Span
    time: str
    issued: str
    evidence: Evidence

    @property
    def order(self) -> tuple[date, str, str, str, Fraction]:
        """Latest last; the rest only makes the choice the same whatever the order of resources."""
        return (self.days.last, self.time, self.issued, self.evidence.reference, self.value)


def read_body(
    chart: Chart, on: date, within_days: int, terms: Terminology
) -> tuple[BodySurface | None, tuple[str, ...]]:
    """The body surface on a day, and what did not count (reading, sections 9 and 15): the latest one charted within
    the window, else Mosteller from the latest height and weight, each within it; both ends of the window count."""
    window = Span(on - timedelta(days=within_days), on)
    remarks: list[str] = []
    charted = list(_charted(chart, terms))
    area, height, weight = (_latest(kind, charted, chart, window, remarks) for kind in (_AREA, _HEIGHT, _WEIGHT))
    if why := chart.lacking("Observation"):
        remarks.append(f"the observations were not read whole: {why}")
    if area:
        return BodySurface(area.value, (area.evidence,)), tuple(remarks)
    if height and weight:
        return _computed(height, weight), tuple(remarks)
    return None, tuple(remarks)


def _latest(kind: _Kind, charted: list[_Charted], chart: Chart, window: Span, remarks: list[str]) -> _Measured | None:
    counted: list[_Measured] = []
    older: list[str] = []
    for one in charted:
        if kind.concept not in one.concepts:
            continue
        days, where = _days(one.observation), chart.reference(one.observation)
        if days and days.last < window.first:
            older.append(f"{days.last.isoformat()} ({where})")
            continue
        found = _measured(kind, one.observation, one.holder, Evidence(where, one.path, ""), window)
        counted += [found] if isinstance(found, _Measured) else []
        remarks += [f"{where}: {kind.name} {found}"] if isinstance(found, str) else []
    if not counted and older:
        remarks.append(f"the latest {kind.name} is too old: {max(older)}")
    return max(counted, key=lambda m: m.order) if counted else None


def counting(chart: Chart) -> Iterator[Json]:
    """The Observations whose status lets them count (reading, section 15)."""
    for observation in chart.of("Observation"):
        if (text(observation, "status") or "").lower() not in _WITHOUT_WORTH:
            yield observation


class _Charted(NamedTuple):
    """An Observation, or a component of one, with the concepts of its code."""

    observation: Json
    holder: Json
    path: str
    concepts: frozenset[str]


def _charted(chart: Chart, terms: Terminology) -> Iterator[_Charted]:
    """What is observed of any kind that a value set knows."""
    for observation in counting(chart):
        parts = [(observation, "Observation.valueQuantity")]
        parts += [(c, "Observation.component.valueQuantity") for c in items(observation, "component")]
        for holder, path in parts:
            found = [terms.concepts(c.system, c.code) for c in codings(child(holder, "code"))]
            if concepts := frozenset[str]().union(*found):
                yield _Charted(observation, holder, path, concepts)


def _measured(kind: _Kind, observation: Json, holder: Json, at: Evidence, window: Span) -> _Measured | str:
    """The measurement, or why it does not count."""
    days = _days(observation)
    if days is None:
        return "does not count, it has no date"
    if days.first < window.first or days.last > window.last:
        return f"does not count, it is not surely of the time asked for ({_said(days)})"
    value = _value(kind, holder)
    if isinstance(value, str):
        return value
    quantity = child(holder, "valueQuantity")
    shown = f"{kind.name} {say(number(quantity, 'value') or value)} {_unit(quantity)}"
    if not kind.least <= value <= kind.most:
        return f"of {say(value)} {kind.unit} was set aside, it lies outside {say(kind.least)} to {say(kind.most)}"
    said = shown if _unit(quantity) == kind.unit else f"{shown} ({say(value)} {kind.unit})"
    evidence = Evidence(at.reference, at.path, said, _said(days))
    return _Measured(value, days, _time(observation), text(observation, "issued") or "", evidence)


def _value(kind: _Kind, holder: Json) -> Fraction | str:
    quantity = child(holder, "valueQuantity")
    amount = number(quantity, "value")
    if holder.get("dataAbsentReason") or amount is None:
        return "does not count, it has no value that can be read"
    if quantity.get("comparator"):
        return "does not count, its value is not exact"
    factors = {kind.units[unit] for unit in _units(quantity) if unit in kind.units}
    if len(factors) != 1:
        return f"does not count, it is not in a unit of {kind.name} ({_unit(quantity) or 'none'})"
    return amount * factors.pop()


def _units(quantity: Json) -> Iterable[str]:
    """The UCUM code alone, else whatever names the unit."""
    code, unit = text(quantity, "code"), text(quantity, "unit")
    named = (code,) if code and text(quantity, "system") == _UCUM else (code, unit)
    return [name.lower() for name in named if name]


def _unit(quantity: Json) -> str:
    return text(quantity, "code") or text(quantity, "unit") or ""


def effective(observation: Json) -> str | None:
    """When it was taken: effectiveDateTime or Instant, else the end of effectivePeriod, else its start."""
    period = child(observation, "effectivePeriod")
    whens = (text(observation, "effectiveDateTime"), text(observation, "effectiveInstant"))
    return next((w for w in (*whens, text(period, "end"), text(period, "start")) if w), None)


def _days(observation: Json) -> Span | None:
    return span(effective(observation))


def _time(observation: Json) -> str:
    """The time of day as written, to tell apart two of one day; no zone is converted."""
    return (effective(observation) or "")[11:]


def _said(days: Span) -> str:
    return days.last.isoformat() if days.first == days.last else f"{days.first:%Y-%m}"


def _computed(height: _Measured, weight: _Measured) -> BodySurface:
    area = mosteller(height.value, weight.value)
    said = f"{weight.evidence.text}: with the height a body surface area of {say(area)} m2 (Mosteller)"
    by = Evidence(weight.evidence.reference, weight.evidence.path, said, weight.evidence.date)
    others = (du_bois(height.value, weight.value), haycock(height.value, weight.value))
    return BodySurface(area, (height.evidence, by), others)


def mosteller(cm: Fraction, kg: Fraction) -> Fraction:
    """The square root of cm times kg over 3600, in m2, rounded half up to 0.01: n hundredths, where n is the largest
    whole number with (2n - 1)² at most 40000 times the radicand."""
    return Fraction((isqrt(floor(cm * kg * 40000 / 3600)) + 1) // 2, 100)


def du_bois(cm: Fraction, kg: Fraction) -> Fraction:
    """0.007184 × cm^0.725 × kg^0.425, in m2, rounded half up to 0.01."""
    return _powers("0.007184", cm, "0.725", kg, "0.425")


def haycock(cm: Fraction, kg: Fraction) -> Fraction:
    """0.024265 × cm^0.3964 × kg^0.5378, in m2, rounded half up to 0.01."""
    return _powers("0.024265", cm, "0.3964", kg, "0.5378")


def _powers(factor: str, cm: Fraction, of_height: str, kg: Fraction, of_weight: str) -> Fraction:
    with localcontext(_AMPLE):
        height, weight = (Decimal(v.numerator) / Decimal(v.denominator) for v in (cm, kg))
        area = Decimal(factor) * height ** Decimal(of_height) * weight ** Decimal(of_weight)
        return Fraction(area.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP))
