"""What is offered with an outcome: each proposal applied to the order, the changed order evaluated, and kept where it
does better. Nothing is offered that was not evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from service.case import Case
from service.decide import Decided
from service.determination import Determination, NotEvaluated, Outcome, SafetyNotice, Status
from service.fhir.amend import amend
from service.fhir.elements import Json, text
from service.filing import EXTENSION
from service.policy.determine import Policy
from service.policy.proposals import DAILY, lower, propose
from service.proposal import Proposal
from service.suggestion import Action, Kind, Suggestion
from service.terminology import Terminology

MOST = 4  # suggestions of a card: the prescriber gives it four seconds
_RANK = {Status.APPROVABLE: 0, Status.DOCUMENTATION_NEEDED: 1, Status.NOT_MET: 2, Status.REFER: 3}
_ORDER: tuple[Kind, ...] = ("weekly", "dose", "product", "indication", "generic")
# The weekly dose that was meant, and the product of codings that clash, are the prescriber's to say.
_RECOMMENDED: frozenset[Kind] = frozenset({"dose", "product"})

_OF_THE_ORDER = frozenset({DAILY, "strength-unavailable"})  # alerts that a changed order may put right

Evaluate = Callable[[Json, Json], tuple[Decided, ...]]  # the order as it stands, and in its place


@dataclass(frozen=True, slots=True)
class _Found:
    """A changed order, and what it was found to get."""

    proposal: Proposal
    order: Json
    after: Decided | None

    @property
    def told(self) -> Determination | None:
        outcome = self.after.outcome if self.after else None
        return outcome if isinstance(outcome, Determination) else None


def offer(decided: Decided, terms: Terminology, evaluate: Evaluate, late: Callable[[], bool]) -> Outcome:
    """The outcome with its suggestions; without them for an order that nothing can be offered for (an update names the
    resource by its id)."""
    outcome, order = decided.outcome, decided.order
    if isinstance(outcome, NotEvaluated) or decided.case is None or decided.policy is None or text(order, "id") is None:
        return outcome
    found: dict[str, _Found] = {}
    for proposal in propose(decided.policy, decided.case, outcome):
        if late():
            break
        key = _place(proposal, decided.case)
        for one in _tried(proposal, order, decided.policy, terms, evaluate):
            if _helps(one, outcome) and (key not in found or _standing(one) < _standing(found[key])):
                found[key] = one
    return _with(outcome, _chosen(list(found.values())), order, settled=decided.case.product.id is not None)


def _place(proposal: Proposal, case: Case) -> str:
    """What only one is offered of: a kind; where codings clash, each of their products."""
    return f"{proposal.kind} {proposal.medicine}" if case.product.id is None else proposal.kind


def _chosen(found: list[_Found]) -> list[_Found]:
    """By kind, and no other product where the ordered one does with another dose."""
    kept = any(one.proposal.kind in ("weekly", "dose") and _settles(one) for one in found)
    listed = [one for one in found if not (kept and one.proposal.kind == "product")]
    return sorted(listed, key=lambda one: _ORDER.index(one.proposal.kind))[:MOST]


def _tried(proposal: Proposal, order: Json, policy: Policy, terms: Terminology, evaluate: Evaluate) -> Iterator[_Found]:
    """A proposal evaluated; and where its dose is what then fails, with the dose that would do as well."""
    one = _evaluated(proposal, order, order, terms, evaluate)
    if one is None:
        return
    yield one
    if one.told and one.told.status is not Status.APPROVABLE and proposal.kind in ("weekly", "product"):
        case: Case | None = one.after.case if one.after else None
        for further in lower(policy, case, one.told) if case else ():
            says = f"{further.says} (another dose)" if proposal.kind == "weekly" else _joined(proposal, further)
            both = _evaluated(replace(further, says=says), one.order, order, terms, evaluate)
            if both:
                yield replace(both, proposal=replace(proposal, says=says, kept=False))


def _joined(proposal: Proposal, further: Proposal) -> str:
    medicine = further.medicine or proposal.medicine
    return f"{medicine.text}, {further.says}" if medicine else further.says


def _evaluated(proposal: Proposal, order: Json, draft: Json, terms: Terminology, evaluate: Evaluate) -> _Found | None:
    changed = _unfiled(amend(order, proposal, terms), proposal)
    if changed is None or changed == draft:
        return None
    decided = evaluate(draft, changed)
    if len(decided) > 1 or any(isinstance(one.outcome, NotEvaluated) for one in decided):
        return None
    return _Found(proposal, changed, decided[0] if decided else None)


def _unfiled(order: Json | None, proposal: Proposal) -> Json | None:
    """Without the coverage-information of the order as it was, where the medicine or the dose is another now."""
    listed = order.get("extension") if order else None
    if order is None or proposal.kind == "indication" or not isinstance(listed, list):
        return order
    kept = [one for one in listed if not (isinstance(one, dict) and one.get("url") == EXTENSION)]
    others = {name: value for name, value in order.items() if name != "extension"}
    return order if len(kept) == len(listed) else others | ({"extension": kept} if kept else {})


def _helps(found: _Found, before: Determination | SafetyNotice) -> bool:
    """Whether the changed order does better, and raises no alert that it did not raise before."""
    after = found.after.outcome if found.after else None
    if isinstance(after, SafetyNotice) and after.unchecked != getattr(before, "unchecked", after.unchecked):
        return False
    alerts = {a.code: a.severity for a in after.safety} if after and not isinstance(after, NotEvaluated) else {}
    known = {alert.code for alert in before.safety}
    if not alerts.keys() <= known:
        return False
    if found.proposal.kind in ("product", "generic") and known - alerts.keys() - _OF_THE_ORDER:
        return False  # an alert that another product's rules do not look for is no less true
    match found.proposal.kind:
        case "weekly":
            return DAILY not in alerts and _rank(after) <= _rank(before)
        case "indication":
            return _rank(after) <= _rank(before) and found.told is not None and not found.told.inferred
        case "generic":
            return found.told is None and "critical" not in alerts.values()
        case "dose" | "product":
            return _rank(after) < _rank(before) and "critical" not in alerts.values()


def _rank(outcome: Outcome | None) -> int:
    return _RANK[outcome.status] if isinstance(outcome, Determination) else 0


def _standing(one: _Found) -> tuple[int, bool, int, int]:
    """How well a changed order does: its status, whether it keeps the dose, then what it still needs."""
    told, kept = one.told, one.proposal.kept
    return (_rank(told), not kept, len(told.unmet), len(told.missing)) if told else (0, not kept, 0, 0)


def _with(outcome: Determination | SafetyNotice, found: list[_Found], order: Json, *, settled: bool) -> Outcome:
    first = next((f for f in found if settled and _recommended(f)), None)
    suggestions = tuple(_suggestion(one, order, recommended=one is first) for one in found)
    return replace(outcome, suggestions=suggestions)


def _recommended(found: _Found) -> bool:
    """The highest dose that is allowed, or a product at the dose ordered, where the order is then approvable."""
    kept = found.proposal.kept or found.proposal.kind == "dose"
    return found.proposal.kind in _RECOMMENDED and kept and _settles(found)


def _settles(found: _Found) -> bool:
    return found.told is None or found.told.status is Status.APPROVABLE


def _suggestion(found: _Found, order: Json, *, recommended: bool) -> Suggestion:
    proposal, promised = found.proposal, found.told.status if found.told else None
    if proposal.anew:
        gone = Action("delete", resource_id=f"MedicationRequest/{text(order, 'id')}")
        return Suggestion(proposal.kind, proposal.says, (gone, Action("create", found.order)), promised, recommended)
    return Suggestion(proposal.kind, proposal.says, (Action("update", found.order),), promised, recommended)
