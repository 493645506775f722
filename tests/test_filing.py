"""What is filed of a determination: the table of statuses, and what no filing ever says."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.determination import Approval, Determination, DoseLimit, Referral, Result, Status
from service.filing import Filing, Thread, file
from tests.cards.outcomes import YEAR, alert, determination, finding

THREAD = Thread("assertion-1", "CS-0001")
COVERAGE = "Coverage/cov-1"
URL = "https://payer.example/policy"
LIMIT = DoseLimit(Decimal(30), "mg", "week", "I.B.7")
BY_LINE = {"commercial": YEAR, "medicaid": YEAR}
DAILY = (alert("daily-dosing"),)
LACKING = finding("I.B.6", Result.UNKNOWN, missing="Chart note on tablets")
QUOTING = finding("I.B.5", Result.UNKNOWN, missing="Outcome of the trial on record: stopped, felt unwell (2025-06-01)")


def told(status: Status = Status.APPROVABLE, **changes: Any) -> Determination:
    return determination(status, **({"coverage": COVERAGE} | changes))


def filed(of: Determination, *, grants: bool = False, policy_url: str | None = URL) -> Filing:
    found = file(of, THREAD, grants=grants, policy_url=policy_url)
    assert found is not None
    return found


# name, determination, grants -> covered, authorization, why, documents, open, details
TABLE: list[tuple[str, Determination, bool, tuple[object, ...]]] = [
    (
        "an approvable order is in need of authorization where the payer does not grant at once",
        told(limit=LIMIT),
        False,
        ("covered", "auth-needed", "approvable", False, False, ()),
    ),
    (
        "an approvable order is authorized where the payer grants at once",
        told(limit=LIMIT),
        True,
        ("covered", "satisfied", "granted", False, False, ()),
    ),
    (
        "an approval that hangs on an unknown line of business is granted to none",
        told(approval=BY_LINE, line=None),
        True,
        ("covered", "auth-needed", "approvable", False, False, ()),
    ),
    (
        "an approvable order without a term is granted to none",
        told(approval=None),
        True,
        ("covered", "auth-needed", "approvable", False, False, ()),
    ),
    (
        "missing documentation is asked for, criterion by criterion",
        told(Status.DOCUMENTATION_NEEDED, findings=(LACKING,), missing=("I.B.6",)),
        True,
        ("covered", "auth-needed", "documentation", True, False, ("Chart note on tablets (I.B.6)",)),
    ),
    (
        "what a determination asks in its own words stands before its findings",
        told(
            Status.DOCUMENTATION_NEEDED, findings=(), missing=("product",), asks=("Which product: Xatmep or Jylamvo",)
        ),
        True,
        ("covered", "auth-needed", "documentation", True, False, ("Which product: Xatmep or Jylamvo",)),
    ),
    (
        "an unmet criterion is named in the policy's words and is never 'not covered'",
        told(Status.NOT_MET),
        True,
        ("covered", "auth-needed", "unmet", False, False, ("Criterion I.B.7 (I.B.7)",)),
    ),
    (
        "a use that other policies decide is conditional on them",
        told(
            Status.REFER,
            referral=Referral("The diagnosis is not listed", {"medicaid": ("CP.PMN.53",), "him": ("HIM.PA.154",)}),
        ),
        True,
        ("conditional", "auth-needed", "elsewhere", False, True, ("CP.PMN.53", "HIM.PA.154")),
    ),
    *(
        (
            f"an order that reads as daily dosing gets nothing more, though it is {status.value}",
            told(status, safety=DAILY, limit=LIMIT),
            True,
            ("covered", "auth-needed", "daily", False, False, ()),
        )
        for status in Status
    ),
    *(
        (
            f"without a coverage in force an order is not covered, though it is {status.value}",
            told(status, coverage=None, lapsed="Coverage/old", limit=LIMIT),
            True,
            ("not-covered", None, "no-active-coverage", False, False, ()),
        )
        for status in Status
    ),
]


@pytest.mark.parametrize(("of", "grants", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_determination_is_filed_by_the_table(of: Determination, grants: bool, wanted: tuple[object, ...]) -> None:
    found = filed(of, grants=grants)
    assert wanted == (
        found.covered,
        found.authorization,
        found.why,
        found.documents,
        found.open,
        found.details,
    )


@pytest.mark.parametrize(("of", "grants"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_goes_with_an_authorization_is_said_only_where_it_is_satisfied(of: Determination, grants: bool) -> None:
    found = filed(of, grants=grants)
    given = (found.number, found.expires, found.period)
    assert (None not in given) is (found.authorization == "satisfied")
    assert found.authorization == "satisfied" or (*given, found.limit) == (None,) * 4


@pytest.mark.parametrize(("of", "grants"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_policys_page_is_told_where_its_criteria_are(of: Determination, grants: bool) -> None:
    found = filed(of, grants=grants)
    assert (found.policy_url == URL) is (found.why not in ("daily", "no-active-coverage"))
    assert filed(of, grants=grants, policy_url=None).policy_url is None


def test_an_authorization_carries_its_number_its_term_and_the_dose_it_was_held_to() -> None:
    term = Approval(6, date(2026, 3, 10), date(2026, 9, 9), "6 months")
    found = filed(told(approval=term, limit=LIMIT), grants=True)
    assert (found.number, found.expires, found.period, found.limit) == (
        "CS-0001",
        date(2026, 9, 9),
        (date(2026, 3, 10), date(2026, 9, 9)),
        LIMIT,
    )
    assert filed(told(approval=term), grants=True).limit is None


def test_a_filing_names_its_coverage_its_day_and_its_thread() -> None:
    found = filed(told(evaluated_on=date(2026, 3, 11)))
    assert (found.coverage, found.on, found.assertion) == (COVERAGE, date(2026, 3, 11), "assertion-1")


def test_a_lapsed_coverage_is_the_one_told_of_only_where_none_is_in_force() -> None:
    assert filed(told(coverage=None, lapsed="Coverage/old")).coverage == "Coverage/old"
    both = filed(told(coverage=COVERAGE, lapsed="Coverage/old"))
    assert (both.coverage, both.covered) == (COVERAGE, "covered")


@pytest.mark.parametrize("status", list(Status))
def test_nothing_is_filed_where_no_coverage_is_on_record(status: Status) -> None:
    assert file(told(status, coverage=None), THREAD, grants=True, policy_url=URL) is None


@pytest.mark.parametrize("code", ["pregnancy", "hypersensitivity", "liver-disease"])
def test_other_alerts_do_not_change_what_is_filed(code: str) -> None:
    assert filed(told(safety=(alert(code),)), grants=True) == filed(told(), grants=True)


def test_what_a_finding_quotes_of_the_chart_is_not_filed() -> None:
    bracketed = replace(LACKING, missing='A weekly dose that can be read (the text says "take as told (daily)")')
    for quoting, asked in ((QUOTING, "Outcome of the trial on record"), (bracketed, "A weekly dose that can be read")):
        of = told(Status.DOCUMENTATION_NEEDED, findings=(quoting,), missing=(quoting.id,))
        assert filed(of).details == (f"{asked} ({quoting.id})",)


def test_a_criterion_that_asks_for_nothing_of_its_own_is_asked_for_by_what_it_reads() -> None:
    of = told(Status.DOCUMENTATION_NEEDED, findings=(replace(LACKING, missing=None),), missing=("I.B.6",))
    assert filed(of).details == ("Criterion I.B.6 (I.B.6)",)


def test_criteria_that_hold_nothing_back_are_not_listed() -> None:
    other = finding("I.B.8", Result.UNKNOWN, missing="Something else")
    failed = finding("I.B.7", Result.NOT_MET)
    findings = (LACKING, failed, other)
    assert filed(told(Status.DOCUMENTATION_NEEDED, findings=findings, missing=("I.B.6",))).details == (
        "Chart note on tablets (I.B.6)",
    )
    assert filed(told(Status.NOT_MET, findings=findings, unmet=("I.B.7",))).details == ("Criterion I.B.7 (I.B.7)",)


def test_ids_stand_for_themselves_where_no_finding_says_more() -> None:
    assert filed(told(Status.DOCUMENTATION_NEEDED, findings=(), missing=("diagnosis",))).details == ("diagnosis",)
    assert filed(told(Status.NOT_MET, findings=(), unmet=("I.B.7",))).details == ("I.B.7",)


def test_a_policy_that_several_lines_name_is_listed_once() -> None:
    both = Referral(
        "The diagnosis is not listed", {"medicaid": ("CP.PMN.53",), "commercial": ("CP.PMN.53", "CP.CPA.09")}
    )
    assert filed(told(Status.REFER, referral=both)).details == ("CP.PMN.53", "CP.CPA.09")
