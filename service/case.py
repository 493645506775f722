"""The facts of one request in the policy's words, each with its source.

Knows determinations and doses. FHIR and policies meet here, and do not know each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from service.determination import Evidence, Line
from service.dose import BodySurface, Dose


@dataclass(frozen=True, slots=True)
class Had:
    """The question was answered. `complete` is false where the list is not surely whole; `why` says why."""

    complete: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class NothingThere:
    """The question was answered: there is nothing."""


@dataclass(frozen=True, slots=True)
class CouldNotAsk:
    """The question could not be put, or its answer could not be read; `failed` is false where nobody put it."""

    why: str
    failed: bool = True


NOT_SENT = CouldNotAsk("not sent by the EHR", failed=False)

Answer = Had | NothingThere | CouldNotAsk


@dataclass(frozen=True, slots=True)
class Product:
    """The drug ordered. `id` is null where codings clash or leave the brand open; `candidates` are then its brands.
    Without candidates it is the drug, but none of the policy's products (a generic): only safety looks at it.

    `strength_mg` is one whole unit's (device, tablet), `mg_per_ml` the concentration: each only where a code whose
    strength is verified, or a text, names it (an oral solution's is its product's). `strength_listed` is false where
    the strength named is not one that the product is made in; `strength_text` says it for people. `names` are what an
    instruction may call it."""

    id: str | None
    candidates: tuple[str, ...]
    drug: str
    evidence: tuple[Evidence, ...]
    strength_mg: Decimal | None = None
    mg_per_ml: Fraction | None = None
    strength_listed: bool | None = None
    strength_text: str | None = None
    names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


Course = Literal["relapse", "remission"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One candidate diagnosis, with the stage and the course that its Condition (or reason) tells."""

    indication: str
    name: str
    evidence: tuple[Evidence, ...]
    stage: str | None = None
    stage_evidence: tuple[Evidence, ...] = ()
    course: Course | None = None
    course_evidence: tuple[Evidence, ...] = ()
    remission: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """What the order is for. `unlisted`: known diagnoses that the policy does not list."""

    candidates: tuple[Diagnosis, ...] = ()
    unlisted: tuple[Evidence, ...] = ()
    inferred: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Age:
    """Completed years on the evaluation date: a range, since a birth date may be partial."""

    least: int
    most: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Specialty:
    concept: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Prescriber:
    """The specialties on record of the requester (else of the hook's user), and what else was seen."""

    specialties: tuple[Specialty, ...] = ()
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A drug tried before. `failed`: the record says that it failed, was not tolerated, or is ruled out."""

    failed: bool
    evidence: Evidence
    dates: str = ""


@dataclass(frozen=True, slots=True)
class Trials:
    tried: tuple[Trial, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Companions:
    """Other medicines of a class, drafted or active. `listed`: whether the medication list was read."""

    found: tuple[Evidence, ...]
    listed: Answer
    unclear: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """The product handed over (`dispense`) or paid for (`claim`); `covered` by the coverage chosen, null not known."""

    kind: Literal["dispense", "claim"]
    on: date
    covered: bool | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Therapy:
    """A request or statement of the product on record."""

    active: bool
    completed: bool
    on: date | None
    evidence: Evidence
    dose: Dose


@dataclass(frozen=True, slots=True)
class History:
    """The product's past in the chart: any sign of it, supplies, requests and statements; `cut` says why these were
    not read whole, so that the newest is not known."""

    signs: tuple[Evidence, ...] = ()
    supplies: tuple[Supply, ...] = ()
    therapies: tuple[Therapy, ...] = ()
    starts: tuple[tuple[date, Evidence], ...] = ()
    earlier_approvals: tuple[tuple[str, str, Evidence], ...] = ()
    cut: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """The member's coverage. `outside`: its line is known, and is none of the policy's. `coverage` is the Coverage that
    decides; `lapsed` one on record where surely none is in force."""

    line: Line | None = None
    outside: bool = False
    evidence: tuple[Evidence, ...] = ()
    state: str | None = None
    state_evidence: tuple[Evidence, ...] = ()
    renewal: date | None = None
    formulary: bool | None = None
    remarks: tuple[str, ...] = ()
    coverage: str | None = None
    lapsed: str | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """The duration that the order asks for: calendar months or days, with where it stands."""

    months: int | None
    days: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """An answer to a criterion's question; `on` is the day it was authored, where that is on record."""

    yes: bool
    on: date | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Allergy:
    """An active allergy to the drug or a product that holds it. `alerts` is false for a mild intolerance."""

    alerts: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one order is decided on. `attested_for` are the answers given for one diagnosis (by criterion and
    diagnosis): they go before what was attested for any. `unchecked`: the lists that safety looks at, where one
    failed."""

    order: str
    evaluated_on: date
    product: Product
    dose: Dose
    patient: str = ""
    body: BodySurface | None = None
    body_remarks: tuple[str, ...] = ()
    diagnoses: Diagnoses = field(default_factory=Diagnoses)
    age: Age | None = None
    prescriber: Prescriber = field(default_factory=Prescriber)
    trials: Mapping[str, Trials] = field(default_factory=dict)
    conditions: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    condition_remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    companions: Companions = field(default_factory=lambda: Companions((), CouldNotAsk("not asked")))
    history: History = field(default_factory=History)
    membership: Membership = field(default_factory=Membership)
    requested: Requested | None = None
    allergies: tuple[Allergy, ...] = ()
    attestations: Mapping[str, Attestation] = field(default_factory=dict)
    attested_for: Mapping[tuple[str, str], Attestation] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
