"""Approval terms and referrals."""

from datetime import date, timedelta
from typing import Any

import pytest

from service.case import Membership, Requested
from service.determination import Approval
from service.plans import LabelChange
from service.policy import library
from service.policy.terms import add_months, approve, refer, term_of
from tests.policy.facts import case

DOCUMENT = library.load().revision("CP.PHAR.134").policy.document


def run(product: str, line: Any, **changes: Any) -> Approval:
    membership = Membership(line, renewal=changes.pop("renewal", None))
    found = approve(DOCUMENT, "I.B", product, case(membership=membership, **changes))
    assert isinstance(found, Approval)
    return found


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 3, 10), 12, date(2027, 3, 10)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_months_end_on_the_months_last_day_where_the_day_is_not(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


def test_the_last_day_is_included() -> None:
    found = run("jylamvo", "medicaid")
    assert (found.months, found.start, found.end) == (12, date(2026, 3, 10), date(2027, 3, 9))


@pytest.mark.parametrize(
    ("renewal", "months", "end"),
    [
        (None, 6, date(2026, 9, 9)),
        (date(2026, 3, 9), 6, date(2026, 9, 9)),
        (date(2026, 9, 8), 6, date(2026, 9, 9)),
        (date(2026, 9, 9), 6, date(2026, 9, 9)),
        (date(2026, 9, 10), None, date(2026, 9, 10)),
    ],
)
def test_a_commercial_injectable_runs_to_the_later_of_six_months_and_renewal(
    renewal: date | None, months: int | None, end: date
) -> None:
    found = run("otrexup", "commercial", renewal=renewal)
    assert (found.months, found.end) == (months, end)
    assert ("renewal" in found.basis) is True


@pytest.mark.parametrize(
    ("requested", "months", "end"),
    [
        (None, 12, date(2027, 3, 9)),
        (Requested(3, None, "3 months"), 3, date(2026, 6, 9)),
        (Requested(12, None, "12 months"), 12, date(2027, 3, 9)),
        (Requested(13, None, "13 months"), 12, date(2027, 3, 9)),
        (Requested(99999, None, "for ever"), 12, date(2027, 3, 9)),
        (Requested(None, 90, "90 days"), None, date(2026, 6, 7)),
        (Requested(None, 365, "365 days"), 12, date(2027, 3, 9)),
        (Requested(None, 364, "364 days"), None, date(2027, 3, 8)),
        (Requested(None, 10**9, "for ever"), 12, date(2027, 3, 9)),
        (Requested(None, None, "unclear"), 12, date(2027, 3, 9)),
    ],
)
def test_a_commercial_solution_runs_for_the_lesser_of_twelve_months_and_the_request(
    requested: Requested | None, months: int | None, end: date
) -> None:
    found = run("jylamvo", "commercial", requested=requested)
    assert (found.months, found.end) == (months, end)


def test_other_lines_heed_neither_renewal_nor_request() -> None:
    for line in ("medicaid", "him"):
        found = run("jylamvo", line, requested=Requested(3, None, "3 months"), renewal=date(2030, 1, 1))
        assert (found.months, found.end, found.basis) == (12, date(2027, 3, 9), "12 months")


def test_an_unknown_line_is_told_by_line() -> None:
    found = approve(DOCUMENT, "I.B", "otrexup", case(membership=Membership()))
    assert not isinstance(found, Approval)
    assert {line: one.months for line, one in found.items()} == {"commercial": 6, "him": 12, "medicaid": 12}


def test_a_product_of_no_term_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 approval terms fit"):
        term_of(DOCUMENT, "I.B", "lisinopril", "medicaid")


def policies(changes: tuple[LabelChange, ...], **member: Any) -> dict[str, tuple[str, ...]]:
    given = case(membership=Membership(**member))
    return dict(refer(DOCUMENT, "why", "jylamvo", given, changes).policies)


def test_a_use_not_listed_goes_to_the_off_label_policy_of_the_line() -> None:
    assert policies((), line="him") == {"him": ("HIM.PA.154",)}
    assert policies(()) == {"commercial": ("CP.CPA.09",), "him": ("HIM.PA.154",), "medicaid": ("CP.PMN.53",)}


@pytest.mark.parametrize(
    ("formulary", "numbers"),
    [(True, ("CP.PMN.255",)), (False, ("CP.PMN.16",)), (None, ("CP.PMN.255", "CP.PMN.16"))],
)
def test_a_recent_label_change_replaces_the_off_label_number(formulary: bool | None, numbers: tuple[str, ...]) -> None:
    change = LabelChange(product="jylamvo", date=date(2026, 1, 5), formulary=formulary)
    assert policies((change,), line="medicaid") == {"medicaid": numbers}


def test_the_members_formulary_status_goes_before_the_changes() -> None:
    change = LabelChange(product="jylamvo", date=date(2026, 1, 5), formulary=True)
    assert policies((change,), line="medicaid", formulary=False) == {"medicaid": ("CP.PMN.16",)}


def test_commercial_has_one_number_for_both() -> None:
    change = LabelChange(product="jylamvo", date=date(2026, 1, 5))
    assert policies((change,), line="commercial") == {"commercial": ("CP.CPA.190",)}


@pytest.mark.parametrize(
    ("changed", "recent"),
    [
        (date(2025, 9, 10), True),
        (date(2025, 9, 9), False),
        (date(2026, 3, 10), True),
        (date(2026, 3, 10) + timedelta(days=1), False),
    ],
)
def test_a_label_change_counts_for_six_months(changed: date, recent: bool) -> None:
    found = policies((LabelChange(product="jylamvo", date=changed, formulary=True),), line="medicaid")
    assert found == {"medicaid": ("CP.PMN.255",) if recent else ("CP.PMN.53",)}


def test_another_products_label_change_counts_for_nothing() -> None:
    change = LabelChange(product="xatmep", date=date(2026, 1, 5))
    assert policies((change,), line="medicaid") == {"medicaid": ("CP.PMN.53",)}


START = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("renewal", "basis"),
    [
        (None, "6 months; no renewal date ahead is known"),
        (date(2026, 3, 9), "6 months; no renewal date ahead is known"),
        (date(2026, 3, 10), "6 months, longer than to the renewal date"),
        (date(2026, 9, 9), "6 months, longer than to the renewal date"),
        (date(2026, 9, 10), "to the member's renewal date, longer than 6 months"),
    ],
)
def test_what_the_end_rests_on_is_said_of_a_renewal(renewal: date | None, basis: str) -> None:
    found = run("otrexup", "commercial", renewal=renewal)
    assert (found.start, found.basis) == (START, basis)


@pytest.mark.parametrize(
    ("requested", "basis"),
    [
        (None, "12 months; the order asks for no duration"),
        (Requested(None, None, "unclear"), "12 months; the order asks for no duration"),
        (Requested(12, None, "a year"), "12 months, no longer than requested (a year)"),
        (Requested(None, 90, "90 days"), "the duration requested (90 days)"),
    ],
)
def test_what_the_end_rests_on_is_said_of_a_request(requested: Requested | None, basis: str) -> None:
    found = run("jylamvo", "commercial", requested=requested)
    assert (found.start, found.basis) == (START, basis)


def test_a_referral_gives_its_reason_and_the_label_change() -> None:
    given = case(membership=Membership("medicaid"))
    change = LabelChange(product="jylamvo", date=date(2026, 1, 5))
    assert refer(DOCUMENT, "why", "jylamvo", given, ()).reason == "why"
    assert refer(DOCUMENT, "why", "jylamvo", given, (change,)).reason == "why; the label changed on 2026-01-05"
