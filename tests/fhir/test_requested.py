"""How long an order asks to be supplied."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from service.case import Requested
from service.fhir.requested import read_requested
from tests.fhir.anything import resources
from tests.fhir.synthetic import JSON


def supply(value: Any, unit: str = "days", code: str | None = None, **more: Any) -> JSON:
    duration = {"value": value, "unit": unit} | ({"code": code} if code else {})
    return {"dispenseRequest": {"expectedSupplyDuration": duration, **more}}


def period(start: Any, end: Any) -> JSON:
    return {"dispenseRequest": {"validityPeriod": {"start": start, "end": end}}}


def bounds(*repeats: JSON, sequences: tuple[int, ...] = ()) -> JSON:
    instructions: list[JSON] = [{"timing": {"repeat": repeat}} for repeat in repeats]
    for instruction, sequence in zip(instructions, sequences, strict=False):
        instruction["sequence"] = sequence
    return {"dosageInstruction": instructions}


def length(order: JSON) -> tuple[int | None, int | None] | None:
    found = read_requested(order)
    return (found.months, found.days) if found else None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-10", "2026-03-10", 1),
        ("2026-03-10", "2026-03-11", 2),
        ("2026-04-01", "2026-04-30", 30),
        ("2026-03-10T09:00:00Z", "2026-06-30", 113),
    ],
)
def test_a_validity_period_counts_its_days_both_ends_included(start: str, end: str, days: int) -> None:
    assert length(period(start, end)) == (None, days)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-10", "2026-03-09"), ("2026-03", "2026-06-30"), (None, "2026-06-30"), ("2026-03-10", None)],
)
def test_a_period_without_both_ends_or_of_no_days_is_none(start: Any, end: Any) -> None:
    assert length(period(start, end)) is None


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (supply(30, code="d"), (None, 30)),
        (supply(30, "day"), (None, 30)),
        (supply(4, "wk", numberOfRepeatsAllowed=2), (None, 84)),
        (supply(4, "Weeks", numberOfRepeatsAllowed=0), (None, 28)),
        (supply(1, "month", "mo", numberOfRepeatsAllowed=2), (3, None)),
        (supply(Decimal("1.5"), "months", numberOfRepeatsAllowed=1), (3, None)),
        (supply(Decimal("0.5"), "years"), (6, None)),
        (supply(1, "a"), (12, None)),
        (supply(Decimal("10.9")), (None, 10)),
        (supply(Decimal("10.5"), numberOfRepeatsAllowed=1), (None, 21)),
        (supply(Decimal("1.5"), "months"), (None, 45)),
        (supply(Decimal("0.01"), "months"), None),
        (supply(Decimal("0.9")), None),
        (supply(0), None),
        (supply(-30), None),
        (supply("30"), None),
        (supply(720, "hours", "h"), (None, 30)),
        (supply(719, "hours", "h"), (None, 29)),
        (supply(23, "hours", "h"), None),
        (supply(30, "days", "min"), None),
        (supply(30, numberOfRepeatsAllowed=-1), None),
        (supply(30, numberOfRepeatsAllowed="2"), None),
        (supply(30, numberOfRepeatsAllowed=Decimal("0.5")), None),
    ],
)
def test_a_supply_runs_once_more_for_each_refill(order: JSON, wanted: tuple[int | None, int | None] | None) -> None:
    assert length(order) == wanted


def test_a_duration_is_told_in_words() -> None:
    assert read_requested(supply(30, numberOfRepeatsAllowed=2)) == Requested(None, 90, "30 days with 2 refills")
    assert read_requested(supply(1, "mo", numberOfRepeatsAllowed=1)) == Requested(2, None, "1 mo with 1 refill")
    assert read_requested(period("2026-03-10", "2026-06-30")) == Requested(
        None, 113, "validity period 2026-03-10 to 2026-06-30"
    )


WEEKS = {"boundsDuration": {"value": 12, "unit": "weeks", "code": "wk"}}
MONTHS = {"boundsDuration": {"value": 3, "unit": "months", "code": "mo"}}
SPRING = {"boundsPeriod": {"start": "2026-03-10", "end": "2026-05-31"}}
SUMMER = {"boundsPeriod": {"start": "2026-06-01", "end": "2026-08-31"}}


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (bounds(WEEKS), (None, 84)),
        (bounds(SPRING), (None, 83)),
        (bounds(SPRING, SUMMER), (None, 175)),
        (bounds(SUMMER, SPRING), (None, 175)),
        (bounds(WEEKS, WEEKS), (None, 84)),
        (bounds(WEEKS, WEEKS, sequences=(1, 2)), (None, 168)),
        (bounds(MONTHS, MONTHS, sequences=(1, 2)), (6, None)),
        (bounds(MONTHS, WEEKS, sequences=(1, 2)), (None, 175)),
        (bounds(MONTHS, WEEKS), (3, None)),
        (bounds(WEEKS, SPRING), (None, 84)),
        (bounds(WEEKS, {}), None),
        (bounds(SPRING, {}), None),
        (bounds({"boundsPeriod": {"start": "2026-03-10"}}), None),
        (bounds({"boundsRange": {"high": {"value": 12, "unit": "wk"}}}), (None, 84)),
        (bounds({"boundsRange": {"low": {"value": 4, "unit": "wk"}}}), (None, 28)),
        (bounds(), None),
        ({}, None),
    ],
)
def test_the_bounds_of_the_timing_tell_a_duration(order: JSON, wanted: tuple[int | None, int | None] | None) -> None:
    assert length(order) == wanted


def test_the_validity_period_goes_before_the_supply_and_that_before_the_bounds() -> None:
    both = {
        "dispenseRequest": {**period("2026-03-10", "2026-03-19")["dispenseRequest"], **supply(30)["dispenseRequest"]}
    }
    assert length({**both, **bounds(WEEKS)}) == (None, 10)
    assert length({**supply(30), **bounds(WEEKS)}) == (None, 30)
    assert length({**period("2026-03-10", None), **bounds(WEEKS)}) == (None, 84)


@given(
    resources(
        "MedicationRequest",
        "dispenseRequest validityPeriod expectedSupplyDuration numberOfRepeatsAllowed value unit code start end "
        "dosageInstruction timing repeat boundsPeriod boundsDuration sequence",
        "d wk mo a days 2026-03-10 2026-06-30 9999-12-31",
    )
)
def test_any_order_never_raises(order: JSON) -> None:
    found = read_requested(order)
    assert found is None or (found.months or found.days or 0) > 0
