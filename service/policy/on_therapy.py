"""The words of continued therapy: `supplied`, `taking`, `responding`; and whether an order raises the dose."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from service.case import Case, Supply, Therapy
from service.determination import Result
from service.dose import Unit, say
from service.policy.clause import About, Clause, Increase, Setting, Verdict
from service.questions import Shows

Days = Annotated[int, Field(gt=0)]
_UNITS: tuple[Unit, ...] = ("mg", "mg/m2")


class SuppliedClause(Clause):
    """The product was dispensed or paid for under this coverage in the last `within_days`, or approved before."""

    word: Literal["supplied"]
    within_days: Days
    resources: ClassVar[tuple[str, ...]] = ("MedicationDispense", "Claim", "ClaimResponse", "ExplanationOfBenefit")

    def test(self, setting: Setting) -> Verdict:
        case, history = setting.case, setting.case.history
        recent = [s for s in history.supplies if recently(s, case, self.within_days)]
        key = (setting.product, setting.diagnosis.indication)
        approved = tuple(e for product, diagnosis, e in history.earlier_approvals if (product, diagnosis) == key)
        met = (*(s.evidence for s in recent if s.covered), *approved)
        if met:
            return Verdict(Result.MET, met, remarks=history.remarks)
        idle = [s for s in history.supplies if not s.covered or s not in recent]
        remarks = tuple(f"{s.evidence.reference}: {_why(s)}" for s in idle)
        return Verdict(Result.UNKNOWN, tuple(s.evidence for s in recent), remarks=(*history.remarks, *remarks))

    def reads(self) -> str:
        return (
            f"the product was dispensed, or paid for, under the coverage in force in the last {self.within_days} days, "
            "or an earlier determination of this service for it still runs"
        )

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.medications(self.for_)


class TakingClause(Clause):
    """The product was started at least `since_days` before the evaluation date, and goes on."""

    word: Literal["taking"]
    since_days: Days
    within_days: Days
    resources: ClassVar[tuple[str, ...]] = ("MedicationStatement", "MedicationDispense")

    def test(self, setting: Setting) -> Verdict:
        case, history = setting.case, setting.case.history
        day = case.evaluated_on - timedelta(days=self.since_days)
        started = tuple(e for on, e in history.starts if on <= day)
        going = [t.evidence for t in history.therapies if t.active and (t.on is None or t.on <= case.evaluated_on)]
        handed = [s for s in history.supplies if s.kind == "dispense" and recently(s, case, self.within_days)]
        going += [s.evidence for s in handed]
        seen = tuple(dict.fromkeys((*started, *going)))
        return Verdict(Result.MET if started and going else Result.UNKNOWN, seen)

    def reads(self) -> str:
        return (
            f"a dispense, statement or order of at least {self.since_days} days ago, and an active order or statement "
            f"or a dispense in the last {self.within_days} days"
        )

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.medications(self.for_)


class RespondingClause(Clause):
    """The treated disease is in remission by its Condition; any other response is attested."""

    word: Literal["responding"]
    resources: ClassVar[tuple[str, ...]] = ("Condition",)

    def test(self, setting: Setting) -> Verdict:
        remission = setting.diagnosis.remission
        return Verdict(Result.MET if remission else Result.UNKNOWN, remission)

    def reads(self) -> str:
        return "the Condition of the treated diagnosis is in remission; else only an attestation meets it"

    def shows(self, about: About) -> tuple[Shows, ...]:
        return about.medications(self.for_)


def recently(supply: Supply, case: Case, within_days: int) -> bool:
    """Whether a supply falls in the days before the evaluation date, the last of them included."""
    return case.evaluated_on - timedelta(days=within_days) <= supply.on <= case.evaluated_on


def _why(supply: Supply) -> str:
    if supply.covered is False:
        return "was not under the coverage now in force"
    if supply.covered is None:
        return "the coverage in force then is not known"
    return f"{supply.on.isoformat()} is outside the days that count"


def compare(case: Case, completed_within: int) -> Increase:
    """The order's weekly dose beside the current one: the newest active request or statement's, else the newest
    completed one's of the last `completed_within` days (reading, section 11)."""
    if case.history.cut:
        return Increase(known=False, higher=False, why=case.history.cut)
    current = _current(case, completed_within)
    if not current:
        return Increase(known=False, higher=False, why="none is on record")
    evidence = tuple(t.evidence for t in current)
    if not case.dose.contradicted:
        area = case.body.area if case.body else None
        for unit in _UNITS:
            new, old = case.dose.weekly(unit, area), [t.dose.weekly(unit, area) for t in current]
            if new is not None and (known := [o for o in old if o is not None]) and len(known) == len(old):
                why = f"{say(min(known))} {unit} a week now, {say(new)} ordered"
                return Increase(known=True, higher=new > min(known), evidence=evidence, why=why)
    return Increase(known=False, higher=False, evidence=evidence, why="the one on record cannot be compared")


def _current(case: Case, completed_within: int) -> list[Therapy]:
    """The newest active therapies (several of one day), else the newest completed ones."""
    oldest = case.evaluated_on - timedelta(days=completed_within)
    dated = [t for t in case.history.therapies if t.on is None or t.on <= case.evaluated_on]
    active = [t for t in dated if t.active]
    done = [t for t in dated if t.completed and t.on is not None and t.on >= oldest]
    pool = active or done
    newest = max((t.on for t in pool if t.on), default=None)
    return [t for t in pool if t.on == newest]
