"""A record read again under another revision of its policy, as far as the record goes. Pure: a record and a policy in.

A leaf that means the same takes the result on record; what the record does not answer is open. The status is told only
where no answer to the open leaves could change it. It is that of the recorded pathway: whether another diagnosis or
pathway would now do better, no record says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args
from uuid import UUID

from service.case import Case, Diagnosis, Product
from service.determination import Line, Result, Status, all_of
from service.dose import Dose
from service.policy.clause import Clause, Increase, Setting
from service.policy.determine import Policy
from service.policy.fingerprint import Use, may_lift, meanings
from service.policy.library import Revision
from service.policy.on_chart import DiagnosisClause, ProductClause
from service.policy.outline import Outline
from service.policy.pathway import combine
from service.store.entries import Criterion

_STATUS = {
    Result.MET: Status.APPROVABLE,
    Result.UNKNOWN: Status.DOCUMENTATION_NEEDED,
    Result.NOT_MET: Status.NOT_MET,
}


@dataclass(frozen=True, slots=True)
class Record:
    """A determination on record, as far as replay reads it."""

    id: UUID
    policy: str
    evaluated_on: date
    product: str | None
    indication: str | None
    line: Line | None
    status: Status
    pathway: str | None
    criteria: tuple[Criterion, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Record:
        """The record in a row of the export, or in one read back from its JSON."""
        day = row["evaluatedOn"]
        return cls(
            id=UUID(str(row["id"])),
            policy=row["policy"],
            evaluated_on=day if isinstance(day, date) else date.fromisoformat(day),
            product=row["product"],
            indication=row["indication"],
            line=next((line for line in get_args(Line) if line == row["lineOfBusiness"]), None),
            status=Status(row["status"]),
            pathway=row["pathway"],
            criteria=tuple(Criterion(c["id"], c["result"], c["clause"]) for c in row["criteria"]),
        )

    @property
    def use(self) -> Use:
        return Use(self.product, self.indication, self.line, self.evaluated_on)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What another revision makes of a record: `after` is None where the record does not go that far, `open` are the
    leaves that it does not answer."""

    id: UUID
    before: Status
    after: Status | None
    same: bool
    open: tuple[str, ...] = ()


def replay(record: Record, revision: Revision) -> Replayed:
    """The record under a revision of its policy; raises ValueError for another policy's."""
    policy = revision.policy
    if policy.document.id != record.policy:
        raise ValueError(f"the record is of {record.policy}, the revision of {policy.document.id}")
    outline = _outline(record, policy)
    if outline is None:
        return Replayed(record.id, record.status, None, same=False)
    results = _results(record, policy, outline)
    lacking = tuple(ref for ref, result in results.items() if result is None)
    worst, best = (_status(outline, results, instead) for instead in (Result.NOT_MET, Result.MET))
    after = worst if worst is best else None
    return Replayed(record.id, record.status, after, after is record.status, lacking)


def _outline(record: Record, policy: Policy) -> Outline | None:
    """The recorded pathway in the revision; None where it has none for the product and diagnosis on record."""
    initial = [o for o in policy.outlines if record.indication in o.section.diagnoses]
    outline = next((o for o in policy.outlines if o.section.ref == record.pathway), None)
    if outline is None or outline in initial:
        return outline
    listed = any(record.product in o.section.products for o in initial)
    return outline if outline.section.kind == "continued" and listed else None


def _results(record: Record, policy: Policy, outline: Outline) -> dict[str, Result | None]:
    """Every leaf's result, None for one that is open."""
    known = {(c.id, c.clause): Result(c.result) for c in record.criteria}
    means = meanings(policy, record.use, (clause.ref for clause in outline.leaves()))
    return {c.ref: _result(c, record, known.get((c.ref, means[c.ref]))) for c in outline.leaves()}


def _result(clause: Clause, record: Record, recorded: Result | None) -> Result | None:
    if not clause.concerns(record.product, record.indication):
        return Result.NOT_APPLICABLE
    if recorded is not None or may_lift(clause.waived, record.use) or clause.only_if:
        return recorded
    match clause:
        case ProductClause() | DiagnosisClause():  # what these two read, the record tells
            found = clause.test(_setting(record)).result
            return found if found is not Result.UNKNOWN else None
        case _:
            return None


def _setting(record: Record) -> Setting:
    product = Product(record.product, (), "", ())
    case = Case(order="", evaluated_on=record.evaluated_on, product=product, dose=Dose())
    return Setting(case, Diagnosis(record.indication or "", "", ()), (), {}, Increase(known=False, higher=False))


def _status(outline: Outline, results: Mapping[str, Result | None], instead: Result) -> Status | None:
    """The pathway's status with one answer to every open leaf. The logic is monotone, so that the worst and the best
    answer bound all others, also a leaf that would turn out not to apply."""
    answered = {ref: result or instead for ref, result in results.items()}
    return _STATUS.get(all_of(combine(item, answered) for item in outline.items))
