"""The words that read the chart: diagnosis, stage, course, product, prescriber, age, condition, failed, attested."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from service.determination import Result
from service.policy.clause import About, Clause, Concept, FailsAs, Setting, Text, Verdict
from service.questions import Shows

Concepts = Annotated[tuple[Concept, ...], Field(min_length=1)]
Years = Annotated[int, Field(ge=0, le=150)]


class DiagnosisClause(Clause):
    """The diagnosis is one of `any_of`; a diagnosis in `open` leaves it unknown (its code does not say which)."""

    word: Literal["diagnosis"]
    any_of: Concepts
    open: tuple[Concept, ...] = ()
    fails_as: FailsAs = "stage"
    resources: ClassVar[tuple[str, ...]] = ("Condition",)

    def test(self, setting: Setting) -> Verdict:
        found = setting.diagnosis
        if found.indication in self.any_of:
            return Verdict(Result.MET, found.evidence, remarks=found.remarks)
        return Verdict(Result.UNKNOWN if found.indication in self.open else Result.NOT_MET, found.evidence)

    def reads(self) -> str:
        unclear = f"; {', '.join(self.open)} leaves it open" if self.open else ""
        return f"the diagnosis is {' or '.join(self.any_of)}{unclear}"

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.conditions(self.for_, (*self.any_of, *self.open))


class StageClause(Clause):
    """The stage group of the diagnosis: met by `met`, open at `unknown`, not met by any other stage read."""

    word: Literal["stage"]
    met: Annotated[tuple[Text, ...], Field(min_length=1)]
    unknown: tuple[Text, ...] = ()
    fails_as: FailsAs = "stage"
    resources: ClassVar[tuple[str, ...]] = ("Condition",)

    def test(self, setting: Setting) -> Verdict:
        found = setting.diagnosis
        if found.stage is None or found.stage in self.unknown:
            return Verdict(Result.UNKNOWN, found.stage_evidence, remarks=found.remarks)
        result = Result.MET if found.stage in self.met else Result.NOT_MET
        return Verdict(result, found.stage_evidence, remarks=found.remarks)

    def reads(self) -> str:
        unclear = f"; {', '.join(self.unknown)} leaves it open" if self.unknown else ""
        return f"the stage is one of {', '.join(self.met)}{unclear}; any other stage on record is not"

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.conditions(self.for_)


class CourseClause(Clause):
    """The disease is relapsed or refractory; a diagnosis in `open` leaves it unknown whatever its course."""

    word: Literal["course"]
    course: Literal["relapse"]
    open: tuple[Concept, ...] = ()
    fails_as: FailsAs = "stage"
    resources: ClassVar[tuple[str, ...]] = ("Condition",)

    def test(self, setting: Setting) -> Verdict:
        found = setting.diagnosis
        if found.course is None or found.indication in self.open:
            return Verdict(Result.UNKNOWN, (*found.evidence, *found.course_evidence), remarks=found.remarks)
        result = Result.MET if found.course == self.course else Result.NOT_MET
        return Verdict(result, found.course_evidence, remarks=found.remarks)

    def reads(self) -> str:
        unclear = f"; {', '.join(self.open)} leaves it open" if self.open else ""
        return f"the Condition says relapse, recurrence or refractory; remission is not met{unclear}"

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.conditions(self.for_)


class ProductClause(Clause):
    """The product ordered is one of `any_of`."""

    word: Literal["product"]
    any_of: Concepts
    fails_as: FailsAs = "product"

    def test(self, setting: Setting) -> Verdict:
        result = Result.MET if setting.product in self.any_of else Result.NOT_MET
        return Verdict(result, setting.case.product.evidence)

    def reads(self) -> str:
        return f"the product ordered is {' or '.join(self.any_of)}"


class PrescriberClause(Clause):
    """A specialty on record of the prescriber; another, or none, is unknown: a consultation serves, too."""

    word: Literal["prescriber"]
    any_of: Concepts

    def test(self, setting: Setting) -> Verdict:
        prescriber = setting.case.prescriber
        found = tuple(s.evidence for s in prescriber.specialties if s.concept in self.any_of)
        others = [s.evidence.text for s in prescriber.specialties if s.concept not in self.any_of]
        seen = (*others, *prescriber.seen)
        remarks = (f"specialty on record: {'; '.join(seen)}",) if seen and not found else ()
        return Verdict(Result.MET if found else Result.UNKNOWN, found, remarks=remarks)

    def reads(self) -> str:
        return f"a specialty on record of the prescriber is {' or '.join(self.any_of)}; else unknown"


class AgeClause(Clause):
    """Completed years on the evaluation date, both bounds included (`at_most` 18: until the 19th birthday)."""

    word: Literal["age"]
    at_least: Years | None = None
    at_most: Years | None = None
    fails_as: FailsAs = "age"
    resources: ClassVar[tuple[str, ...]] = ("Patient",)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("an age needs at_least or at_most")
        return self

    def test(self, setting: Setting) -> Verdict:
        age = setting.case.age
        if age is None:
            return Verdict(Result.UNKNOWN)
        possible = {self._holds(years) for years in (age.least, age.most)}
        if len(possible) == 2:
            return Verdict(Result.UNKNOWN, (age.evidence,))
        return Verdict(Result.MET if possible.pop() else Result.NOT_MET, (age.evidence,))

    def _holds(self, years: int) -> bool:
        old_enough = self.at_least is None or years >= self.at_least
        return old_enough and (self.at_most is None or years <= self.at_most)

    def reads(self) -> str:
        bounds = [f"at least {self.at_least}"] if self.at_least is not None else []
        bounds += [f"at most {self.at_most}"] if self.at_most is not None else []
        return f"{' and '.join(bounds)} completed years on the evaluation date"

    def shows(self, _about: About) -> tuple[Shows, ...]:
        return (Shows("birth-date"),)


class ConditionClause(Clause):
    """An active Condition of one of the concepts; none on record is unknown, never not met."""

    word: Literal["condition"]
    any_of: Concepts
    resources: ClassVar[tuple[str, ...]] = ("Condition",)

    def test(self, setting: Setting) -> Verdict:
        case = setting.case
        found = tuple(e for concept in self.any_of for e in case.conditions.get(concept, ()))
        remarks = tuple(r for concept in self.any_of for r in case.condition_remarks.get(concept, ()))
        return Verdict(Result.MET if found else Result.UNKNOWN, found, remarks=remarks)

    def reads(self) -> str:
        return f"an active Condition on record is of {' or '.join(self.any_of)}; none leaves it unknown"

    def shows(self, _about: About) -> tuple[Shows, ...]:
        return (Shows("condition", self.any_of),)


class FailedClause(Clause):
    """A past trial of `drug` that failed, was not tolerated, or is ruled out; one without an outcome is unknown."""

    word: Literal["failed"]
    drug: Concept
    resources: ClassVar[tuple[str, ...]] = (
        "MedicationStatement",
        "MedicationDispense",
        "AllergyIntolerance",
        "AdverseEvent",
    )

    def test(self, setting: Setting) -> Verdict:
        trials = setting.case.trials.get(self.drug)
        if trials is None:
            return Verdict(Result.UNKNOWN)
        failed = tuple(t.evidence for t in trials.tried if t.failed)
        if failed:
            return Verdict(Result.MET, failed, remarks=trials.remarks)
        open_ = tuple(t for t in trials.tried if not t.failed)
        named = "; ".join(f"{t.evidence.text} ({t.dates})" if t.dates else t.evidence.text for t in open_)
        missing = f"Outcome of the trial on record: {named}" if open_ else None
        return Verdict(Result.UNKNOWN, tuple(t.evidence for t in open_), missing, remarks=trials.remarks)

    def reads(self) -> str:
        return f"the record says that {self.drug} failed, was not tolerated, or is ruled out"

    def shows(self, about: About) -> tuple[Shows, ...]:
        """Of the drug to be tried, and of what does not say which form it was: that may have been the trial."""
        return (Shows("medication", (self.drug, *about.drug)),)


class AttestedClause(Clause):
    """Only an attestation settles it."""

    word: Literal["attested"]

    def test(self, setting: Setting) -> Verdict:
        why = setting.case.dose.contradicted and self.about_dose
        remarks = ("the order's text and structure disagree on the dose: the order must be corrected",) if why else ()
        return Verdict(Result.UNKNOWN, remarks=remarks)

    def reads(self) -> str:
        return "only an attestation meets it"

    def shows(self, about: About) -> tuple[Shows, ...]:
        """Of whether a dose goes up: the doses on record."""
        return about.medications(self.for_) if self.only_if else ()
