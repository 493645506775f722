"""The coverage, and the row that would settle its line of business."""

import tomllib
from typing import Any

import pytest

from tests.doctor.desk import JSON, examined, note, notes, request

PLAIN: JSON = {"start": "2025-01-01"}


def covered(**change: Any) -> JSON:
    body = request(change={"coverages": [PLAIN]})
    body["prefetch"]["coverages"]["entry"][0]["resource"] |= change
    return body


def row(body: JSON) -> JSON:
    found = tomllib.loads(note(body, "line-unknown").snippet)["plan"]
    assert len(found) == 1
    return dict(found[0])


PLAN: JSON = {"type": {"coding": [{"code": "plan"}]}, "value": "27833OH0140016"}


def test_the_line_and_the_coverage_that_decides_are_told() -> None:
    found = note(request(), "line")
    assert found.at.startswith("Coverage/")
    assert found.says == "decides on 2026-03-10: line of business medicaid, state known by the home address"
    plan = note(request(change={"coverages": ["him-illinois"]}), "line").says
    assert plan == "decides on 2026-03-10: line of business him, state IL"
    homeless = note(request(change={"patient": {"address": []}}), "line").says
    assert homeless.endswith("medicaid, state not known")
    assert "Medicare" in note(request(change={"coverages": ["medicare"]}), "line-outside").says


def test_what_was_seen_in_place_of_a_line_is_told_by_codes() -> None:
    body = request(change={"coverages": [{"type": ["act:PPO"], "classes": ["group=G-1"], "start": "2025-01-01"}]})
    said = note(body, "line-unknown").says
    assert "v3-ActCode|PPO" in said
    assert "classes group" in said
    assert "G-1" not in said
    assert "no type" in note(covered(), "line-unknown").says
    assert "a Coverage.type without a code" in note(covered(type={"text": "x"}), "line-unknown").says


def test_the_row_to_paste_settles_the_line_once_it_is_filled_in() -> None:
    body = covered(payor=[{"display": 'Prairie "P" Health'}], **{"class": [PLAN]})
    assert row(body) == {"payor": 'Prairie "P" Health', "plan": "27833OH0140016", "line": "?"}
    filled = note(body, "line-unknown").snippet.replace('line = "?"', 'line = "him"')
    assert "line of business him" in note(body, "line", plans=filled).says


def test_the_row_is_refused_as_it_stands() -> None:
    snippet = note(covered(), "line-unknown").snippet
    with pytest.raises(ValueError, match="line"):
        examined(covered(), plans=snippet)


@pytest.mark.parametrize(
    "payor",
    [
        {"reference": "Patient/pat-1", "display": "Murgatroyd"},
        {"reference": "RelatedPerson/r", "display": "Murgatroyd"},
        {"type": "Patient", "display": "Murgatroyd"},
    ],
)
def test_who_pays_for_themselves_is_not_named(payor: JSON) -> None:
    assert "Murgatroyd" not in examined(covered(payor=[payor])).as_text()
    assert row(covered(payor=[payor]))["payor"] == "?"


def test_a_contained_payor_is_named() -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "Prairie Health"}
    assert row(covered(payor=[{"reference": "#o"}], contained=[organization]))["payor"] == "Prairie Health"


def test_no_coverage_is_told_with_those_that_do_not_count() -> None:
    assert "0 seen" in note(request(change={"coverages": []}), "coverage-none").says


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "cancelled"}, "its status is cancelled"),
        ({"status": "Murgatroyd"}, "its status is none of FHIR"),
        ({"status": None}, "it has no status"),
        ({"period": {"end": "2026-03-09"}}, "its period had ended"),
        ({"period": {"start": "2026-03-11"}}, "its period had not begun"),
        ({"period": {"start": "soon"}}, "its period cannot be read"),
    ],
)
def test_why_a_coverage_does_not_decide_is_told(change: JSON, said: str) -> None:
    assert said in note(covered(**change), "coverage-passed").says
    assert note(covered(**change), "coverage-none")


def test_of_two_coverages_the_other_is_told() -> None:
    body = request(change={"coverages": ["medicaid", {"type": ["product:qhp"], "start": "2025-06-01", "order": 1}]})
    assert "another goes before it" in note(body, "coverage-passed").says


def test_orders_that_no_policy_governs_ask_for_no_coverage() -> None:
    body = request(change={"medication": "lisinopril", "coverages": []})
    assert notes(body, "coverage-none") == []


def test_the_coverage_of_a_refused_request_is_told_all_the_same() -> None:
    assert note(request() | {"hookInstance": 5}, "line")
