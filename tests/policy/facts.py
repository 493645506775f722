"""Cases of plain facts for the policy's own tests: no FHIR, an approvable order unless a test says otherwise."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from service.case import (
    Age,
    Attestation,
    Case,
    Companions,
    Diagnoses,
    Diagnosis,
    Had,
    History,
    Membership,
    Prescriber,
    Product,
    Specialty,
    Supply,
    Therapy,
    Trial,
    Trials,
)
from service.determination import Evidence
from service.dose import BodySurface, Dose, Part, Unit

TODAY = date(2026, 3, 10)
SEEN = Evidence("Condition/x", "Condition.code", "seen", "2026-01-01")


def weekly(amount: str | int, unit: Unit = "mg", count: int = 1) -> Dose:
    """A dose of `amount` taken `count` times a week."""
    one = Fraction(amount)
    part = Part(one if unit == "mg" else None, one if unit == "mg/m2" else None, Fraction(count))
    return Dose(((part,),), evidence=(SEEN,), most_per_week=Fraction(count))


def product(name: str | None = "jylamvo", **changes: Any) -> Product:
    return replace(Product(name, (), name or "methotrexate", (SEEN,)), **changes)


def diagnosis(indication: str = "rheumatoid-arthritis", **changes: Any) -> Diagnosis:
    return replace(Diagnosis(indication, indication.replace("-", " "), (SEEN,)), **changes)


def surface(area: str, *others: str) -> BodySurface:
    return BodySurface(Fraction(area), (SEEN,), tuple(Fraction(o) for o in others))


def attested(yes: bool = True, on: date | None = TODAY) -> Attestation:
    return Attestation(yes, on, replace(SEEN, text="attested"))


def supply(on: date, kind: Any = "dispense", covered: bool | None = True) -> Supply:
    return Supply(kind, on, covered, replace(SEEN, reference=f"MedicationDispense/{on.isoformat()}"))


def therapy(dose: Dose, on: date | None = date(2025, 9, 1), *, active: bool = True, completed: bool = False) -> Therapy:
    return Therapy(active, completed, on, replace(SEEN, reference="MedicationStatement/x"), dose)


def tried(*trials: Trial) -> dict[str, Trials]:
    return {"generic-methotrexate-injection": Trials(trials)}


def case(**changes: Any) -> Case:
    """Jylamvo 15 mg a week for rheumatoid arthritis of an adult who cannot swallow pills, of a Medicaid plan."""
    base = Case(
        order="MedicationRequest/order-1",
        evaluated_on=TODAY,
        product=product(),
        dose=weekly(15),
        diagnoses=Diagnoses((diagnosis(),)),
        age=Age(55, 55, SEEN),
        prescriber=Prescriber((Specialty("rheumatology", SEEN),)),
        conditions={"unable-to-swallow-pills": (SEEN,)},
        companions=Companions((), Had()),
        history=History(),
        membership=Membership("medicaid"),
    )
    return replace(base, **changes)
