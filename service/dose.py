"""Dose arithmetic in exact fractions: parts, steps, weekly totals. Knows milligrams, square metres, weeks; no FHIR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from service.determination import Evidence

Unit = Literal["mg", "mg/m2"]


@dataclass(frozen=True, slots=True)
class BodySurface:
    """Body surface area in square metres (to 0.01 where computed). `alternatives` are the other formulas' areas
    (DuBois, Haycock), empty for a charted area; they never decide, they only mark a verdict as borderline."""

    area: Fraction
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one dosage instruction gives: one dose (mg, mg/m2, or both ways said), doses a week, a weekly cap."""

    mg: Fraction | None
    per_m2: Fraction | None
    per_week: Fraction
    cap_mg: Fraction | None = None
    cap_per_m2: Fraction | None = None

    def single(self, unit: Unit, area: Fraction | None) -> Fraction | None:
        """One dose in `unit`, through the body surface `area` (m2) where the order is in the other unit."""
        return _in_unit(self.mg, self.per_m2, unit, area)

    def weekly(self, unit: Unit, area: Fraction | None) -> Fraction | None:
        """The instruction's dose a week in `unit`, capped by its own maxDosePerPeriod; None where dose or cap is not
        known in that unit (a cap that is left out would tell more than is ordered)."""
        one = self.single(unit, area)
        if one is None:
            return None
        total = one * self.per_week
        if self.cap_mg is None and self.cap_per_m2 is None:
            return total
        cap = _in_unit(self.cap_mg, self.cap_per_m2, unit, area)
        return None if cap is None else min(total, cap)


def _in_unit(mg: Fraction | None, per_m2: Fraction | None, unit: Unit, area: Fraction | None) -> Fraction | None:
    same, other = (mg, per_m2) if unit == "mg" else (per_m2, mg)
    if same is not None:
        return same
    if other is None or not area:
        return None
    return other * area if unit == "mg" else other / area


Step = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Dose:
    """An order's dose as read. `steps` follow each other; the parts of a step run together; empty steps mean that
    the dose could not be read, and `unknown` says why. `contradicted`: text and structure plainly disagree.
    `most_per_week` and `daily` serve the daily-dosing alert alone: the highest count of doses a week that anything
    on the order says, caps and as-needed disregarded, and what says that it is taken every day."""

    steps: tuple[Step, ...] = ()
    unknown: str | None = None
    contradicted: bool = False
    evidence: tuple[Evidence, ...] = ()
    most_per_week: Fraction | None = None
    daily: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()

    def weekly(self, unit: Unit, area: Fraction | None = None) -> Fraction | None:
        """The weekly dose: the sum of a step, the highest of the steps; None where any of it is not known."""
        return self._highest(lambda step: _sum([part.weekly(unit, area) for part in step]))

    def largest_single(self, unit: Unit, area: Fraction | None = None) -> Fraction | None:
        """The largest single dose of any step."""
        return self._highest(lambda step: _most([part.single(unit, area) for part in step]))

    def doses_per_week(self) -> Fraction | None:
        """The number of doses a week, the highest of the steps."""
        return self._highest(lambda step: sum((part.per_week for part in step), Fraction(0)))

    def units(self) -> frozenset[Unit]:
        """The units in which the dose is known without a body surface."""
        found: set[Unit] = set()
        parts = [part for step in self.steps for part in step]
        if parts and all(part.mg is not None for part in parts):
            found.add("mg")
        if parts and all(part.per_m2 is not None for part in parts):
            found.add("mg/m2")
        return frozenset(found)

    def _highest(self, measure: Callable[[Step], Fraction | None]) -> Fraction | None:
        return _most([measure(step) for step in self.steps]) if self.steps else None


def _sum(values: list[Fraction | None]) -> Fraction | None:
    known = [v for v in values if v is not None]
    return sum(known, Fraction(0)) if len(known) == len(values) else None


def _most(values: list[Fraction | None]) -> Fraction | None:
    known = [v for v in values if v is not None]
    return max(known) if known and len(known) == len(values) else None


_EXACT = 10**28  # whole numbers below it are exact in a Decimal


def say(value: Fraction) -> str:
    """A number for people: exact where it is a finite decimal of at most six places, else "about" and two."""
    if value.denominator == 1 and abs(value.numerator) < _EXACT:
        return str(value.numerator)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(exact) == value and -exact.normalize().as_tuple().exponent <= 6:  # type: ignore[operator]
        return f"{exact.normalize():f}"
    return f"about {exact:.2f}"
