"""What a decision is: Kleene logic over five results, and the members of the contract."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from service.determination import (
    Alert,
    Approval,
    Determination,
    Evidence,
    Finding,
    PolicyId,
    Referral,
    Result,
    Status,
    all_of,
    any_of,
)

MET, NOT_MET, UNKNOWN = Result.MET, Result.NOT_MET, Result.UNKNOWN
WAIVED, LEFT_OUT = Result.WAIVED, Result.NOT_APPLICABLE
SEEN = Evidence("Condition/x", "Condition.code", "seen", "2026-01-01")


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (MET, MET, MET, MET),
        (MET, UNKNOWN, UNKNOWN, MET),
        (MET, NOT_MET, NOT_MET, MET),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, NOT_MET, NOT_MET, UNKNOWN),
        (NOT_MET, NOT_MET, NOT_MET, NOT_MET),
        (WAIVED, WAIVED, MET, MET),
        (WAIVED, UNKNOWN, UNKNOWN, MET),
        (WAIVED, NOT_MET, NOT_MET, MET),
        (LEFT_OUT, MET, MET, MET),
        (LEFT_OUT, NOT_MET, NOT_MET, NOT_MET),
        (LEFT_OUT, UNKNOWN, UNKNOWN, UNKNOWN),
        (LEFT_OUT, WAIVED, MET, MET),
        (LEFT_OUT, LEFT_OUT, LEFT_OUT, LEFT_OUT),
    ],
)
def test_two_results_are_joined_by_kleene_logic_in_either_order(
    one: Result, other: Result, both: Result, either: Result
) -> None:
    assert all_of([one, other]) is all_of([other, one]) is both
    assert any_of([one, other]) is any_of([other, one]) is either


def test_nothing_to_join_is_not_applicable() -> None:
    assert all_of([]) is any_of([]) is LEFT_OUT


def test_groups_of_three_are_as_groups_of_groups() -> None:
    for one, two, three in product(Result, repeat=3):
        assert all_of([one, two, three]) is all_of([all_of([one, two]), three])
        assert any_of([one, two, three]) is any_of([any_of([one, two]), three])


def test_evidence_without_a_date_has_no_member_for_it() -> None:
    assert SEEN.as_contract() == {
        "reference": "Condition/x",
        "path": "Condition.code",
        "text": "seen",
        "date": "2026-01-01",
    }
    assert "date" not in replace(SEEN, date=None).as_contract()


@pytest.mark.parametrize("result", list(Result))
def test_only_an_unknown_finding_says_what_is_missing(result: Result) -> None:
    told = Finding("I.A.1", result, (SEEN,), "reads", "a note", "a remedy", ("a remark",)).as_contract()
    missing = {"missing": "a note"} if result is UNKNOWN else {}
    assert told == {"id": "I.A.1", "result": result.value, "evidence": [SEEN.as_contract()], **missing}
    assert "missing" not in Finding("I.A.1", UNKNOWN).as_contract()


def decided() -> Determination:
    return Determination(
        order="MedicationRequest/order-1",
        policy=PolicyId("P.1", "2025-11", "a title"),
        evaluated_on=date(2026, 3, 10),
        product="otrexup",
        indication="psoriasis",
        line="him",
        status=Status.NOT_MET,
        pathway="I.B",
        findings=(Finding("I.B.1", MET),),
        missing=("I.B.2",),
        unmet=("I.B.3", "I.B.4"),
        referral=Referral("why", {"him": ("P.2", "P.3")}),
        safety=(Alert("pregnancy", "critical", (SEEN,), "says"),),
    )


def test_a_determination_has_the_contracts_members_and_no_others() -> None:
    assert decided().as_contract() == {
        "order": "MedicationRequest/order-1",
        "policy": {"id": "P.1", "version": "2025-11"},
        "evaluatedOn": "2026-03-10",
        "product": "otrexup",
        "indication": "psoriasis",
        "lineOfBusiness": "him",
        "status": "not-met",
        "pathway": "I.B",
        "criteria": [{"id": "I.B.1", "result": "met", "evidence": []}],
        "missing": ["I.B.2"],
        "unmet": ["I.B.3", "I.B.4"],
        "approval": None,
        "referral": {"reason": "why", "policies": {"him": ["P.2", "P.3"]}},
        "safety": [{"code": "pregnancy", "severity": "critical", "evidence": [SEEN.as_contract()]}],
        "nearest": [],
    }
    assert replace(decided(), referral=None).as_contract()["referral"] is None


def test_an_approval_is_told_once_or_by_line_of_business() -> None:
    run = Approval(None, date(2026, 3, 10), date(2026, 9, 30), "to the renewal date")
    told = {"months": None, "start": "2026-03-10", "end": "2026-09-30", "basis": "to the renewal date"}
    assert replace(decided(), approval=run).as_contract()["approval"] == told
    by_line = replace(decided(), approval={"him": run, "medicaid": replace(run, months=6)}).as_contract()["approval"]
    assert by_line == {"byLineOfBusiness": {"him": told, "medicaid": {**told, "months": 6}}}
