"""A change to an order in a policy's words, not evaluated yet: which medicine, how much and how often, for what.

Policies make proposals and FHIR orders take them; it knows neither."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from service.dose import Unit
from service.suggestion import Kind


@dataclass(frozen=True, slots=True)
class Regimen:
    """One dose of `amount` (None: the order's own) so often a week; `mg_per_ml` for an order that is written in mL."""

    amount: Decimal | None
    unit: Unit
    per_week: int
    mg_per_ml: Fraction | None = None

    def says(self) -> str:
        often = {1: "once weekly", 2: "twice weekly"}.get(self.per_week, f"{self.per_week} times a week")
        return f"{self.amount:f} {self.unit} {often}" if self.amount is not None else often


@dataclass(frozen=True, slots=True)
class Medicine:
    """What is ordered: the concept of its codes, its text, the milligrams of one unit and its route (a concept)."""

    concept: str
    text: str
    mg: Decimal | None
    route: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """`reason` is a Condition to name as the order's; `anew`: another order takes this one's place; `kept`: the dose is
    the one that was ordered."""

    kind: Kind
    says: str
    regimen: Regimen | None = None
    medicine: Medicine | None = None
    reason: str | None = None
    anew: bool = False
    kept: bool = True
