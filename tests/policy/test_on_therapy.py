"""The words of continued therapy."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from service.case import History, Supply
from service.determination import Result
from service.dose import say
from service.policy.clause import Increase, Setting
from service.policy.on_therapy import RespondingClause, SuppliedClause, TakingClause, compare
from tests.policy.facts import SEEN, TODAY, case, diagnosis, supply, surface, therapy, weekly

SUPPLIED = SuppliedClause(ref="II.A.1", says="supplied", word="supplied", within_days=120)
TAKING = TakingClause(ref="II.A.1", says="taking", word="taking", since_days=30, within_days=120)


def setting(**history: Any) -> Setting:
    found = case(history=History(**history))
    return Setting(found, diagnosis(), (), {}, Increase(known=False, higher=False))


def before(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(("days", "met"), [(120, True), (121, False), (0, True), (-1, False)])
def test_a_supply_counts_for_120_days_before_the_order(days: int, met: bool) -> None:
    verdict = SUPPLIED.test(setting(supplies=(supply(before(days)),)))
    assert verdict.result is (Result.MET if met else Result.UNKNOWN)
    assert bool(verdict.remarks) is not met


@pytest.mark.parametrize(
    ("covered", "said"), [(False, "not under the coverage now in force"), (None, "coverage in force then is not known")]
)
def test_a_supply_that_this_coverage_did_not_pay_is_said(covered: Any, said: str) -> None:
    verdict = SUPPLIED.test(setting(supplies=(supply(before(9), covered=covered),)))
    assert verdict.result is Result.UNKNOWN
    assert said in verdict.remarks[0]


def test_a_supply_outside_its_days_is_said_with_its_date() -> None:
    verdict = SUPPLIED.test(setting(supplies=(supply(date(2025, 1, 2)),)))
    assert verdict.remarks == ("MedicationDispense/2025-01-02: 2025-01-02 is outside the days that count",)


def test_an_earlier_approval_counts_for_its_product_and_diagnosis_only() -> None:
    key = ("jylamvo", "rheumatoid-arthritis")
    assert SUPPLIED.test(setting(earlier_approvals=((*key, SEEN),))).result is Result.MET
    assert SUPPLIED.test(setting(earlier_approvals=(("xatmep", key[1], SEEN),))).result is Result.UNKNOWN
    assert SUPPLIED.test(setting(earlier_approvals=((key[0], "psoriasis", SEEN),))).result is Result.UNKNOWN


@pytest.mark.parametrize(("days", "met"), [(30, True), (29, False)])
def test_taking_needs_a_start_thirty_days_ago(days: int, met: bool) -> None:
    verdict = TAKING.test(setting(starts=((before(days), SEEN),), therapies=(therapy(weekly(15)),)))
    assert verdict.result is (Result.MET if met else Result.UNKNOWN)


@pytest.mark.parametrize(("days", "met"), [(120, True), (121, False)])
def test_taking_goes_on_by_a_dispense_of_the_last_days(days: int, met: bool) -> None:
    verdict = TAKING.test(setting(starts=((before(200), SEEN),), supplies=(supply(before(days)),)))
    assert verdict.result is (Result.MET if met else Result.UNKNOWN)


def test_taking_does_not_go_on_by_a_claim_or_an_ended_therapy() -> None:
    started = ((before(200), SEEN),)
    assert TAKING.test(setting(starts=started)).result is Result.UNKNOWN
    claim: Supply = supply(before(9), kind="claim")
    assert TAKING.test(setting(starts=started, supplies=(claim,))).result is Result.UNKNOWN
    ended = therapy(weekly(15), active=False, completed=True)
    assert TAKING.test(setting(starts=started, therapies=(ended,))).result is Result.UNKNOWN
    future = therapy(weekly(15), on=TODAY + timedelta(days=1))
    assert TAKING.test(setting(starts=started, therapies=(future,))).result is Result.UNKNOWN
    assert TAKING.test(setting(starts=started, therapies=(therapy(weekly(15), on=TODAY),))).result is Result.MET


def test_a_response_is_a_remission_on_record() -> None:
    clause = RespondingClause(ref="II.A.2", says="responding", word="responding")
    remitted = replace(setting(), diagnosis=diagnosis(remission=(SEEN,)))
    assert clause.test(remitted).result is Result.MET
    assert clause.test(setting()).result is Result.UNKNOWN


@pytest.mark.parametrize(("current", "higher"), [("14.9", True), ("15", False), ("15.1", False)])
def test_an_increase_is_above_the_current_dose(current: str, higher: bool) -> None:
    found = compare(case(history=History(therapies=(therapy(weekly(current)),))), 120)
    assert (found.known, found.higher) == (True, higher)
    assert found.why == f"{current} mg a week now, 15 ordered"


def test_nothing_current_on_record_is_not_comparable() -> None:
    found = compare(case(), 120)
    assert (found.known, found.higher, found.why) == (False, False, "none is on record")


def test_a_dose_in_the_other_unit_is_compared_through_the_body_surface() -> None:
    past = History(therapies=(therapy(weekly(10, "mg/m2")),))
    assert compare(case(history=past), 120).known is False
    assert compare(case(history=past, body=surface("1.4")), 120).higher is True
    assert compare(case(history=past, body=surface("1.5")), 120).higher is False
    per_m2 = case(dose=weekly(11, "mg/m2"), history=past)
    assert compare(per_m2, 120).higher is True


def test_an_unread_dose_on_either_side_is_not_comparable() -> None:
    past = History(therapies=(therapy(weekly(15)),))
    unread = replace(weekly(15), steps=())
    assert compare(case(dose=unread, history=past), 120).known is False
    assert compare(case(history=History(therapies=(therapy(unread),))), 120).known is False
    contradicted = replace(weekly(15), contradicted=True)
    assert compare(case(dose=contradicted, history=past), 120).known is False


def test_the_newest_active_therapy_is_the_current_one() -> None:
    old, new = therapy(weekly(20), on=before(300)), therapy(weekly(10), on=before(30))
    for order in ((old, new), (new, old)):
        assert compare(case(history=History(therapies=order)), 120).higher is True
    later = therapy(weekly(10), on=TODAY + timedelta(days=1))
    assert compare(case(history=History(therapies=(therapy(weekly(20)), later))), 120).higher is False


def test_of_several_of_one_day_the_lowest_decides() -> None:
    both = (therapy(weekly(10)), therapy(weekly(20)))
    assert compare(case(history=History(therapies=both)), 120).higher is True
    assert compare(case(history=History(therapies=(*both, therapy(replace(weekly(1), steps=()))))), 120).known is False


@pytest.mark.parametrize(("days", "known"), [(120, True), (121, False)])
def test_a_completed_therapy_is_current_for_120_days(days: int, known: bool) -> None:
    done = therapy(weekly(15), on=before(days), active=False, completed=True)
    assert compare(case(history=History(therapies=(done,))), 120).known is known


def test_an_active_therapy_goes_before_a_newer_completed_one() -> None:
    active = therapy(weekly(20), on=before(300))
    done = therapy(weekly(10), on=before(10), active=False, completed=True)
    assert compare(case(history=History(therapies=(done, active))), 120).higher is False


def test_the_words_read_themselves_back() -> None:
    assert "last 120 days" in SUPPLIED.reads()
    assert "at least 30 days ago" in TAKING.reads()
    assert "in remission" in RespondingClause(ref="II.A.2", says="x", word="responding").reads()


def test_a_supply_that_counts_is_the_evidence_and_the_others_are_not() -> None:
    paid, unpaid, old = supply(before(9)), supply(before(10), covered=False), supply(before(121))
    verdict = SUPPLIED.test(setting(supplies=(paid, unpaid, old), remarks=("claims could not be had",)))
    assert verdict.result is Result.MET
    assert (verdict.evidence, verdict.remarks) == ((paid.evidence,), ("claims could not be had",))
    key = ("jylamvo", "rheumatoid-arthritis")
    approved = SUPPLIED.test(setting(supplies=(paid,), earlier_approvals=((*key, SEEN),)))
    assert approved.evidence == (paid.evidence, SEEN)


def test_supplies_that_do_not_count_are_shown_where_recent_and_said_all() -> None:
    unpaid, old = supply(before(10), covered=False), supply(before(121))
    verdict = SUPPLIED.test(setting(supplies=(unpaid, old), remarks=("claims could not be had",)))
    assert verdict.result is Result.UNKNOWN
    assert verdict.evidence == (unpaid.evidence,)
    assert verdict.remarks[0] == "claims could not be had"
    assert len(verdict.remarks) == 3


def test_taking_shows_each_start_and_what_goes_on_once() -> None:
    going = therapy(weekly(15))
    handed = supply(before(9))
    started = ((before(200), SEEN), (before(100), going.evidence), (before(29), handed.evidence))
    verdict = TAKING.test(setting(starts=started, therapies=(going,), supplies=(handed,)))
    assert verdict.evidence == (SEEN, going.evidence, handed.evidence)
    assert TAKING.test(setting(starts=started)).evidence == (SEEN, going.evidence)


def test_a_response_shows_its_remission() -> None:
    clause = RespondingClause(ref="II.A.2", says="responding", word="responding")
    remitted = replace(setting(), diagnosis=diagnosis(remission=(SEEN,)))
    assert (clause.test(remitted).evidence, clause.test(setting()).evidence) == ((SEEN,), ())


def test_a_comparison_shows_the_current_therapies() -> None:
    now = therapy(weekly(10))
    known = compare(case(history=History(therapies=(now,))), 120)
    open_ = compare(case(history=History(therapies=(now,)), dose=replace(weekly(15), contradicted=True)), 120)
    assert known.evidence == open_.evidence == (now.evidence,)
    assert (open_.higher, open_.why) == (False, "the one on record cannot be compared")


@pytest.mark.parametrize(("area", "higher"), [("1.49", True), ("1.5", False), ("1.51", False)])
def test_milligrams_now_and_per_square_metre_before_meet_in_milligrams(area: str, higher: bool) -> None:
    past = History(therapies=(therapy(weekly(10, "mg/m2")),))
    found = compare(case(dose=weekly(15), history=past, body=surface(area)), 120)
    assert (found.known, found.higher) == (True, higher)
    assert found.why == f"{say(10 * Fraction(area))} mg a week now, 15 ordered"


@pytest.mark.parametrize(("area", "higher"), [("1.49", False), ("1.5", False), ("1.51", True)])
def test_per_square_metre_now_and_milligrams_before_meet_in_milligrams(area: str, higher: bool) -> None:
    past = History(therapies=(therapy(weekly(15)),))
    found = compare(case(dose=weekly(10, "mg/m2"), history=past, body=surface(area)), 120)
    assert (found.known, found.higher) == (True, higher)
    assert found.why.startswith("15 mg a week now, ")


@pytest.mark.parametrize(("days", "higher"), [(0, True), (1, False)])
def test_a_therapy_of_the_day_itself_is_current(days: int, higher: bool) -> None:
    day = TODAY + timedelta(days=days)
    both = History(therapies=(therapy(weekly(20)), therapy(weekly(10), on=day)))
    assert compare(case(history=both), 120).higher is higher


def test_the_words_of_supply_and_response_read_themselves_back_whole() -> None:
    assert SUPPLIED.reads() == (
        "the product was dispensed, or paid for, under the coverage in force in the last 120 days, "
        "or an earlier determination of this service for it still runs"
    )
    assert RespondingClause(ref="II.A.2", says="x", word="responding").reads() == (
        "the Condition of the treated diagnosis is in remission; else only an attestation meets it"
    )


@pytest.mark.parametrize(
    ("covered", "remark"),
    [
        (False, "MedicationDispense/2026-03-01: was not under the coverage now in force"),
        (None, "MedicationDispense/2026-03-01: the coverage in force then is not known"),
    ],
)
def test_why_a_supply_does_not_count_is_said_whole(covered: Any, remark: str) -> None:
    assert SUPPLIED.test(setting(supplies=(supply(before(9), covered=covered),))).remarks == (remark,)
