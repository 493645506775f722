"""The words that weigh a dose: `dose` (a limit a week or a dose, alone or in combination) and `on-label` (the regimen).

Arithmetic is exact; equal to the limit is met. A dose in the other unit needs the body surface area."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from service.case import Companions, CouldNotAsk, Had
from service.determination import Evidence, Result, all_of
from service.dose import Dose, Unit, say
from service.policy.clause import About, Clause, Concept, FailsAs, Label, Ref, Setting, Verdict
from service.questions import Shows

_BODY = Shows("measure", ("body-surface-area", "body-height", "body-weight"))
_LIMIT = re.compile(r"(\d+(?:\.\d+)?) (mg|mg/m2) per (week|dose)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A dose limit, as a document writes it: `20 mg per week`, `10 mg/m2 per dose`."""

    amount: Fraction
    unit: Unit
    per: Literal["week", "dose"]

    @classmethod
    def parse(cls, value: object) -> Limit:
        """The limit that a document's text means; raises ValueError that says what is accepted."""
        match = _LIMIT.fullmatch(value) if isinstance(value, str) else None
        if not match:
            raise ValueError(f"{value!r} is no limit; write '20 mg per week' or '10 mg/m2 per dose'")
        return cls(
            Fraction(match[1]),
            "mg" if match[2] == "mg" else "mg/m2",
            "week" if match[3] == "week" else "dose",
        )

    def measure(self, dose: Dose, area: Fraction | None) -> Fraction | None:
        """The dose that the limit is about, in its unit."""
        return dose.weekly(self.unit, area) if self.per == "week" else dose.largest_single(self.unit, area)

    def reads(self) -> str:
        return f"{say(self.amount)} {self.unit} per {self.per}"


LimitText = Annotated[
    Limit,
    PlainValidator(Limit.parse),
    PlainSerializer(Limit.reads),
    WithJsonSchema({"type": "string", "pattern": f"^{_LIMIT.pattern}$"}),
]


class DoseClause(Clause):
    """The dose does not exceed `at_most`; `count_at_most` doses a week; given alone or in combination (`regimen`)
    with medicines of the class `companions`."""

    word: Literal["dose"]
    limit: LimitText = Field(alias="at_most")
    count_at_most: Annotated[int, Field(gt=0)] | None = None
    regimen: Literal["single-agent", "combination"] | None = None
    companions: Concept | None = None
    fails_as: FailsAs = "dose"
    resources: ClassVar[tuple[str, ...]] = ("Observation", "MedicationStatement")
    about_dose: bool = True

    def test(self, setting: Setting) -> Verdict:
        parts = [self._amount(setting), self._count(setting.case.dose), self._regimen(setting.case.companions)]
        if self.only_if and not setting.increase.known:
            parts[:2] = [_allowing(part, setting.increase.why) for part in parts[:2]]
        given = [part for part in parts if part is not None]
        result = all_of(part.result for part in given)
        telling = [part for part in given if part.result is result]
        beside = setting.increase.evidence if self.only_if else ()
        return Verdict(
            result,
            tuple(dict.fromkeys((*(e for part in telling for e in part.evidence), *beside))),
            _joined(part.missing for part in telling),
            _joined(part.remedy for part in telling) if result is Result.NOT_MET else None,
            tuple(dict.fromkeys(r for part in given for r in part.remarks)),
        )

    def _amount(self, setting: Setting) -> Verdict:
        case, limit = setting.case, self.limit
        if not case.dose.steps:
            return Verdict(Result.UNKNOWN, case.dose.evidence, _unreadable(case.dose), remarks=case.dose.remarks)
        amount = limit.measure(case.dose, setting.area)
        if amount is None:
            remarks = (*case.dose.remarks, *case.body_remarks)
            return Verdict(Result.UNKNOWN, case.dose.evidence, _NO_AREA, remarks=remarks)
        through_area = limit.unit not in case.dose.units()
        evidence = (self._observed(setting, amount), *case.dose.evidence)
        if through_area and case.body:
            evidence = (*evidence, *case.body.evidence)
        result = Result.MET if amount <= limit.amount else Result.NOT_MET
        return Verdict(result, evidence, remedy=f"A dose of at most {limit.reads()}", remarks=case.dose.remarks)

    def _observed(self, setting: Setting, amount: Fraction) -> Evidence:
        case, limit = setting.case, self.limit
        borderline = case.body is not None and any(
            ((other := limit.measure(case.dose, area)) is not None)
            and (other <= limit.amount) is not (amount <= limit.amount)
            for area in case.body.alternatives
        )
        note = "; borderline: another formula for the body surface area would turn it" if borderline else ""
        text = f"{say(amount)} {limit.unit} per {limit.per}, limit {say(limit.amount)}{note}"
        path = case.dose.evidence[0].path if case.dose.evidence else "MedicationRequest.dosageInstruction"
        return Evidence(case.order, path, text)

    def _count(self, dose: Dose) -> Verdict | None:
        if self.count_at_most is None:
            return None
        count = dose.doses_per_week()
        if count is None:
            return Verdict(Result.UNKNOWN, dose.evidence, _unreadable(dose))
        result = Result.MET if count <= self.count_at_most else Result.NOT_MET
        return Verdict(result, dose.evidence, remedy=f"At most {self.count_at_most} doses a week")

    def _regimen(self, found: Companions) -> Verdict | None:
        match self.regimen:
            case None:
                return None
            case "single-agent":
                return _companions(found, Result.NOT_MET, Result.MET, "Given as the only antineoplastic")
            case "combination":
                return _companions(found, Result.MET, Result.NOT_MET, "Given with combination chemotherapy")

    def mismatched(self, found: Companions) -> bool:
        """Whether the other medicines of the class make the regimen another than the clause's."""
        return self.regimen is not None and (self.regimen == "combination") is not bool(found.found)

    def reads(self) -> str:
        count = f", in at most {self.count_at_most} doses a week" if self.count_at_most else ""
        alone = f", without another medicine of {self.companions} drafted or active"
        beside = f", with another medicine of {self.companions} drafted or active"
        regimen = {None: "", "single-agent": alone, "combination": beside}[self.regimen]
        return f"at most {self.limit.reads()}{count}{regimen}"

    def shows(self, about: About) -> tuple[Shows, ...]:
        """What an order in the other unit needs, whichever it is, and for an increase the doses on record."""
        return (*(about.medications(self.for_) if self.only_if else ()), _BODY)


def _joined(words: Iterable[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(word for word in words if word)) or None


_NO_AREA = "Height and weight, or the body surface area, from the last year"


def _unreadable(dose: Dose) -> str:
    return f"A weekly dose that can be read from the order ({dose.unknown or 'none is given'})"


def _allowing(part: Verdict | None, why: str) -> Verdict | None:
    """Above the limit, and the current dose not known: whether it is an increase is what is missing (II.A.3)."""
    if part is None or part.result is not Result.NOT_MET:
        return part
    return Verdict(Result.UNKNOWN, part.evidence, f"The current weekly dose ({why})", remarks=part.remarks)


def _companions(found: Companions, beside: Result, alone: Result, remedy: str) -> Verdict:
    """What the other medicines say: one of the class, a list that could not be read, or a list without any."""
    if found.found:
        return Verdict(beside, found.found, remedy=remedy, remarks=found.remarks)
    if (why := _list_unread(found)) is not None:
        return Verdict(Result.UNKNOWN, (), f"The patient's medication list ({why})", remarks=found.remarks)
    read = Evidence("MedicationRequest", "MedicationRequest.medication", "no other of the class on the list")
    return Verdict(alone, (read,), remedy=remedy, remarks=found.remarks)


def _list_unread(found: Companions) -> str | None:
    match found.listed:
        case CouldNotAsk(why):
            return why
        case Had(complete=False):
            return "it was not had whole"
        case _:
            return f"not clear: {'; '.join(found.unclear)}" if found.unclear else None


class OnLabelClause(Clause):
    """The regimen is on the product's label: product and diagnosis are, and one of the `doses` leaves is met."""

    word: Literal["on-label"]
    doses: tuple[Ref, ...] = ()
    about_dose: bool = True

    def test(self, setting: Setting) -> Verdict:
        use = (setting.product, setting.diagnosis.indication)
        fits = [label for label in setting.labels if (label.product, label.diagnosis) == use]
        if not fits:
            return Verdict(Result.UNKNOWN)
        met = [f for ref in self.doses if (f := setting.found.get(ref)) and f.result is Result.MET]
        if not met or not any(_of_age(setting, label) for label in fits):
            return Verdict(Result.UNKNOWN)
        return Verdict(Result.MET, (*setting.case.product.evidence, *met[0].evidence))

    def reads(self) -> str:
        doses = " or ".join(self.doses)
        return f"product and diagnosis are on the product's label and {doses} is met; else only an attestation meets it"

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.medications(self.for_) if self.only_if else ()


def _of_age(setting: Setting, label: Label) -> bool:
    age = setting.case.age
    return label.at_most is None or (age is not None and age.most <= label.at_most)
