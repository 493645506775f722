"""Which Coverage decides on a day, and the dates that it tells."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from service import plans as operator
from service.case import CouldNotAsk
from service.fhir.coverage import Coverage, choose_coverage, read_membership
from service.fhir.elements import span
from service.terminology import load
from tests.fhir.anything import resources
from tests.fhir.members import PRODUCT, coverage, member
from tests.fhir.synthetic import JSON, ON, chart_of


def chosen(*resources: JSON, on: date = ON) -> str | None:
    found, _ = choose_coverage(chart_of(*resources), on)
    return found.reference if found else None


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2026-03-11", None, False),
        ("2026-03-10", None, True),
        (None, "2026-03-10", True),
        (None, "2026-03-09", False),
        ("2026-03", "2026-03", True),
        ("2026", "2026-02", False),
        ("2026-04", None, False),
        (None, None, True),
        ("soon", None, False),
        (None, 2027, False),
    ],
)
def test_a_coverage_counts_while_its_period_holds_the_day(start: Any, end: Any, holds: bool) -> None:
    assert (chosen(coverage(start=start, end=end)) is not None) is holds


@pytest.mark.parametrize("status", ["cancelled", "draft", "entered-in-error", None])
def test_a_coverage_that_is_not_active_does_not_count(status: str | None) -> None:
    assert chosen(coverage(status=status)) is None


def test_the_lowest_order_decides_and_an_absent_one_comes_last() -> None:
    listed = (coverage("a", start="2026-01-01"), coverage("b", order=2), coverage("c", order=1, start=None))
    assert chosen(*listed) == "Coverage/c"
    assert chosen(*listed[:2]) == "Coverage/b"


def test_of_equal_orders_the_latest_start_decides_then_the_reference() -> None:
    assert chosen(coverage("a"), coverage("b", start="2025-01-02"), coverage("c", start=None)) == "Coverage/b"
    assert chosen(coverage("b"), coverage("a")) == chosen(coverage("a"), coverage("b")) == "Coverage/a"


def test_another_patients_coverage_is_none() -> None:
    assert chosen(coverage(beneficiary={"reference": "Patient/pat-2"})) is None


def test_what_does_not_decide_is_named_once_with_its_reason() -> None:
    ended = [coverage(name, end="2025-12-31") for name in "xyz"]
    _, remarks = choose_coverage(chart_of(*ended, coverage("a", order=1), coverage("b")), ON)
    assert remarks == ("Coverage/x (and 2 more) had ended", "Coverage/b comes after Coverage/a")


def test_no_coverage_in_force_is_said() -> None:
    assert choose_coverage(chart_of(answers={"Coverage": CouldNotAsk("x")}), ON) == (
        None,
        ("No Coverage is known to be in force on 2026-03-10",),
    )


@pytest.mark.parametrize(
    ("start", "day", "known"),
    [
        ("2026-01-15", "2026-01-14", False),
        ("2026-01-15", "2026-01-15", True),
        ("2026-01-15", "2026-01", None),
        ("2026-01", "2026-01-31", True),
        ("2026-01", "2026-01-30", None),
        ("2026-01", "2025-12-31", False),
        (None, "2026-01-15", None),
    ],
)
def test_a_coverage_was_in_force_from_its_start(start: str | None, day: str, known: bool | None) -> None:
    days = span(day)
    assert days
    assert Coverage("Coverage/c", {}, span(start), None).in_force_on(days) is known


def test_no_coverage_leaves_the_line_unknown() -> None:
    found = read_membership(chart_of(), None, on=ON, plans=operator.parse('[[plan]]\nline = "him"'), terms=load())
    assert (found.line, found.outside, found.renewal) == (None, False, None)


@pytest.mark.parametrize(("end", "renewal"), [("2026-12-31", date(2026, 12, 31)), ("2026-12", None), (None, None)])
def test_the_end_of_the_period_is_the_renewal_date_where_it_is_a_full_date(end: Any, renewal: date | None) -> None:
    assert member(coverage(end=end)).renewal == renewal


def test_the_tables_renewal_date_goes_first_unless_it_is_past() -> None:
    plans = '[[plan]]\npayor = "Health plan"\nrenewal = {}\n'
    assert member(coverage(end="2026-12-31"), plans=plans.format("2026-03-10")).renewal == ON
    late = member(coverage(end="2026-12-31"), plans=plans.format("2026-03-09"))
    assert late.renewal == date(2026, 12, 31)
    assert "The operator's renewal date for Coverage/c, 2026-03-09, is past" in late.remarks


@given(
    resources(
        "Coverage",
        "id status order type class payor period start end coding system code value name display reference identifier",
        f"active plan {PRODUCT} qhp 2026 2026-03-10 27833IL0140016 Organization/o #a",
    ),
    resources(
        "Patient", "address use state country type period start end", "home IL US-IL US postal 2026 2026-03-10 Illinois"
    ),
)
def test_any_json_never_raises(resource: JSON, patient: JSON) -> None:
    plans = '[[plan]]\npayor = "a"\nline = "him"\n[[plan]]\nclass = "plan=27833IL0140016"\nline = "none"\n'
    found = member({**resource, "status": "active"}, resource, plans=plans, patient={**patient, "id": "pat-1"})
    assert found.line in (None, "him")


def test_what_the_operators_table_says_is_evidence_of_the_coverage() -> None:
    payor = '[[plan]]\npayor = "Health plan"\n'
    told = member(coverage(), plans=f'{payor}line = "him"\nstate = "IL"\n')
    assert [(e.reference, e.path, e.text) for e in (*told.evidence, *told.state_evidence)] == [
        ("Coverage/c", "Coverage", "By the operator's table of plans: line of business him"),
        ("Coverage/c", "Coverage", "By the operator's table of plans: state IL"),
    ]


@pytest.mark.parametrize(
    ("day", "covered"),
    [("2026-01-31", False), ("2026-02-01", None), ("2026-02-27", None), ("2026-02-28", True), ("2026-02", None)],
)
def test_a_start_that_is_only_a_month_leaves_its_days_open(day: str, covered: bool | None) -> None:
    days = span(day)
    assert days is not None
    assert Coverage("Coverage/c", {}, span("2026-02"), None).in_force_on(days) is covered


def test_without_a_coverage_the_home_tells_the_state() -> None:
    home = {"use": "home", "line": ["1 Main St"], "city": "Chicago", "state": "IL", "country": "US"}
    told = member(patient={"resourceType": "Patient", "id": "pat-1", "address": [home]})
    assert (told.line, told.state) == (None, "IL")
    assert [e.reference for e in told.state_evidence] == ["Patient/pat-1"]


@pytest.mark.parametrize(
    ("key", "one", "other", "kind"),
    [
        ("line", '"him"', '"medicaid"', "line of business"),
        ("state", '"IL"', '"OH"', "state"),
        ("renewal", "2026-06-01", "2026-07-01", "renewal date"),
        ("formulary", "true", "false", "formulary status"),
    ],
)
def test_rows_of_the_operators_table_that_disagree_are_said_and_those_that_agree_are_not(
    key: str, one: str, other: str, kind: str
) -> None:
    row = '[[plan]]\npayor = "Health plan"\n'
    said = f"The operator's table does not decide the {kind} of Coverage/c: rows say "
    clash = member(coverage(), plans=f"{row}{key} = {one}\n{row}{key} = {other}\n")
    agreed = member(coverage(), plans=f"{row}{key} = {one}\n{row}{key} = {one}\n")
    assert len([r for r in clash.remarks if r.startswith(said)]) == 1
    assert not any(r.startswith("The operator's table") for r in agreed.remarks)


def test_a_plan_of_no_line_is_outside_by_the_operators_word() -> None:
    told = member(coverage(), plans='[[plan]]\npayor = "Health plan"\nline = "none"\n')
    assert told.outside
    assert [e.text for e in told.evidence] == [
        "By the operator's table of plans: no line of business that policies cover"
    ]
