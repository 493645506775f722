"""A policy revision as its document says it: products, diagnoses, sections, clauses, groups, terms, referrals, alerts.

The shape only: what the parts mean together is checked in `checks`, what they decide is in `evaluate`."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from service.determination import Line, Severity
from service.policy.clause import Concept, Ref, Scope, Strict, Text
from service.policy.on_chart import (
    AgeClause,
    AttestedClause,
    ConditionClause,
    CourseClause,
    DiagnosisClause,
    FailedClause,
    PrescriberClause,
    ProductClause,
    StageClause,
)
from service.policy.on_dose import DoseClause, LimitText, OnLabelClause
from service.policy.on_therapy import RespondingClause, SuppliedClause, TakingClause
from service.questions import Strength

Leaf = Annotated[
    DiagnosisClause
    | StageClause
    | CourseClause
    | ProductClause
    | PrescriberClause
    | AgeClause
    | ConditionClause
    | FailedClause
    | AttestedClause
    | DoseClause
    | OnLabelClause
    | SuppliedClause
    | TakingClause
    | RespondingClause,
    Field(discriminator="word"),
]
Lines = dict[Line, tuple[Text, ...]]
_STRENGTH = re.compile(r"(\d+(?:\.\d+)?) mg/(\d+(?:\.\d+)?)? ?mL")


def strength(text: str) -> Strength:
    """`12.5 mg/0.4 mL` as milligrams and millilitres (`25 mg/mL`: in one)."""
    match = _STRENGTH.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no strength; write '12.5 mg/0.4 mL' or '25 mg/mL'")
    return Strength(Decimal(match[1]), Decimal(match[2] or 1))


def _is_strength(text: str) -> str:
    strength(text)
    return text


StrengthText = Annotated[str, AfterValidator(_is_strength)]


class Drug(Strict):
    """The policy's drug apart from its products, by concept (see `service.questions.DrugQuestion`)."""

    name: Text
    names: tuple[Text, ...]
    ingredient: Concept
    generics: tuple[Concept, ...]
    unspecific: Concept
    silent: Concept
    unlisted_devices: Concept
    review: Concept


class ProductEntry(Strict):
    """A product that the policy governs: `id` is also its concept; `generic_level` codes are of its form."""

    id: Concept
    name: Text
    names: tuple[Text, ...]
    form: Text
    generic_level: Concept | None = None
    strengths: tuple[StrengthText, ...] = ()
    concentration: StrengthText | None = None
    packages: Text | None = None
    route: Concept
    cites: Text


class DiagnosisEntry(Strict):
    """A diagnosis that the policy lists; `texts` name it in plain words, `narrower` diagnoses go before it."""

    concept: Concept
    name: Text
    texts: tuple[Text, ...] = ()
    abbreviations: tuple[Text, ...] = ()
    narrower: tuple[Concept, ...] = ()


class Section(Strict):
    """A section of criteria: the diagnoses it is for (in the order of its text) and the products it lists with them."""

    ref: Ref
    title: Text
    kind: Literal["initial", "continued"]
    diagnoses: tuple[Concept, ...] = ()
    products: tuple[Concept, ...] = ()


class Group(Strict):
    """A numbered item with leaves under it: *all of* or *any of* them; `joined` leaves are joined to it by *all of*."""

    ref: Ref
    of: Literal["all", "any"]
    joined: tuple[Ref, ...] = ()


class Term(Strict):
    """How long an approval runs. `longer_of` the renewal date, or `less_of` the duration requested, where given."""

    sections: Annotated[tuple[Ref, ...], Field(min_length=1)]
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    products: Annotated[tuple[Concept, ...], Field(min_length=1)]
    months: Annotated[int, Field(gt=0)]
    longer_of: Literal["renewal"] | None = None
    less_of: Literal["requested"] | None = None
    cites: Text


class Referrals(Strict):
    """Where other uses are decided, by line of business (I.G, II.B, III)."""

    cites: Text
    off_label: Lines
    formulary: Lines
    non_formulary: Lines
    label_change_months: Annotated[int, Field(gt=0)]


class AlertRule(Strict):
    """A safety alert (Appendix C and the daily-dosing error): never a criterion."""

    code: Literal[
        "daily-dosing",
        "pregnancy",
        "hypersensitivity",
        "liver-disease",
        "alcoholism",
        "immunodeficiency",
        "blood-dyscrasia",
        "strength-unavailable",
    ]
    severity: Severity
    word: Literal["condition", "allergy", "daily", "strength"]
    says: Text
    cites: Text
    condition: Concept | None = None
    doses_a_week: Annotated[int, Field(gt=0)] | None = None
    every_order: bool = False
    for_: Scope | None = Field(default=None, alias="for")
    unless: Scope | None = None


class LabelEntry(Strict):
    """A use on a product's label with its regimen and maximum (sections "FDA approved" and V)."""

    product: Concept
    diagnosis: Concept
    regimen: Text
    maximum: Text
    at_most_years: int | None = None
    adults_only: bool = False


class Alternative(Strict):
    """A therapeutic alternative (Appendix B), as it can be ordered: `made_in` is its strength, `unit_mg` one whole unit
    (a tablet), where it is no solution; each of `at_most` bounds it, at so many `doses_a_week`; a condition of `unless`
    rules it out."""

    drug: Text
    concept: Concept
    made_in: Text
    unit_mg: Decimal | None = None
    route: Concept
    diagnoses: tuple[Concept, ...]
    unless: tuple[Concept, ...] = ()
    doses_a_week: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)] = (1,)
    regimen: Text
    at_most: Annotated[tuple[LimitText, ...], Field(min_length=1)]


class Hcpcs(Strict):
    """A billing code of the coding section: informational, never proof of a product by itself."""

    code: Text
    says: Text
    product: Concept | None = None


class Histories(Strict):
    """The days that records of the past count, and how long a state seen in an Observation holds."""

    measured_within_days: Annotated[int, Field(gt=0)]
    completed_within_days: Annotated[int, Field(gt=0)]
    observed_states: dict[Concept, Annotated[int, Field(gt=0)]]


class Document(Strict):
    """One revision of one policy. `in_force` is the first day that it decides."""

    id: Annotated[str, Field(pattern=r"^[A-Z0-9]+(\.[A-Z0-9]+)+$")]
    version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    title: Text
    in_force: date
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    source: Text
    rebuilt: Text | None = None
    product_groups: dict[Concept, tuple[Concept, ...]]
    drug: Drug
    history: Histories
    product: Annotated[tuple[ProductEntry, ...], Field(min_length=1)]
    diagnosis: Annotated[tuple[DiagnosisEntry, ...], Field(min_length=1)]
    section: Annotated[tuple[Section, ...], Field(min_length=1)]
    group: tuple[Group, ...] = ()
    clause: Annotated[tuple[Leaf, ...], Field(min_length=1)]
    approval: Annotated[tuple[Term, ...], Field(min_length=1)]
    referral: Referrals
    alert: tuple[AlertRule, ...]
    label: tuple[LabelEntry, ...]
    alternative: tuple[Alternative, ...]
    hcpcs: tuple[Hcpcs, ...]
