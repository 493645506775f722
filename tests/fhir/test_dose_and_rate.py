"""The structured dose of an instruction: one dose, however often it is said."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from service.dose import BodySurface
from service.fhir.dose_and_rate import Said, read_dose_and_rate
from service.fhir.units import Unread

JSON = dict[str, Any]
BODY = BodySurface(Fraction("1.5"), ())


def way(value: Any, unit: str = "mg", kind: str | None = None) -> JSON:
    entry: JSON = {"doseQuantity": {"value": value, "unit": unit}}
    return {**entry, "type": {"coding": [{"code": kind}]}} if kind else entry


def span(low: Any, high: Any) -> JSON:
    ends = {"low": low, "high": high}
    return {"doseRange": {name: {"value": end, "unit": "mg"} for name, end in ends.items() if end is not None}}


def read(*entries: Any, body: BodySurface | None = None) -> Said | Unread | None:
    return read_dose_and_rate({"doseAndRate": list(entries)}, None, body)


def both(*entries: Any, body: BodySurface | None = None) -> tuple[Fraction | None, Fraction | None]:
    found = read(*entries, body=body)
    assert isinstance(found, Said), found
    return found.mg, found.per_m2


def test_one_dose_is_read_from_a_list_and_from_an_object() -> None:
    assert both(way(15)) == (15, None)
    alone = read_dose_and_rate({"doseAndRate": way(15)}, None, None)
    assert isinstance(alone, Said)
    assert (alone.mg, alone.path) == (15, "doseAndRate.doseQuantity")


def test_the_ordered_dose_goes_before_the_calculated_and_that_before_the_largest() -> None:
    assert both(way(30), way(20, kind="calculated"), way(10, kind="ordered")) == (10, None)
    assert both(way(30), way(20, kind="calculated")) == (20, None)
    assert both(way(10), way(30), way(20)) == (30, None)


def test_an_untyped_pair_in_both_units_is_one_dose_said_both_ways() -> None:
    assert both(way(15), way(10, "mg/m2")) == (15, 10)


def test_the_high_end_of_a_range_counts() -> None:
    assert both(span(10, 15)) == (15, None)
    assert both(span(None, 15)) == (15, None)
    assert isinstance(read(span(10, None)), Unread)
    assert isinstance(read(span(15, 10)), Unread)
    assert isinstance(read(span(0, 0)), Unread)


@pytest.mark.parametrize(("mg", "agrees"), [("26.9", False), ("27", True), ("30", True), ("33", True), ("33.1", False)])
def test_ordered_and_calculated_may_differ_by_a_tenth(mg: str, agrees: bool) -> None:
    pair = [way(20, "mg/m2", "ordered"), way(Decimal(mg), kind="calculated")]
    found = read(*pair, body=BODY)
    assert isinstance(found, Said) is agrees
    if isinstance(found, Unread):
        assert "20 mg/m2" in found.why
        assert f"{mg} mg" in found.why
    assert both(*pair) == (None, 20)


def test_an_order_in_mg_is_compared_too() -> None:
    assert both(way(30, kind="ordered"), way(20, "mg/m2", "calculated"), body=BODY) == (30, None)
    assert isinstance(read(way(30, kind="ordered"), way(25, "mg/m2", "calculated"), body=BODY), Unread)


def test_a_rate_is_no_dose() -> None:
    assert read({"rateQuantity": {"value": 15, "unit": "mg/h"}}) is None
    assert read({"rateRatio": {"numerator": {"value": 15, "unit": "mg"}}}) is None
    assert both({"rateQuantity": {"value": 15}}, way(15)) == (15, None)
    assert read_dose_and_rate({}, None, None) is None


@pytest.mark.parametrize("entry", [way(15, "mg/kg"), way(0), way(-1), {"doseQuantity": "15 mg"}, {"doseRange": []}])
def test_what_cannot_be_read_is_said_and_never_left_out(entry: JSON) -> None:
    assert isinstance(read(entry), Unread)
    assert isinstance(read(way(15), entry), Unread)
    assert both(way(15, kind="ordered"), entry) == (15, None)
