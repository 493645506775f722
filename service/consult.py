"""One call from its request to its outcomes: the chart that prefetch brought is read; what reading looked for and did
not find is fetched, in rounds, until nothing is wanted or the time is over; then the outcomes stand.

Knows no HTTP and no card. A chart that prefetch brought whole is decided without one call out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from service.case import CouldNotAsk, Had
from service.decide import Circumstances, Decided, Desk, Office, Unavailable, decide
from service.determination import NotEvaluated, Outcome
from service.ehr import Access, Lines, Trouble, Visit, permitted
from service.faults import record
from service.fhir.answers import Answered
from service.fhir.chart import Chart
from service.fhir.elements import Json
from service.hooks.gather import NONE_KEPT, Wants, gather, wanted
from service.hooks.request import HookRequest
from service.offers import offer
from service.steps import step

_log = logging.getLogger("countersign.consult")
ROUNDS = 4  # the types and the order's references, the role's practitioner, the payor: nothing is further away


@dataclass(frozen=True, slots=True)
class Consultation:
    """What was decided, with what is offered; the chart it stands on, and what was fetched, by query."""

    decided: tuple[Decided, ...]
    chart: Chart
    fetched: Mapping[str, Answered]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(one.outcome for one in self.decided)

    @property
    def failures(self) -> dict[str, str]:
        """The queries that failed, wholly or in part, with why."""
        found: dict[str, str] = {}
        for query, answered in self.fetched.items():
            match answered.answer:
                case CouldNotAsk(why) | Had(complete=False, why=why):
                    found[query] = why
                case _:
                    pass
        return found


class Ehr:
    """How the FHIR server of one request may be asked: by whom, with which token, until when (monotonic seconds);
    or not at all (`silent`)."""

    def __init__(
        self, request: HookRequest, own: Sequence[str] | None, lines: Lines, deadline: float, *, silent: bool = False
    ) -> None:
        self._lines = lines
        self._deadline = deadline
        self._access = None if silent else _access(request, own)
        self._stack = ExitStack()
        self._visit: Visit | CouldNotAsk | None = None

    def __enter__(self) -> Ehr:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, wants: Wants) -> dict[str, Answered]:
        """The answers to what is wanted, by query; nothing where the request names no server. The server is only
        called where something is wanted."""
        if self._access is None:
            return {}
        with step("fetch"):
            return self._asked(self._access, wants)

    def create(self, resource: Json, condition: str) -> bool:
        """Whether a resource is on the server now, created unless a search by the condition finds it."""
        if self._access is None:
            return False
        with step("deliver"):
            visit = self._opened(self._access)
            return not isinstance(visit, CouldNotAsk) and visit.create(resource, condition) is None

    def _asked(self, access: Access | CouldNotAsk, wants: Wants) -> dict[str, Answered]:
        visit = self._opened(access)
        if isinstance(visit, CouldNotAsk):
            return {query: Answered(visit) for query in (*wants.queries, *wants.pages)}
        asked = visit.ask({query: query for query in wants.queries}) if wants.queries else {}
        return asked | (visit.follow(wants.pages) if wants.pages else {})

    def _opened(self, access: Access | CouldNotAsk) -> Visit | CouldNotAsk:
        """The one visit of the request, opened when it is first needed."""
        if self._visit is None:
            self._visit = self._entered(access)
        return self._visit

    def _entered(self, access: Access | CouldNotAsk) -> Visit | CouldNotAsk:
        if isinstance(access, CouldNotAsk):
            return access
        visit = self._lines.visit(access, deadline=self._deadline)
        return visit if isinstance(visit, CouldNotAsk) else self._stack.enter_context(visit)


def _access(request: HookRequest, own: Sequence[str] | None) -> Access | CouldNotAsk | None:
    """The server that a request may have called; `own` are those of its verified client (None: no clients known)."""
    if request.fhir_server is None:
        return None
    if request.loan is not None and request.loan.token is None:
        return CouldNotAsk(Trouble.TOKEN.says)
    return permitted(request.fhir_server, request.loan.token if request.loan else None, own)


def consult(
    request: HookRequest, office: Office, circumstances: Circumstances, ehr: Ehr, kept: Answered = NONE_KEPT
) -> Consultation:
    """The outcomes of a request, with what this service has `kept` of answered questionnaires; raises Unavailable as
    `decide` does."""
    fetched: dict[str, Answered] = {}
    resources = office.library.resources()
    for turn in range(ROUNDS + 1):
        with step("gather"):
            chart = gather(request, resources, fetched, kept)
        desk = Desk(chart, office, circumstances)
        with step("decide"):
            attempt = _attempt(request, desk)
        wants = wanted(request, chart, resources, fetched)
        found = ehr.ask(wants) if wants and turn < ROUNDS else {}
        if not found:
            break
        fetched |= found
    if isinstance(attempt, Unavailable):
        raise attempt
    with step("offer"):
        offered = _offered(attempt, desk, office)
    return Consultation(offered, chart, fetched)


def _offered(decided: tuple[Decided, ...], desk: Desk, office: Office) -> tuple[Decided, ...]:
    """What was decided, with suggestions: each changed order is evaluated as if it were sent in its draft's place."""
    circumstances = desk.circumstances

    def evaluate(draft: Json, changed: Json) -> tuple[Decided, ...]:
        try:
            return decide((changed,), desk.instead(draft, changed))
        except Unavailable as error:
            return (Decided(NotEvaluated("", "", str(error)), changed),)

    def offered(one: Decided) -> Decided:
        try:
            return replace(one, outcome=offer(one, office.terms, evaluate, circumstances.late))
        except Exception as error:  # what was decided stands, whatever becomes of a suggestion
            record(_log, "a suggestion", error, circumstances.correlation)
            return one

    return tuple(offered(one) for one in decided)


def _attempt(request: HookRequest, desk: Desk) -> tuple[Decided, ...] | Unavailable:
    try:
        return decide(request.orders(), desk)
    except Unavailable as error:
        return error
