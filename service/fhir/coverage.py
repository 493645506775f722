"""The Coverage that decides on a day, and the membership that it, an operator's table and the patient's home tell.

Knows lines of business only as value sets name them; what a policy does with a line, a state or a date it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from service.case import Membership
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.elements import Json, Span, child, code_of, number, span
from service.fhir.line import Told, read_line
from service.fhir.plan import most_exact, rows_of
from service.fhir.requested import read_requested
from service.fhir.state import State, of_home, of_plan
from service.plans import Plan, PlanLine, Plans
from service.terminology import Terminology

__all__ = ["Coverage", "choose_coverage", "read_membership", "read_requested"]

_INACTIVE = "does not count: its status is {}"
_ENDED = "had ended"
_OVER = frozenset({_ENDED, _INACTIVE.format("cancelled")})


@dataclass(frozen=True, slots=True)
class Coverage:
    """The Coverage chosen; `start` and `end` are the days that Coverage.period's ends can mean, where it has them."""

    reference: str
    resource: Json
    start: Span | None
    end: Span | None

    def in_force_on(self, days: Span) -> bool | None:
        """Whether it had begun on `days` (reading 15 on II.A.1.a); not known without a start, or where a partial date
        leaves it open."""
        if self.start is None:
            return None
        if days.first >= self.start.last:
            return True
        return False if days.last < self.start.first else None


def choose_coverage(chart: Chart, on: date) -> tuple[Coverage | None, tuple[str, ...]]:
    """The active Coverage whose period holds `on` (both ends included): lowest `order`, then latest start (reading 13,
    15), then by reference; and what was seen and does not decide."""
    if (why := chart.cut("Coverage")) and chart.of("Coverage"):
        return None, (f"Which Coverage decides is not known, since they were not read whole: {why}",)
    held: list[Coverage] = []
    passed: dict[str, list[str]] = {}
    for resource in chart.of("Coverage"):
        found = _read(resource, chart)
        if why := _out_of_force(found, on):
            passed.setdefault(why, []).append(found.reference)
        else:
            held.append(found)
    ranked = sorted(held, key=_rank)
    for other in ranked[1:]:
        passed.setdefault(f"comes after {ranked[0].reference}", []).append(other.reference)
    remarks = list(_grouped(passed))
    if not ranked:
        remarks.append(f"No Coverage is known to be in force on {on.isoformat()}")
    return (ranked[0] if ranked else None), tuple(remarks)


def _read(resource: Json, chart: Chart) -> Coverage:
    period = child(resource, "period")
    return Coverage(chart.reference(resource), resource, span(period.get("start")), span(period.get("end")))


def _out_of_force(coverage: Coverage, on: date) -> str | None:
    """Why a Coverage does not count on that day; an end of its period that cannot be read leaves it open."""
    status = code_of(coverage.resource.get("status"))
    if status != "active":
        return _INACTIVE.format(status or "not on record")
    period = child(coverage.resource, "period")
    if any(period.get(name) is not None and span(period.get(name)) is None for name in ("start", "end")):
        return "does not count: its period could not be read"
    if coverage.start and coverage.start.first > on:
        return "had not begun"
    return _ENDED if coverage.end and coverage.end.last < on else None


def _rank(coverage: Coverage) -> tuple[bool, Fraction, int, str]:
    order = number(coverage.resource, "order")
    began = coverage.start.first.toordinal() if coverage.start else 0
    return order is None, order or Fraction(0), -began, coverage.reference


def _grouped(passed: dict[str, list[str]]) -> Iterator[str]:
    for why, references in passed.items():
        more = f" (and {len(references) - 1} more)" if len(references) > 1 else ""
        yield f"{references[0]}{more} {why}"


def read_membership(
    chart: Chart, coverage: Coverage | None, *, on: date, plans: Plans, terms: Terminology
) -> Membership:
    """Line of business, state of the plan, renewal date and formulary status (reading 13, 15): the operator's table
    first, then the Coverage itself, then for the state the patient's home. No Coverage leaves the line unknown."""
    if coverage is None:
        home = of_home(chart, on, terms)
        lapsed = _lapsed(chart, on)
        return Membership(state=home.code, state_evidence=home.evidence, remarks=home.remarks, lapsed=lapsed)
    table = _Table(coverage, rows_of(coverage.resource, chart, plans))
    told = table.line() or read_line(coverage.reference, coverage.resource, terms)
    state = _state(table, coverage, chart, on, terms)
    renewal, late = _renewal(table, coverage, on)
    formulary = most_exact(table.rows, lambda row: row.formulary)
    return Membership(
        line=told.line,
        outside=told.outside,
        evidence=told.evidence,
        state=state.code,
        state_evidence=state.evidence,
        renewal=renewal,
        formulary=formulary[0] if len(formulary) == 1 else None,
        remarks=(*table.remarks(), *told.remarks, *state.remarks, *late),
        coverage=coverage.reference,
    )


def _lapsed(chart: Chart, on: date) -> str | None:
    """The Coverage that ended last, where every Coverage was had and each surely is no longer in force."""
    found = [_read(resource, chart) for resource in chart.of("Coverage")]
    if chart.lacking("Coverage") or chart.aside("Coverage") or any(_out_of_force(c, on) not in _OVER for c in found):
        return None
    last = max(found, key=lambda c: (c.end.last if c.end else date.min, c.reference), default=None)
    return last.reference if last else None


@dataclass(frozen=True, slots=True)
class _Table:
    """The operator's rows that fit a Coverage; where the most exact ones disagree they decide nothing."""

    coverage: Coverage
    rows: tuple[Plan, ...]

    def line(self) -> Told | None:
        said: tuple[PlanLine, ...] = most_exact(self.rows, lambda row: row.line)
        if len(said) != 1:
            return None
        line = said[0]
        if line == "none":
            return Told(outside=True, evidence=(self._evidence("no line of business that policies cover"),))
        return Told(line, evidence=(self._evidence(f"line of business {line}"),))

    def state(self) -> State | None:
        said = most_exact(self.rows, lambda row: row.state)
        return State(said[0], (self._evidence(f"state {said[0]}"),)) if len(said) == 1 else None

    def renewal(self) -> date | None:
        said = most_exact(self.rows, lambda row: row.renewal)
        return said[0] if len(said) == 1 else None

    def _evidence(self, said: str) -> Evidence:
        return Evidence(self.coverage.reference, "Coverage", f"By the operator's table of plans: {said}")

    def remarks(self) -> tuple[str, ...]:
        kinds: dict[str, Iterable[object]] = {
            "line of business": most_exact(self.rows, lambda row: row.line),
            "state": most_exact(self.rows, lambda row: row.state),
            "renewal date": most_exact(self.rows, lambda row: row.renewal),
            "formulary status": most_exact(self.rows, lambda row: row.formulary),
        }
        clashes = {kind: [str(value) for value in said] for kind, said in kinds.items()}
        return tuple(
            f"The operator's table does not decide the {kind} of {self.coverage.reference}: rows say {', '.join(said)}"
            for kind, said in clashes.items()
            if len(said) > 1
        )


def _state(table: _Table, coverage: Coverage, chart: Chart, on: date, terms: Terminology) -> State:
    """The table's, else the plan id's, else the home's; plan ids that disagree leave it unknown."""
    found = table.state() or of_plan(coverage.reference, coverage.resource, terms)
    return of_home(chart, on, terms) if found is None else found


def _renewal(table: _Table, coverage: Coverage, on: date) -> tuple[date | None, tuple[str, ...]]:
    """The table's renewal date, else the end of Coverage.period where it is a full date; one before `on` is none."""
    end = coverage.end
    ended = end.first if end and end.first == end.last else None
    tabled = table.renewal()
    if tabled is not None and tabled < on:
        remark = f"The operator's renewal date for {coverage.reference}, {tabled.isoformat()}, is past"
        return ended, (remark,)
    return tabled or ended, ()
