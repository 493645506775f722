"""The patient's body surface: charted, else computed from height and weight, in exact arithmetic.

Reads Observations; knows no policy and no dose. What was measured and does not count is named, with why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from math import floor, isqrt
from types import MappingProxyType
from typing import NamedTuple

from service.determination import Evidence
from service.dose import BodySurface, say
from service.fhir.chart import Chart
from service.fhir.coded import concepts_in
from service.fhir.elements import Json, Span, child, items, number, span, text
from service.terminology import Terminology

_WITHOUT_WORTH = frozenset({"entered-in-error", "cancelled", "registered"})
_UCUM = "http://unitsofmeasure.org"
_AMPLE = Context(prec=30)
_HUNDREDTH = Decimal("0.01")
# The logarithm of the factor, the exponents of height and weight.
_DU_BOIS = (_AMPLE.ln(Decimal("0.007184")), Decimal("0.725"), Decimal("0.425"))
_HAYCOCK = (_AMPLE.ln(Decimal("0.024265")), Decimal("0.3964"), Decimal("0.5378"))


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

    kind: _Kind
    value: Fraction
    days: Span
    time: str
    issued: str
    reference: str
    path: str
    quantity: Json

    @property
    def order(self) -> tuple[date, str, str, str, Fraction]:
        """Latest last; the rest only makes the choice the same whatever the order of resources."""
        return (self.days.last, self.time, self.issued, self.reference, self.value)

    @property
    def evidence(self) -> Evidence:
        """As it was charted, and in its kind's first unit where that is another."""
        named, unit = _unit(self.quantity), self.kind.unit
        shown = f"{self.kind.name} {say(number(self.quantity, 'value') or self.value)} {named}"
        said = shown if named == unit else f"{shown} ({say(self.value)} {unit})"
        return Evidence(self.reference, self.path, said, _said(self.days))


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
    if chart.cut("Observation"):
        return None, tuple(remarks)  # a later one may be among those that were not read
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
        days, where = span(effective(one.observation)), chart.reference(one.observation)
        if days and days.last < window.first:
            older.append(f"{days.last.isoformat()} ({where})")
            continue
        found = _measured(kind, one, days, where, window)
        counted += [found] if isinstance(found, _Measured) else []
        remarks += [f"{where}: {kind.name} {found}"] if isinstance(found, str) else []
    if not counted and older:
        remarks.append(f"the latest {kind.name} is too old: {max(older)}")
    return max(counted, key=lambda m: m.order) if counted else None


def counts(observation: Json) -> bool:
    """Whether the status of an Observation lets it count (reading, section 15)."""
    return (text(observation, "status") or "").lower() not in _WITHOUT_WORTH


class _Charted(NamedTuple):
    """An Observation, or a component of one, with the concepts of its code."""

    observation: Json
    holder: Json
    path: str
    concepts: frozenset[str]


def _charted(chart: Chart, terms: Terminology) -> Iterator[_Charted]:
    """What is observed of any kind that a value set knows."""
    for observation, concepts in chart.coded("Observation", terms):
        components = items(observation, "component")
        if not (concepts or components) or not counts(observation):
            continue
        if concepts:
            yield _Charted(observation, observation, "Observation.valueQuantity", concepts)
        for component in components:
            if found := concepts_in(child(component, "code"), terms):
                yield _Charted(observation, component, "Observation.component.valueQuantity", found)


def _measured(kind: _Kind, one: _Charted, days: Span | None, where: str, window: Span) -> _Measured | str:
    """The measurement, or why it does not count."""
    if days is None:
        return "does not count, it has no date"
    if days.first < window.first or days.last > window.last:
        return f"does not count, it is not surely of the time asked for ({_said(days)})"
    quantity = child(one.holder, "valueQuantity")
    value = _value(kind, one.holder, quantity)
    if isinstance(value, str):
        return value
    if not kind.least <= value <= kind.most:
        return f"of {say(value)} {kind.unit} was set aside, it lies outside {say(kind.least)} to {say(kind.most)}"
    issued = text(one.observation, "issued") or ""
    return _Measured(kind, value, days, _time(one.observation), issued, where, one.path, quantity)


def _value(kind: _Kind, holder: Json, quantity: Json) -> Fraction | str:
    amount = number(quantity, "value")
    if holder.get("dataAbsentReason") or amount is None:
        return "does not count, it has no value that can be read"
    if quantity.get("comparator"):
        return "does not count, its value is not exact"
    factors = {kind.units[unit] for unit in _units(quantity) if unit in kind.units}
    if len(factors) != 1:
        return f"does not count, it is not in a unit of {kind.name} ({_unit(quantity) or 'none'})"
    factor = factors.pop()
    return amount if factor == 1 else amount * factor


def _units(quantity: Json) -> Iterable[str]:
    """The UCUM code alone, else whatever names the unit."""
    code, unit = text(quantity, "code"), text(quantity, "unit")
    named = (code,) if code and text(quantity, "system") == _UCUM else (code, unit)
    return [name.lower() for name in named if name]


def _unit(quantity: Json) -> str:
    return text(quantity, "code") or text(quantity, "unit") or ""


def effective(observation: Json) -> str | None:
    """When it was taken: effectiveDateTime or Instant, else the end of effectivePeriod, else its start."""
    if at := text(observation, "effectiveDateTime") or text(observation, "effectiveInstant"):
        return at
    period = child(observation, "effectivePeriod")
    return text(period, "end") or text(period, "start")


def _time(observation: Json) -> str:
    """The time of day as written, to tell apart two of one day; no zone is converted."""
    return (effective(observation) or "")[11:]


def _said(days: Span) -> str:
    return days.last.isoformat() if days.first == days.last else f"{days.first:%Y-%m}"


def _computed(height: _Measured, weight: _Measured) -> BodySurface:
    area = mosteller(height.value, weight.value)
    weighed = weight.evidence
    said = f"{weighed.text}: with the height a body surface area of {say(area)} m2 (Mosteller)"
    by = replace(weighed, text=said)
    logarithms = _logarithms(height.value, weight.value)
    return BodySurface(area, (height.evidence, by), (_area(_DU_BOIS, logarithms), _area(_HAYCOCK, logarithms)))


def mosteller(cm: Fraction, kg: Fraction) -> Fraction:
    """The square root of cm times kg over 3600, in m2, rounded half up to 0.01: n hundredths, where n is the largest
    whole number with (2n - 1)² at most 40000 times the radicand."""
    return Fraction((isqrt(floor(cm * kg * 40000 / 3600)) + 1) // 2, 100)


def du_bois(cm: Fraction, kg: Fraction) -> Fraction:
    """0.007184 × cm^0.725 × kg^0.425, in m2, rounded half up to 0.01."""
    return _area(_DU_BOIS, _logarithms(cm, kg))


def haycock(cm: Fraction, kg: Fraction) -> Fraction:
    """0.024265 × cm^0.3964 × kg^0.5378, in m2, rounded half up to 0.01."""
    return _area(_HAYCOCK, _logarithms(cm, kg))


def _logarithms(cm: Fraction, kg: Fraction) -> tuple[Decimal, Decimal]:
    """Of height and weight: most of what a power costs, and the same for every formula."""
    height, weight = (_AMPLE.divide(Decimal(v.numerator), Decimal(v.denominator)) for v in (cm, kg))
    return _AMPLE.ln(height), _AMPLE.ln(weight)


def _area(powers: tuple[Decimal, Decimal, Decimal], logarithms: tuple[Decimal, Decimal]) -> Fraction:
    factor, of_height, of_weight = powers
    height, weight = logarithms
    with localcontext(_AMPLE):
        area = (factor + of_height * height + of_weight * weight).exp()
        return Fraction(area.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP))
