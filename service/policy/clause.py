"""What every clause has: its number, our words, its conditions (`for`, `unless`), its waiver, and how it is found.

A clause is a leaf of a policy. The words that test it are in the modules `on_*`; this one knows no word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.case import Attestation, Case, Diagnosis
from service.determination import Evidence, Finding, Line, Result
from service.questions import Shows

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Ref = Annotated[str, StringConstraints(pattern=r"^[IVX]+\.[A-Z](\.[A-Za-z0-9]+)*$")]
Concept = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
FailsAs = Literal["product", "age", "stage", "dose", "other"]


class Strict(BaseModel):
    """A part of a document: no unknown keys, no coercion, no change after loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class Scope(Strict):
    """The orders that a condition fits: by product, by diagnosis; a list that is not given fits all."""

    product: tuple[Concept, ...] = ()
    diagnosis: tuple[Concept, ...] = ()

    def fits(self, product: str | None, diagnosis: str | None) -> bool:
        by_product = not self.product or product in self.product
        return by_product and (not self.diagnosis or diagnosis in self.diagnosis)

    def reads(self) -> str:
        parts = [", ".join(names) for names in (self.product, self.diagnosis) if names]
        return " and ".join(parts) or "every order"


class Waiver(Strict):
    """A law or rule that lifts a clause: for a line of business and a state, from a day on."""

    line: Line
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    start: date = Field(alias="from")
    cites: Text

    def lifts(self, case: Case) -> bool:
        """Whether it applies; an unknown line or state waives nothing."""
        member = case.membership
        return member.line == self.line and member.state == self.state and case.evaluated_on >= self.start

    def reads(self) -> str:
        return f"lifted for {self.line} members in {self.state} from {self.start.isoformat()} ({self.cites})"


@dataclass(frozen=True, slots=True)
class About:
    """What a clause stands for in its document, by concept: its section's diagnoses; its products, each with the
    concepts that name it or its form; and what names the drug and none of its products."""

    diagnoses: tuple[str, ...]
    products: Mapping[str, tuple[str, ...]]
    drug: tuple[str, ...]

    def conditions(self, scope: Scope | None, named: tuple[str, ...] = ()) -> tuple[Shows, ...]:
        """The Conditions of the diagnoses named and of those in scope, else of the section's."""
        scoped = scope.diagnosis if scope else ()
        concepts = tuple(dict.fromkeys((*named, *scoped))) or self.diagnoses
        return (Shows("condition", concepts),) if concepts else ()

    def medications(self, scope: Scope | None) -> tuple[Shows, ...]:
        """The records of the products in scope, else of the section's, and of the drug where no product is named."""
        products = (scope.product if scope else ()) or tuple(self.products)
        concepts = (*(c for product in products for c in self.products.get(product, (product,))), *self.drug)
        return (Shows("medication", tuple(dict.fromkeys(concepts))),)


@dataclass(frozen=True, slots=True)
class Increase:
    """The order's weekly dose beside the current one: `known` where they can be compared, `higher` then."""

    known: bool
    higher: bool
    evidence: tuple[Evidence, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A use on a product's label, with the ages (completed years) it is for."""

    product: str
    diagnosis: str
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a clause is tested in: the case, the diagnosis considered, and what was found so far in this pathway."""

    case: Case
    diagnosis: Diagnosis
    labels: tuple[Label, ...]
    found: Mapping[str, Finding]
    increase: Increase

    @property
    def product(self) -> str | None:
        return self.case.product.id

    @property
    def area(self) -> Fraction | None:
        return self.case.body.area if self.case.body else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a word says of a case: `missing` and `remedy` only where they are more exact than the clause's own."""

    result: Result
    evidence: tuple[Evidence, ...] = ()
    missing: str | None = None
    remedy: str | None = None
    remarks: tuple[str, ...] = ()


class Clause(Strict):
    """A leaf. `says` is the criterion in our words, `question` asks a prescriber whether it is met, `asks` for the
    documentation that would settle it, `remedy` is what would meet it; `attested_within` days an attestation counts
    (all, if not given); `instead`: where its `for` fits, it stands in place of its group's other leaves, and elsewhere
    it is not listed. `resources` are the types that its word reads in a chart."""

    resources: ClassVar[tuple[str, ...]] = ()

    ref: Ref
    says: Text
    question: Text | None = None
    asks: Text | None = None
    remedy: Text | None = None
    for_: Scope | None = Field(default=None, alias="for")
    unless: Scope | None = None
    waived: Waiver | None = None
    attested_within: Annotated[int, Field(gt=0)] | None = None
    about_dose: bool = False
    instead: bool = False
    only_if: Literal["dose-increase"] | None = None
    fails_as: FailsAs = "other"

    def test(self, setting: Setting) -> Verdict:
        """What the case shows; attestations and waivers are applied by `find`."""
        raise TypeError(f"{type(self).__name__} tests nothing in {setting}")

    def reads(self) -> str:
        """The machine's reading of the clause, in words, for a pharmacist to sign."""
        raise TypeError(f"{type(self).__name__} is no word")

    def shows(self, _about: About) -> tuple[Shows, ...]:
        """What a chart may show of the clause already, for whoever answers it; most words: nothing."""
        return ()

    def fits(self, setting: Setting) -> bool:
        """Whether the clause is about the order of a setting."""
        return self.concerns(setting.product, setting.diagnosis.indication)

    def concerns(self, product: str | None, indication: str | None) -> bool:
        """Whether the clause's conditions on product and diagnosis include these."""
        if self.for_ and not self.for_.fits(product, indication):
            return False
        return not (self.unless and self.unless.fits(product, indication))

    def find(self, setting: Setting) -> Finding:
        """The clause's finding: not-applicable, waived, what the chart shows, or else what was attested."""
        if not self.fits(setting) or (self.only_if and setting.increase.known and not setting.increase.higher):
            return Finding(self.ref, Result.NOT_APPLICABLE, reads=self.says)
        if self.waived and self.waived.lifts(setting.case):
            member = setting.case.membership
            return Finding(self.ref, Result.WAIVED, (*member.evidence, *member.state_evidence), self.says)
        verdict = self.test(setting)
        answer = self.answer(setting.case, setting.diagnosis.indication) if verdict.result is Result.UNKNOWN else None
        return self._attested(verdict, answer) if answer else self._shown(verdict)

    def answer(self, case: Case, indication: str) -> Attestation | None:
        """The attestation that counts for this clause of an order for a diagnosis, if any."""
        given = case.attested_for.get((self.ref, indication)) or case.attestations.get(self.ref)
        if given is None or not self.open_to_answers(case):
            return None
        if self.attested_within is None:
            return given
        oldest = case.evaluated_on - timedelta(days=self.attested_within)
        return given if given.on and given.on >= oldest else None

    def open_to_answers(self, case: Case) -> bool:
        """Whether an attestation can settle the clause: none does of a dose that text and structure contradict."""
        return not (self.about_dose and case.dose.contradicted)

    def _attested(self, verdict: Verdict, answer: Attestation) -> Finding:
        result = Result.MET if answer.yes else Result.NOT_MET
        remedy = None if answer.yes else self.remedy
        evidence = (answer.evidence, *verdict.evidence)
        return Finding(self.ref, result, evidence, self.says, remedy=remedy, remarks=verdict.remarks)

    def _shown(self, verdict: Verdict) -> Finding:
        missing = verdict.missing or self.asks or self.says if verdict.result is Result.UNKNOWN else None
        remedy = verdict.remedy or self.remedy if verdict.result is Result.NOT_MET else None
        return Finding(self.ref, verdict.result, verdict.evidence, self.says, missing, remedy, verdict.remarks)
