"""A Timing as doses a week, and what in it says every day."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.timing import Timing, in_words, read_timing

GTS = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
JSON = dict[str, Any]


def repeat(**members: Any) -> Timing:
    return read_timing({"repeat": members})


def per(frequency: int, period: Any, unit: str, **members: Any) -> Timing:
    return repeat(frequency=frequency, period=period, periodUnit=unit, **members)


def coded(code: str, system: str = GTS, **members: Any) -> Timing:
    return read_timing({"code": {"coding": [{"system": system, "code": code}]}, **members})


def most(timing: Timing) -> Fraction | None:
    return timing.rate.most if timing.rate else None


@pytest.mark.parametrize(
    ("timing", "a_week"),
    [
        (per(1, 1, "wk"), "1"),
        (per(1, 7, "d"), "1"),
        (per(2, 1, "wk"), "2"),
        (per(1, 1, "d"), "7"),
        (per(5, 1, "d"), "35"),
        (per(1, 12, "h"), "14"),
        (per(1, 168, "h"), "1"),
        (per(1, 1440, "min"), "7"),
        (per(1, 2, "wk"), "1/2"),
        (per(1, Decimal("3.5"), "d"), "2"),
        (per(1, 1, "mo"), "112/487"),
        (per(1, 1, "a"), "28/1461"),
        (per(1, 1, "wk", frequencyMax=2), "2"),
        (per(3, 1, "wk", frequencyMax=2), "3"),
        (per(1, 1, "wk", periodMax=2), "1"),
        (per(1, 7, "d", periodMax=5), "7/5"),
        (repeat(period=1, periodUnit="wk"), "1"),
        (per(1, 1, "wk", count=4, boundsDuration={"value": 4, "code": "wk"}), "1"),
    ],
)
def test_a_frequency_per_period_is_a_rate(timing: Timing, a_week: str) -> None:
    assert most(timing) == Fraction(a_week)
    assert timing.count == Fraction(a_week)


@pytest.mark.parametrize(
    ("members", "a_week"),
    [
        ({}, 2),
        ({"frequency": 1, "period": 1, "periodUnit": "d"}, 2),
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, 4),
        ({"frequency": 1, "period": 12, "periodUnit": "h"}, 4),
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, 2),
        ({"frequency": 2, "period": 1, "periodUnit": "wk"}, 2),
        ({"frequency": 3, "period": 1, "periodUnit": "wk"}, 2),
        ({"timeOfDay": ["08:00:00", "20:00:00", "08:00:00"]}, 4),
        ({"when": ["MORN"]}, 2),
        ({"dayOfWeek": ["mon", "thu", "mon"]}, 2),
        ({"dayOfWeek": ["Monday", "THU"]}, 2),
    ],
)
def test_days_of_the_week_are_so_many_days_a_week(members: JSON, a_week: int) -> None:
    timing = repeat(**{"dayOfWeek": ["mon", "thu"], **members})
    assert most(timing) == a_week
    assert timing.daily == ()


def test_the_alert_looks_at_a_frequency_that_the_listed_days_do_not_hold() -> None:
    timing = repeat(dayOfWeek=["mon"], frequency=5, period=1, periodUnit="wk")
    assert (most(timing), timing.count) == (1, 5)


@pytest.mark.parametrize(
    "members", [{"when": ["MORN", "EVE"]}, {"timeOfDay": ["08:00", "20:00"]}, {"frequency": 1, "when": ["MORN", "EVE"]}]
)
def test_times_of_the_day_alone_are_every_day(members: JSON) -> None:
    timing = repeat(**members)
    assert most(timing) == 14
    assert timing.daily == (("timing.repeat", "twice a day"),)


def test_times_of_the_day_within_a_period_are_not() -> None:
    assert (most(per(1, 1, "wk", when=["MORN"])), per(1, 1, "wk", when=["MORN"]).daily) == (1, ())


@pytest.mark.parametrize(
    ("code", "a_week"),
    [("QD", 7), ("AM", 7), ("PM", 7), ("BED", 7), ("BID", 14), ("TID", 21), ("QID", 28), ("Q8H", 21), ("Q1H", 168)],
)
def test_a_daily_code_is_a_rate_and_daily(code: str, a_week: int) -> None:
    for timing in (coded(code), coded(code.lower()), coded(code, "")):
        assert most(timing) == a_week
        assert [path for path, _ in timing.daily] == ["timing.code"]


@pytest.mark.parametrize(("code", "a_week"), [("WK", "1"), ("QOD", "7/2"), ("Q72H", "7/3")])
def test_a_code_of_longer_spans_is_a_rate_and_not_daily(code: str, a_week: str) -> None:
    assert most(coded(code)) == Fraction(a_week)
    assert coded(code).daily == ()


def test_a_daily_code_on_listed_days_is_on_those_days() -> None:
    timing = coded("BID", repeat={"dayOfWeek": ["mon"]})
    assert timing.fault == "timing.repeat says once a week and timing.code says twice a week"
    timing = coded("AM", repeat={"dayOfWeek": ["mon"]})
    assert (most(timing), timing.daily) == (1, ())


def test_a_code_and_a_repeat_that_disagree_give_no_rate_and_the_worse_count() -> None:
    timing = coded("QD", repeat={"frequency": 1, "period": 1, "periodUnit": "wk"})
    assert (timing.rate, timing.clash, timing.count) == (None, True, 7)
    assert most(coded("BID", repeat={"frequency": 2, "period": 1, "periodUnit": "d"})) == 14


@pytest.mark.parametrize(
    "timing",
    [
        {},
        {"event": ["2026-03-12"]},
        {"repeat": {"count": 4}},
        {"repeat": {"frequency": 1}},
        {"repeat": {"boundsPeriod": {"start": "2026-03-10", "end": "2026-04-10"}}},
        {"code": {"coding": [{"system": GTS, "code": "MO"}]}},
    ],
)
def test_an_event_a_count_and_bounds_give_no_rate_and_no_fault(timing: JSON) -> None:
    found = read_timing(timing)
    assert (found.rate, found.fault, found.count, found.daily) == (None, None, None, ())


@pytest.mark.parametrize(
    "members",
    [
        {"frequency": 0, "period": 1, "periodUnit": "wk"},
        {"frequency": -1, "period": 1, "periodUnit": "wk"},
        {"frequency": "1", "period": 1, "periodUnit": "wk"},
        {"frequency": 1, "frequencyMax": 0, "period": 1, "periodUnit": "wk"},
        {"frequency": 1, "period": 0, "periodUnit": "wk"},
        {"frequency": 1, "period": 1},
        {"frequency": 1, "periodUnit": "wk"},
        {"frequency": 1, "period": 1, "periodUnit": "moon"},
        {"dayOfWeek": ["mon", "someday"]},
        {"dayOfWeek": [1]},
    ],
)
def test_a_rate_that_cannot_be_read_is_a_fault(members: JSON) -> None:
    timing = repeat(**members)
    assert timing.rate is None
    assert timing.fault


@pytest.mark.parametrize(
    ("days", "daily"),
    [((10, 11, 12, 13), False), ((10, 11, 12, 13, 16), True), ((10, 11, 12, 13, 17), False), ((10,) * 7, False)],
)
def test_events_on_five_days_within_seven_are_daily(days: tuple[int, ...], daily: bool) -> None:
    timing = read_timing({"event": [f"2026-03-{day}T08:00:00Z" for day in days]})
    assert timing.rate is None
    assert bool(timing.daily) is daily


def test_the_words_of_a_local_code_are_handed_on_as_text() -> None:
    coding = {"system": "urn:oid:1.2.3.4.5", "code": "307469008", "display": "Weekly"}
    assert read_timing({"code": {"coding": [coding], "text": "once weekly"}}).words == ("once weekly", "Weekly")
    assert coded("QWEEK", "urn:oid:1.2.3.4.5").words == ("QWEEK",)
    assert coded("QD", "urn:oid:1.2.3.4.5").rate is None
    assert coded("QD").words == ()


@pytest.mark.parametrize(
    ("a_week", "words"),
    [
        ("1", "once a week"),
        ("2", "twice a week"),
        ("5", "5 times a week"),
        ("7", "once a day"),
        ("35", "5 times a day"),
        ("1/2", "once every 2 weeks"),
        ("7/2", "3.5 times a week"),
    ],
)
def test_a_rate_is_said_in_words(a_week: str, words: str) -> None:
    assert in_words(Fraction(a_week)) == words


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.decimals()
    | st.text(max_size=3)
    | st.sampled_from(["wk", "mon"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coding", "code", "text", "value"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["frequency", "frequencyMax", "period", "periodMax", "periodUnit", "dayOfWeek", "timeOfDay", "when", "count"]
)


@given(st.dictionaries(NAMES, VALUES), VALUES, VALUES)
def test_any_json_is_read(members: JSON, code: Any, event: Any) -> None:
    timing = read_timing({"repeat": members, "code": code, "event": event})
    assert timing.rate is None or timing.rate.most > 0


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["h", "d", "wk", "mo", "a"]))
def test_a_maximum_never_lowers_the_rate(low: int, high: int, period: int, unit: str) -> None:
    plain, maximal = most(per(low, period, unit)), most(per(low, period, unit, frequencyMax=high))
    assert plain is not None
    assert maximal is not None
    assert maximal >= plain


@pytest.mark.parametrize(("unit", "count"), [("d", 7), ("wk", 1)])
def test_a_unit_without_a_period_gives_no_rate_and_counts_as_one_of_it(unit: str, count: int) -> None:
    found = read_timing({"repeat": {"frequency": 1, "periodUnit": unit}})
    assert (found.rate, found.count) == (None, count)
    assert found.fault
