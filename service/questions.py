"""What the policies ask of a chart: products, the drug, diagnoses and concepts, by name and by value set.

Policies derive it from their documents, and the reading of a chart answers it; it knows neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Shows:
    """What a chart may show of a question already: its records of a kind with a code of these concepts (value sets);
    `birth-date` is the Patient's, and has none. At most `LONGEST` characters are told of one question."""

    LONGEST: ClassVar[int] = 4000
    kind: Literal["condition", "medication", "measure", "birth-date"]
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Strength:
    """One strength a product is made in: milligrams, in millilitres where it is a device."""

    mg: Decimal
    ml: Decimal


@dataclass(frozen=True, slots=True)
class ProductQuestion:
    """How a policy's product is recognised. `concept` names it for certain; `generic_level` codes are of its form."""

    id: str
    name: str
    names: tuple[str, ...]
    concept: str
    generic_level: str | None
    form: str
    strengths: tuple[Strength, ...]
    mg_per_ml: Decimal | None


@dataclass(frozen=True, slots=True)
class DrugQuestion:
    """How a policy's drug is recognised apart from its products."""

    name: str
    names: tuple[str, ...]
    ingredient: str
    generics: tuple[str, ...]
    unspecific: str
    silent: str
    unlisted_devices: str
    review: str


@dataclass(frozen=True, slots=True)
class DiagnosisQuestion:
    """A diagnosis that a policy lists: a concept, and the plain texts that name it (patterns, case-blind)."""

    concept: str
    name: str
    texts: tuple[str, ...]
    abbreviations: tuple[str, ...]
    narrower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """What a policy revision asks of a chart: nothing else is read, and nothing else is prefetched. `about_dose`: the
    numbers of its criteria about an order's dose, `about_product` of those about treatment with the product so far."""

    policy: str
    version: str
    drug: DrugQuestion
    products: tuple[ProductQuestion, ...]
    diagnoses: tuple[DiagnosisQuestion, ...]
    specialties: frozenset[str]
    trials: frozenset[str]
    conditions: frozenset[str]
    companions: frozenset[str]
    measured_within_days: int
    state_observations: Mapping[str, int]
    about_dose: frozenset[str]
    about_product: frozenset[str]
    resources: tuple[str, ...]
