"""What a decision is: truth values, evidence, findings, determinations. Knows nothing else of the service but the shape
of a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from service.suggestion import Status, Suggestion

__all__ = [
    "Alert",
    "Approval",
    "Determination",
    "DoseLimit",
    "Evidence",
    "Finding",
    "Line",
    "NotEvaluated",
    "Outcome",
    "PolicyId",
    "Referral",
    "Result",
    "SafetyNotice",
    "Severity",
    "Status",
    "Step",
    "Suggestion",
    "Way",
    "all_of",
    "any_of",
]

Line = Literal["commercial", "him", "medicaid"]
Severity = Literal["critical", "warning"]


class Result(StrEnum):
    """The five results of a criterion. `waived` counts as met; `not-applicable` takes no part."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"


def all_of(results: Iterable[Result]) -> Result:
    """Kleene conjunction over the applicable results; none applicable is not-applicable."""
    return _combine(results, decisive=Result.NOT_MET, otherwise=Result.MET)


def any_of(results: Iterable[Result]) -> Result:
    """Kleene disjunction over the applicable results; none applicable is not-applicable."""
    return _combine(results, decisive=Result.MET, otherwise=Result.NOT_MET)


def _combine(results: Iterable[Result], *, decisive: Result, otherwise: Result) -> Result:
    seen = {Result.MET if r is Result.WAIVED else r for r in results} - {Result.NOT_APPLICABLE}
    if not seen:
        return Result.NOT_APPLICABLE
    if decisive in seen:
        return decisive
    return Result.UNKNOWN if Result.UNKNOWN in seen else otherwise


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing a finding stood on: where it is (`reference`, `path`), what it says, and when (ISO date)."""

    reference: str
    path: str
    text: str
    date: str | None = None

    def as_contract(self) -> dict[str, str]:
        fields = {"reference": self.reference, "path": self.path, "text": self.text}
        return fields | {"date": self.date} if self.date else fields


@dataclass(frozen=True, slots=True)
class Finding:
    """A leaf's result. `reads` is the criterion in our words; `missing` asks for what is not documented;
    `remedy` says what would meet it; `remarks` name what was looked at and did not count, and why."""

    id: str
    result: Result
    evidence: tuple[Evidence, ...] = ()
    reads: str = ""
    missing: str | None = None
    remedy: str | None = None
    remarks: tuple[str, ...] = ()

    def as_contract(self) -> dict[str, object]:
        fields: dict[str, object] = {
            "id": self.id,
            "result": self.result.value,
            "evidence": [e.as_contract() for e in self.evidence],
        }
        if self.result is Result.UNKNOWN and self.missing:
            fields["missing"] = self.missing
        return fields


@dataclass(frozen=True, slots=True)
class Approval:
    """How long an approval runs: both days included; `months` only where the term is counted in months."""

    months: int | None
    start: date
    end: date
    basis: str

    def as_contract(self) -> dict[str, object]:
        return {
            "months": self.months,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True)
class Referral:
    """Which other policies decide, by line of business."""

    reason: str
    policies: Mapping[str, tuple[str, ...]]

    def as_contract(self) -> dict[str, object]:
        return {"reason": self.reason, "policies": {k: list(v) for k, v in self.policies.items()}}


@dataclass(frozen=True, slots=True)
class Step:
    """One criterion on the way to yes: `document` what is not on record, change the `order`, order another `product`
    (whose own criteria are looked at then), or a `fact` that none of these changes."""

    criterion: str
    change: str
    kind: Literal["document", "order", "product", "fact"]


@dataclass(frozen=True, slots=True)
class Way:
    """The smallest set of criteria that one pathway still needs."""

    pathway: str | None
    steps: tuple[Step, ...]

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def as_contract(self) -> dict[str, object]:
        return {
            "pathway": self.pathway,
            "criteria": [step.criterion for step in self.steps],
            "changes": [step.change for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class DoseLimit:
    """The limit that an approvable dose was held to, by its criterion."""

    value: Decimal
    unit: Literal["mg", "mg/m2"]
    per: Literal["week", "dose"]
    criterion: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A safety alert: never a criterion, never hidden by a status."""

    code: str
    severity: Severity
    evidence: tuple[Evidence, ...]
    says: str = ""

    def as_contract(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "evidence": [e.as_contract() for e in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class PolicyId:
    """A policy's number and revision (`version` is the year and month of its last review)."""

    id: str
    version: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Determination:
    """One governed order, decided. The first block is the contract's; the second is for cards to say, and for what is
    offered and filed: `answerable` are the leaves in the way that an answer settles; `nearest` ways to yes, the nearest
    first; `inferred`, where the diagnosis stands if the order does not name it; `coverage`, the Coverage that decides,
    or `lapsed`, the one on record where none is in force."""

    order: str
    policy: PolicyId
    evaluated_on: date
    product: str | None
    indication: str | None
    line: Line | None
    status: Status
    pathway: str | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    approval: Approval | Mapping[str, Approval] | None = None
    referral: Referral | None = None
    safety: tuple[Alert, ...] = ()

    drug: str = ""
    indication_name: str = ""
    asks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    answerable: tuple[str, ...] = ()
    nearest: tuple[Way, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    inferred: tuple[Evidence, ...] = ()
    coverage: str | None = None
    lapsed: str | None = None
    limit: DoseLimit | None = None

    def as_contract(self) -> dict[str, object]:
        """The determination as other systems rely on it, member by member."""
        return {
            "order": self.order,
            "policy": {"id": self.policy.id, "version": self.policy.version},
            "evaluatedOn": self.evaluated_on.isoformat(),
            "product": self.product,
            "indication": self.indication,
            "lineOfBusiness": self.line,
            "status": self.status.value,
            "pathway": self.pathway,
            "criteria": [f.as_contract() for f in self.findings],
            "missing": list(self.missing),
            "unmet": list(self.unmet),
            "approval": self._approval(),
            "referral": self.referral.as_contract() if self.referral else None,
            "safety": [a.as_contract() for a in self.safety],
            "nearest": [w.as_contract() for w in self.nearest],
        }

    def _approval(self) -> dict[str, object] | None:
        match self.approval:
            case None:
                return None
            case Approval() as one:
                return one.as_contract()
            case by_line:
                return {"byLineOfBusiness": {k: v.as_contract() for k, v in by_line.items()}}


@dataclass(frozen=True, slots=True)
class SafetyNotice:
    """An order that no policy governs (or whose member no policy covers), with alerts all the same; `unchecked` says
    what of the chart safety could not look at, since silence reads as "all clear"."""

    order: str
    drug: str
    safety: tuple[Alert, ...]
    policy: PolicyId
    unchecked: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """An order that could not be evaluated: said on a card, since silence reads as "all clear". `looked`: its dose and
    the allergies on record were looked at all the same."""

    order: str
    drug: str
    why: str
    correlation: str | None = field(default=None)
    looked: bool = False


Outcome = Determination | SafetyNotice | NotEvaluated
