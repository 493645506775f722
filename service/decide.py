"""The use case: each draft order of a chart, read into a case and decided by the policy revision of its day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from service.case import Case, CouldNotAsk, Product
from service.determination import Determination, Evidence, NotEvaluated, Outcome, SafetyNotice
from service.faults import record
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, text
from service.fhir.order import addressed, evaluated_on, obstacle, skipped
from service.fhir.reading import Record, read_alarms, read_case, read_product, read_record
from service.plans import Plans
from service.policy.determine import Policy, determine
from service.policy.library import Library, Revision
from service.questions import Questions
from service.terminology import Terminology

_FAILED = "the service failed on it; the failure is on record under the correlation id"
_LATE = "the time for this call ran out before it was evaluated"
_UNREADABLE = "an entry of the draft orders holds no resource that can be read"
_NO_PATIENT = "the Patient could be had neither from prefetch nor from the FHIR server"
_NO_MEDICATION = "the medication of a draft order could not be had"
_NOT_THIS_PATIENT = "its subject is not the patient of this request"
_log = logging.getLogger("countersign.decide")


class Unavailable(Exception):
    """What no answer can be given without could not be had (CDS Hooks: 412). `expression` names the field at fault."""

    def __init__(self, expression: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.expression = expression


@dataclass(frozen=True)
class Office:
    """What deciding stands on beside the chart: loaded once, the same for every request."""

    library: Library
    terms: Terminology
    plans: Plans


@dataclass(frozen=True, slots=True)
class Earlier:
    """This service's earlier approvable determinations that still run (policy II.A.1.a): product, diagnosis and the
    record of each; `why` says that they could not be looked up."""

    approvals: tuple[tuple[str, str, Evidence], ...] = ()
    why: str = ""


Recall = Callable[[Json, date], Earlier]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a call is decided under, beside the chart: the day, its correlation id, what is on record of earlier calls
    (for an order and a day), whether its time is over, and how many drafts could not be read."""

    today: date
    correlation: str
    recall: Recall = lambda _order, _on: Earlier()
    late: Callable[[], bool] = lambda: False
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """An outcome with the order it is about; `case` and `policy` are what it stands on, where it was evaluated."""

    outcome: Outcome
    order: Json
    case: Case | None = None
    policy: Policy | None = None


def decide(orders: Sequence[Json], desk: Desk) -> tuple[Decided, ...]:
    """The outcomes of the orders that there is something to say of, in their order; unreadable drafts are said, too.

    Raises Unavailable where an order's medication, or the patient of a governed order, could not be had, and nothing
    can be said of any other order. An order that fails is said not to be evaluated: silence reads as "all clear"."""
    chart, circumstances = desk.chart, desk.circumstances
    correlation = circumstances.correlation
    outcomes: list[Decided] = []
    lacking: list[tuple[Json, Unavailable]] = []
    for order in orders:
        try:
            outcomes += [] if skipped(order) else desk.decide(order)
        except Unavailable as error:
            outcomes += desk.alarms(order)
            lacking.append((order, error))
        except Exception as error:
            record(_log, "an order", error, correlation)
            failed = NotEvaluated(chart.reference(order), "", _FAILED, correlation)
            outcomes += [*desk.alarms(order), Decided(failed, order)]
    if lacking and not outcomes:
        raise lacking[0][1]
    outcomes += [
        Decided(NotEvaluated(chart.reference(order), chart.medication(order).lost or "", str(error)), order)
        for order, error in lacking
    ]
    if circumstances.unreadable:
        outcomes.append(Decided(NotEvaluated("context.draftOrders", "", _UNREADABLE), {}))
    return tuple(outcomes)


class Desk:
    """One request's chart under its circumstances, and what was read of it once for all its orders, by revision and
    day."""

    def __init__(self, chart: Chart, office: Office, circumstances: Circumstances) -> None:
        self.chart = chart
        self.circumstances = circumstances
        self._office = office
        self._records: dict[tuple[str, str, date], Record] = {}

    def instead(self, draft: Json, changed: Json) -> Desk:
        """A desk with another order in a draft's place: what was read of the rest of the chart holds for it, too."""
        other = Desk(self.chart.instead(draft, changed), self._office, self.circumstances)
        other._records = self._records
        return other

    def decide(self, order: Json) -> list[Decided]:
        if self.chart.medication(order).lost:
            why = self.chart.inquiry.lost(text(child(order, "medicationReference"), "reference") or "")
            raise Unavailable("context.draftOrders", f"{_NO_MEDICATION}: {why}" if why else _NO_MEDICATION)
        on = evaluated_on(order, self.circumstances.today)
        found = [self._by_policy(policy_id, order, on) for policy_id in self._office.library.policies]
        outcomes = [decided for listed in found for decided in listed]
        if len([o for o in outcomes if isinstance(o.outcome, Determination)]) > 1:
            raise ValueError("two policies govern one order")
        return outcomes

    def _by_policy(self, policy_id: str, order: Json, on: date) -> list[Decided]:
        chart, office = self.chart, self._office
        revision, older = office.library.in_force(policy_id, on)
        policy, questions, terms = revision.policy, revision.questions, office.terms
        product = read_product(order, chart, questions, terms)
        if product is None or not addressed(order, chart):
            elsewhere = NotEvaluated(chart.reference(order), product.drug if product else "", _NOT_THIS_PATIENT)
            return [Decided(elsewhere, order)] if product else []
        why = obstacle(order, chart)
        if why or not (product.id or product.candidates):
            unread = [self._unread(order, product, why)] if why else []
            return [*self._notices(order, product, revision, on), *unread]
        if self.circumstances.late():
            return [*self._alarms(order, product, revision, on), self._unread(order, product, _LATE)]
        # Read first, also where no patient was had: the chart then notes all that is worth asking for.
        case = read_case(order, product, chart, self._record(questions, on), questions=questions, terms=terms)
        if chart.patient is None:
            return self._without_patient(order, product, revision, on)
        told = replace(case, remarks=(older, *case.remarks)) if older else case
        case = self._recalled(order, told)
        outcome = determine(policy, case, office.plans)
        return [Decided(outcome, order, case, policy)] if outcome else []

    def _unread(self, order: Json, product: Product, why: str) -> Decided:
        """An order of the drug that is not evaluated, though its alarms were looked at."""
        return Decided(NotEvaluated(self.chart.reference(order), product.drug, why, looked=True), order)

    def _recalled(self, order: Json, case: Case) -> Case:
        """The case with this service's own earlier approvals (policy II.A.1.a)."""
        found, history = self.circumstances.recall(order, case.evaluated_on), case.history
        remarks = (*history.remarks, found.why) if found.why else history.remarks
        return replace(case, history=replace(history, earlier_approvals=found.approvals, remarks=remarks))

    def _without_patient(self, order: Json, product: Product, revision: Revision, on: date) -> list[Decided]:
        """An order's alarms go before the patient's absence: no error may hide them."""
        answer = self.chart.answer("Patient")
        why = f"{_NO_PATIENT}: {answer.why}" if isinstance(answer, CouldNotAsk) else _NO_PATIENT
        if found := self._alarms(order, product, revision, on):
            return [*found, self._unread(order, product, why)]
        raise Unavailable("prefetch.patient", why)

    def alarms(self, order: Json) -> list[Decided]:
        """The alarms of an order that cannot be decided, by whatever names its drug, as far as can be looked."""
        on = evaluated_on(order, self.circumstances.today)
        found: list[Decided] = []
        for policy_id in self._office.library.policies:
            revision, _ = self._office.library.in_force(policy_id, on)
            with suppress(Exception):
                if product := read_product(order, self.chart, revision.questions, self._office.terms, by_name=True):
                    found += self._alarms(order, product, revision, on)
        return found

    def _alarms(self, order: Json, product: Product, revision: Revision, on: date) -> list[Decided]:
        """The alarms of an order that another card says the rest of."""
        found = self._notices(order, product, revision, on)
        return [one for one in found if isinstance(one.outcome, SafetyNotice) and one.outcome.safety]

    def _notices(self, order: Json, product: Product, revision: Revision, on: date) -> list[Decided]:
        """What safety looks at on every order of the drug, whatever the product."""
        drug = replace(product, id=None, candidates=())
        questions, terms = revision.questions, self._office.terms
        case = read_alarms(order, drug, self.chart, on=on, questions=questions, terms=terms)
        outcome = determine(revision.policy, case, self._office.plans)
        return [Decided(outcome, order, case, revision.policy)] if outcome else []

    def _record(self, questions: Questions, on: date) -> Record:
        key = (questions.policy, questions.version, on)
        if key not in self._records:
            terms, plans = self._office.terms, self._office.plans
            self._records[key] = read_record(self.chart, on=on, questions=questions, terms=terms, plans=plans)
        return self._records[key]
