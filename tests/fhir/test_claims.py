"""Claims for a product, and whether they were paid under the Coverage chosen."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from service.case import Supply
from service.fhir.claims import Claims, read_claims, settle
from service.fhir.coverage import choose_coverage
from service.fhir.elements import span
from tests.fhir.anything import resources
from tests.fhir.members import coverage
from tests.fhir.synthetic import JSON, ON, chart_of

XATMEP = {"text": "Xatmep"}


def named(concept: JSON, reference: str, path: str) -> bool:
    assert reference
    assert path.endswith(".item.productOrService")
    return concept.get("text") == "Xatmep"


def bill(kind: str, identity: str, **more: Any) -> JSON:
    item = {"sequence": 1, "productOrService": XATMEP, "servicedDate": "2026-02-10"}
    insurance = [{"focal": True, "coverage": {"reference": "Coverage/c"}}]
    held = {"use": "claim", "status": "active", "item": [item], "insurance": insurance}
    return {"resourceType": kind, "id": identity, **held, **more}


def eob(**more: Any) -> JSON:
    return bill("ExplanationOfBenefit", "e", **{"outcome": "complete", **more})


def answer(**more: Any) -> JSON:
    held = {"use": "claim", "status": "active", "outcome": "complete", "request": {"reference": "Claim/b"}}
    return {"resourceType": "ClaimResponse", "id": "r", **held, **more}


def serviced(**when: Any) -> JSON:
    return eob(item=[{"productOrService": XATMEP, **when}])


def read(*listed: JSON, covered_by: bool = True) -> Claims:
    chart = chart_of(coverage(), coverage("other", start="2020-01-01"), *listed)
    chosen = choose_coverage(chart, ON)[0] if covered_by else None
    return read_claims(chart, on=ON, coverage=chosen, recognises=named)


def supply(*listed: JSON, covered_by: bool = True) -> Supply | None:
    found = read(*listed, covered_by=covered_by).supplies
    return found[0] if found else None


def test_a_paid_explanation_of_benefit_is_a_supply_and_a_sign() -> None:
    found = read(eob())
    assert [(s.kind, s.on, s.covered) for s in found.supplies] == [("claim", date(2026, 2, 10), True)]
    assert found.signs == (found.supplies[0].evidence,)
    assert found.signs[0].as_contract() == {
        "reference": "ExplanationOfBenefit/e",
        "path": "ExplanationOfBenefit.item.productOrService",
        "text": "Paid claim for Xatmep",
        "date": "2026-02-10",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"use": "preauthorization"},
        {"use": "predetermination"},
        {"use": None},
        {"status": "cancelled"},
        {"status": "draft"},
        {"status": None},
        {"item": [{"productOrService": {"text": "Lisinopril"}, "servicedDate": "2026-02-10"}]},
        {"item": None},
    ],
)
def test_what_is_no_claim_for_the_product_is_neither_sign_nor_supply(more: JSON) -> None:
    assert read(eob(**more)) == read(bill("Claim", "b", **more)) == Claims((), (), ())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"outcome": "partial"}, "is not paid: its outcome is partial"),
        ({"outcome": "error"}, "is not paid: its outcome is error"),
        ({"outcome": None}, "is not paid: its outcome is not on record"),
        ({"disposition": "Claim denied"}, "names a denial, and is not known to be paid"),
    ],
)
def test_a_claim_that_was_not_paid_is_a_sign_only(more: JSON, why: str) -> None:
    found = read(eob(**more))
    assert (found.supplies, found.remarks) == ((), (f"ExplanationOfBenefit/e {why}",))
    assert [sign.text for sign in found.signs] == ["Claim for Xatmep"]


def test_an_item_that_was_denied_was_not_paid_whatever_its_neighbours() -> None:
    denial = [{"category": {"coding": [{"code": "denialreason"}]}}]
    item = {"sequence": 1, "productOrService": XATMEP, "servicedDate": "2026-02-10"}
    other = {"sequence": 2, "productOrService": {"text": "Lisinopril"}}
    assert supply(eob(item=[{**item, "adjudication": denial}, other])) is None
    assert supply(eob(item=[item, {**other, "adjudication": denial}])) is not None
    answers = [{"itemSequence": 1, "adjudication": denial}, {"itemSequence": 2}]
    assert supply(bill("Claim", "b"), answer(item=answers)) is None
    assert supply(bill("Claim", "b"), answer(item=answers[1:])) is not None


def test_a_claim_response_counts_through_the_claim_it_answers() -> None:
    found = read(bill("Claim", "b"), answer())
    assert [(s.on, s.covered, s.evidence.reference) for s in found.supplies] == [
        (date(2026, 2, 10), True, "ClaimResponse/r")
    ]
    assert (found.supplies[0].evidence.path, found.remarks) == ("ClaimResponse.request", ())


@pytest.mark.parametrize("more", [{"request": None}, {"request": {"reference": "Claim/z"}}])
def test_a_claim_response_without_its_claim_does_not_count(more: JSON) -> None:
    found = read(answer(**more))
    remark = "ClaimResponse/r answers a claim that could not be had, and does not count"
    assert found == Claims((), (), (remark,))
    several = read(answer(**more), answer(id="s", **more))
    assert several.remarks == (remark.replace("/r", "/r (and 1 more)"),)


def test_a_claim_that_counts_for_nothing_is_not_paid_by_its_answer() -> None:
    assert read(bill("Claim", "b", status="cancelled"), answer()) == Claims((), (), ())
    assert read(bill("Claim", "b"), answer(status="cancelled")).supplies == ()


def test_a_claim_without_an_answer_is_a_sign_only() -> None:
    found = read(bill("Claim", "b"))
    assert (len(found.signs), found.supplies) == (1, ())
    assert found.remarks == ("Claim/b has no answer on record",)


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ({"servicedDate": "2026-02-10"}, date(2026, 2, 10)),
        ({"servicedPeriod": {"start": "2026-02-01", "end": "2026-02-28"}}, date(2026, 2, 1)),
        ({"servicedDate": "2026-01"}, date(2026, 1, 1)),
        ({"servicedDate": "2026-04-01"}, date(2026, 4, 1)),
        ({"servicedDate": "2026-03"}, date(2026, 3, 31)),
    ],
)
def test_a_claim_counts_by_its_serviced_date(when: JSON, day: date) -> None:
    found = supply(serviced(**when))
    assert found
    assert found.on == day


@pytest.mark.parametrize("when", [{}, {"servicedDate": "soon"}, {"servicedPeriod": {"end": "2026-02-28"}}])
def test_a_claim_without_a_serviced_date_is_a_sign_only(when: JSON) -> None:
    found = read(serviced(**when))
    assert (len(found.signs), found.supplies) == (1, ())
    assert found.remarks == ("ExplanationOfBenefit/e has no serviced date",)


@pytest.mark.parametrize(
    ("days", "day"),
    [("2026-02", date(2026, 2, 1)), ("2026-03", date(2026, 3, 31)), ("2026-03-10", ON), ("2026", date(2026, 12, 31))],
)
def test_a_partial_date_lies_in_a_window_only_where_all_its_days_do(days: str, day: date) -> None:
    found = span(days)
    assert found
    assert settle(found, ON) == day


FOCAL = {"focal": True, "coverage": {"reference": "Coverage/c"}}
OTHER = {"focal": True, "coverage": {"reference": "Coverage/other"}}


@pytest.mark.parametrize(
    ("insurance", "covered"),
    [
        ([FOCAL], True),
        ([{"coverage": {"reference": "https://ehr.example.org/fhir/Coverage/c"}}], True),
        ([{**FOCAL, "focal": False}], True),
        ([{**FOCAL, "focal": False}, OTHER], False),
        ([FOCAL, {**OTHER, "focal": False}], True),
        ([FOCAL, OTHER], True),
        ([OTHER], False),
        ([{"coverage": {"reference": "Coverage/gone"}}], None),
        ([{"coverage": {"reference": "#c"}}], None),
        ([{"coverage": {"display": "Health plan"}}], None),
        ([], None),
    ],
)
def test_a_claim_is_covered_where_its_insurance_is_the_coverage_chosen(
    insurance: list[JSON], covered: bool | None
) -> None:
    found = supply(eob(insurance=insurance, contained=[coverage()]))
    assert found
    assert found.covered is covered


def test_without_a_coverage_it_is_not_known_what_covered_a_claim() -> None:
    found = supply(eob(), covered_by=False)
    assert found
    assert found.covered is None


MEMBERS = (
    "id status use outcome disposition item sequence itemSequence productOrService servicedDate servicedPeriod start "
    "insurance focal coverage request reference adjudication category coding code text"
)
WORDS = "active claim complete Xatmep 2026-02-10 2026 Coverage/c Claim/b denied #a"


@given(resources("ExplanationOfBenefit", MEMBERS, WORDS), resources("Claim", MEMBERS, WORDS))
def test_any_json_never_raises(benefit: JSON, claim: JSON) -> None:
    sure = {"status": "active", "use": "claim"}
    claimed = {**claim, **sure, "id": "b"}
    found = read({**benefit, **sure}, claimed, answer(item=benefit.get("item"), outcome=benefit.get("outcome")))
    assert all(sign.path for sign in found.signs)
