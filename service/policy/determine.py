"""A case decided by a policy: every pathway of every candidate diagnosis evaluated, the best one told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from service.case import Case, Diagnosis
from service.determination import (
    Determination,
    DoseLimit,
    Outcome,
    PolicyId,
    Referral,
    Result,
    SafetyNotice,
    Status,
    Step,
    Way,
)
from service.plans import Plans
from service.policy.alerts import alert
from service.policy.clause import Label
from service.policy.document import Document
from service.policy.nearest import nearest
from service.policy.on_dose import DoseClause
from service.policy.on_therapy import compare
from service.policy.outline import Outline
from service.policy.pathway import Pathway, walk
from service.policy.terms import approve, refer

_RANK = {Status.APPROVABLE: 0, Status.DOCUMENTATION_NEEDED: 1, Status.NOT_MET: 2}
_INFERRED = "The indication was inferred from the problem list; add it to the order"
_DAILY = "daily-dosing"
_FAILURES = frozenset({"product", "age", "stage", "dose"})


@dataclass(frozen=True)
class Policy:
    """A document ready to decide: checked, with its outlines built once. `digest` identifies the file it was read
    from."""

    document: Document
    outlines: tuple[Outline, ...]
    labels: tuple[Label, ...]
    digest: str

    @cached_property
    def id(self) -> PolicyId:
        return PolicyId(self.document.id, self.document.version, self.document.title)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {d.concept: d.name for d in self.document.diagnosis} | {p.id: p.name for p in self.document.product}

    def name(self, concept: str) -> str:
        """A diagnosis or product in words."""
        return self._names.get(concept, concept)


def determine(policy: Policy, case: Case, plans: Plans) -> Outcome | None:
    """The outcome of one order: a determination; alerts alone where no policy governs the drug or covers the member;
    nothing where there is nothing to say."""
    if case.membership.outside or not (case.product.id or case.product.candidates):
        return _notice(policy, case)
    if case.product.id is None:
        return _open_product(policy, case)
    if not case.diagnoses.candidates:
        return _no_candidate(policy, case, plans)
    return _decided(policy, case, plans)


def _notice(policy: Policy, case: Case) -> SafetyNotice | None:
    alerts = alert(policy.document.alert, case, _only(case))
    if not alerts and not case.unchecked:
        return None
    return SafetyNotice(case.order, case.product.drug, alerts, policy.id, case.unchecked)


def _only(case: Case) -> str | None:
    """The diagnosis, where there is only one candidate."""
    listed = case.diagnoses.candidates
    return listed[0].indication if len(listed) == 1 else None


def _open_product(policy: Policy, case: Case) -> Determination:
    names = " or ".join(policy.name(candidate) for candidate in case.product.candidates)
    ask = f"Which product is ordered: {names}. The order's codings leave it open"
    told = _told(policy, case, Status.DOCUMENTATION_NEEDED, _only(case))
    way = Way(None, (Step("product", ask, "product"),))
    return replace(told, missing=("product",), asks=(ask,), nearest=(way,))


def _no_candidate(policy: Policy, case: Case, plans: Plans) -> Determination:
    if not case.diagnoses.unlisted:
        ask = "The diagnosis that the order treats, as the order's reason (reasonCode or reasonReference)"
        told = _told(policy, case, Status.DOCUMENTATION_NEEDED, None)
        way = Way(None, (Step("diagnosis", ask, "document"),))
        return replace(told, missing=("diagnosis",), asks=(ask,), nearest=(way,))
    named = "; ".join(dict.fromkeys(e.text for e in case.diagnoses.unlisted))
    reason = f"{policy.document.id} does not list the diagnosis of the order: {named}"
    referral = refer(policy.document, reason, case.product.id, case, plans.label_changes)
    return replace(_told(policy, case, Status.REFER, None), referral=referral)


def _pathways(policy: Policy, case: Case, diagnosis: Diagnosis) -> list[Pathway]:
    increase = compare(case, policy.document.history.completed_within_days)
    listed = [o for o in policy.outlines if diagnosis.indication in o.section.diagnoses]
    further = (
        [o for o in policy.outlines if o.section.kind == "continued"]
        if _continues(policy, case, listed, diagnosis)
        else []
    )
    return [walk(outline, case, diagnosis, policy.labels, increase) for outline in (*listed, *further)]


def _continues(policy: Policy, case: Case, listed: list[Outline], diagnosis: Diagnosis) -> bool:
    """Whether continued therapy is a pathway: product and diagnosis are listed together, and the chart shows a sign
    of the product or an attestation answers an item of the section (reading, section 11)."""
    if not any(case.product.id in outline.section.products for outline in listed):
        return False
    continued = [clause for o in policy.outlines if o.section.kind == "continued" for clause in o.leaves()]
    return bool(case.history.signs) or any(clause.answer(case, diagnosis.indication) for clause in continued)


def _chosen(pathways: Sequence[Pathway]) -> Pathway:
    """The better pathway; a tie goes to continued therapy where the patient is shown to be on it (II.A.1)."""
    initial, *further = pathways
    for other in further:
        ranks = _RANK[other.status], _RANK[initial.status]
        if ranks[0] < ranks[1] or (ranks[0] == ranks[1] and other.items[0][1] is Result.MET):
            return other
    return initial


def _ranked(policy: Policy, pathways: Sequence[Sequence[Pathway]]) -> list[Pathway]:
    """The chosen pathway of each candidate diagnosis, the best first (reading, section 2)."""
    order = [d.concept for d in policy.document.diagnosis]
    return sorted(
        (_chosen(of_diagnosis) for of_diagnosis in pathways),
        key=lambda p: (
            _RANK[p.status],
            p.count(Result.NOT_MET),
            p.count(Result.UNKNOWN),
            order.index(p.diagnosis.indication),
        ),
    )


def _decided(policy: Policy, case: Case, plans: Plans) -> Determination:
    pathways = [_pathways(policy, case, diagnosis) for diagnosis in case.diagnoses.candidates]
    ranked = _ranked(policy, pathways)
    best = ranked[0]
    told = _told(policy, case, best.status, best.diagnosis.indication)
    others = tuple(f"Also considered: {p.diagnosis.name} ({p.ref}: {p.status.value})" for p in ranked[1:])
    told = replace(
        told,
        pathway=best.ref,
        findings=best.findings,
        remarks=(*others, *best.remarks, *_state_rules(case, plans), *told.remarks),
        inferred=best.diagnosis.evidence if case.diagnoses.inferred else (),
    )
    if best.status is Status.APPROVABLE:
        approval = approve(policy.document, best.ref, case.product.id or "", case)
        return replace(told, approval=approval, limit=_limit(best))
    ways = nearest([best, *(p for of_diagnosis in pathways for p in of_diagnosis if p is not best)])
    if any(alert.code == _DAILY for alert in told.safety):
        ways = tuple(_weekly_first(way, policy) for way in ways)
    told = replace(told, nearest=ways, answerable=_answerable(best))
    if best.status is Status.DOCUMENTATION_NEEDED:
        return replace(told, missing=best.leaves_of(Result.UNKNOWN))
    unmet = best.leaves_of(Result.NOT_MET)
    return replace(told, unmet=unmet, referral=_off_label(policy, case, plans, unmet))


def _answerable(best: Pathway) -> tuple[str, ...]:
    """Of what stands in the way the leaves that an answer would settle: of the missing ones those that an attestation
    can meet, of the unmet ones those that nothing but an attestation says no to."""
    case, clauses = best.setting.case, {clause.ref: clause for clause in best.outline.leaves()}
    if best.status is Status.DOCUMENTATION_NEEDED:
        return tuple(ref for ref in best.leaves_of(Result.UNKNOWN) if clauses[ref].open_to_answers(case))
    found = []
    for ref in best.leaves_of(Result.NOT_MET):
        answer = clauses[ref].answer(case, best.diagnosis.indication)
        found += [ref] if answer and answer.evidence in best.setting.found[ref].evidence else []
    return tuple(found)


def _weekly_first(way: Way, policy: Policy) -> Way:
    """Of an order that reads as daily the frequency is what to change, before any dose."""
    doses = {c.ref for c in policy.document.clause if isinstance(c, DoseClause)}
    steps = (
        replace(s, change=f"Weekly in place of daily dosing; then: {s.change}") if s.criterion in doses else s
        for s in way.steps
    )
    return replace(way, steps=tuple(steps))


def _limit(pathway: Pathway) -> DoseLimit | None:
    """The limit that the dose was found to be within, where a limit is what met the criterion."""
    met = {finding.id for finding in pathway.findings if finding.result is Result.MET}
    held = [c for c in pathway.outline.leaves() if isinstance(c, DoseClause) and c.ref in met]
    if not held:
        return None
    limit = held[0].limit
    value = Decimal(limit.amount.numerator) / Decimal(limit.amount.denominator)
    return DoseLimit(value, limit.unit, limit.per, held[0].ref)


def _off_label(policy: Policy, case: Case, plans: Plans, unmet: tuple[str, ...]) -> Referral | None:
    """Where a use that is not listed is decided: by product, age, stage, course or dose, one of them is enough."""
    failed = [c for c in policy.document.clause if c.ref in unmet and c.fails_as in _FAILURES]
    if not failed:
        return None
    reason = f"The use is not listed: {', '.join(f'{c.fails_as} ({c.ref})' for c in failed)}"
    return refer(policy.document, reason, case.product.id, case, plans.label_changes)


def _state_rules(case: Case, plans: Plans) -> tuple[str, ...]:
    """For Medicaid members a state's own rules take precedence (the policy's closing note)."""
    if case.membership.line != "medicaid":
        return ()
    rules = [r for r in plans.state_rules if (r.state, r.product) == (case.membership.state, case.product.id)]
    own = tuple(f"{r.state} Medicaid rule: {r.says}" for r in rules)
    return ("A state's own Medicaid coverage rules take precedence over this policy", *own)


def _told(policy: Policy, case: Case, status: Status, indication: str | None) -> Determination:
    """What every determination tells, whatever its status."""
    inferred = (_INFERRED,) if case.diagnoses.inferred else ()
    return Determination(
        order=case.order,
        policy=policy.id,
        evaluated_on=case.evaluated_on,
        product=case.product.id,
        indication=indication,
        line=case.membership.line,
        status=status,
        pathway=None,
        safety=alert(policy.document.alert, case, indication),
        drug=case.product.drug,
        indication_name=policy.name(indication) if indication else "",
        coverage=case.membership.coverage,
        lapsed=case.membership.lapsed,
        remarks=(*inferred, *_remarks(case)),
        unread=case.unread,
    )


def _remarks(case: Case) -> tuple[str, ...]:
    listed = (case.product.remarks, case.diagnoses.remarks, case.membership.remarks, case.body_remarks, case.remarks)
    return tuple(dict.fromkeys(remark for remarks in listed for remark in remarks))
