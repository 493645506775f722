"""What a clause means to the machine, as a digest: two revisions whose clauses have the same one decide alike by them.

Our English is left out, since rewording changes no decision, but for attestations: what was attested, its words alone
say. A policy document's own digest is `Policy.digest`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.determination import Line
from service.policy.clause import Clause, Waiver
from service.policy.determine import Policy
from service.policy.on_chart import AttestedClause, ConditionClause
from service.policy.on_dose import OnLabelClause

_LENGTH = 16  # hex digits
_SAID = {"says", "question", "asks", "remedy"}
_ELSEWHERE = {"for_", "unless", "waived", "fails_as", "instead"}  # told apart below, or no part of the result


@dataclass(frozen=True, slots=True)
class Use:
    """What of an order decides which of a clause's conditions bear on it."""

    product: str | None
    indication: str | None
    line: Line | None
    on: date


def meanings(policy: Policy, use: Use, refs: Iterable[str]) -> dict[str, str]:
    """The digests of clauses by number: of what each means for an order of this use. A condition that leaves the order
    in, and a waiver of another line or a later day, make no difference to it, and none to the digest."""
    clauses = {clause.ref: clause for clause in policy.document.clause}
    return {ref: _digest(_meaning(clauses[ref], policy, use)) for ref in refs}


def may_lift(waiver: Waiver | None, use: Use) -> bool:
    """Whether a waiver may lift a clause for the order, as far as line and day go (the state is not part of a use)."""
    return waiver is not None and waiver.line == use.line and use.on >= waiver.start


def _digest(meaning: object) -> str:
    canonical = json.dumps(meaning, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_LENGTH]


def _meaning(clause: Clause, policy: Policy, use: Use) -> object:
    if not clause.concerns(use.product, use.indication):
        return "not-applicable"
    own = clause.model_dump(exclude=_SAID | _ELSEWHERE, exclude_defaults=True)
    return {
        "clause": {name: _sorted(value) for name, value in own.items()},
        "attested": [clause.says, clause.question] if isinstance(clause, AttestedClause) else None,
        "waived": _waiver(clause.waived) if may_lift(clause.waived, use) else None,
        "beside": _beside(clause, policy, use),
    }


def _sorted(value: Any) -> Any:
    """Lists in a clause are sets: their order says nothing."""
    return sorted(value) if isinstance(value, tuple) else value


def _waiver(waiver: Waiver | None) -> object:
    return [waiver.line, waiver.state, waiver.start] if waiver else None


def _beside(clause: Clause, policy: Policy, use: Use) -> object:
    """What the clause reads elsewhere in its document."""
    history = policy.document.history
    beside: dict[str, object] = {}
    if clause.about_dose or clause.only_if:
        beside["days"] = [history.measured_within_days, history.completed_within_days]
    match clause:
        case ConditionClause():
            beside["observed"] = {c: d for c, d in history.observed_states.items() if c in clause.any_of}
        case OnLabelClause():
            key = (use.product, use.indication)
            beside["label"] = sorted(str(e.at_most) for e in policy.labels if (e.product, e.diagnosis) == key)
            beside["doses"] = meanings(policy, use, clause.doses)
        case _:
            pass
    return beside
