"""What came back for a question: three answers, kept apart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.case import CouldNotAsk, Had, NothingThere
from service.fhir.answers import entries_of, read_answer, unreadable_in, worst

CONDITION = {"resourceType": "Condition", "id": "c"}
PARTIAL = Had(complete=False, why="further pages could not be read")


def outcome(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


def bundle(*resources: Any, **members: Any) -> dict[str, Any]:
    entries = [{"fullUrl": "https://ehr.example.org/fhir/x", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"resourceType": "Bundle"},
        bundle(),
        bundle(total=0),
        bundle(outcome("information")),
        bundle(outcome("warning"), total=0),
    ],
)
def test_nothing_is_there(value: Any) -> None:
    assert read_answer(value).answer == NothingThere()
    assert read_answer(value).entries == ()


@pytest.mark.parametrize(
    "value",
    [
        outcome("information"),
        outcome("error"),
        bundle(outcome("error")),
        bundle(outcome("fatal")),
        bundle(outcome("warning"), outcome("fatal")),
        bundle(total=3),
        bundle(link=[{"relation": "next", "url": "x"}]),
        "<html>",
        7,
        True,
        {},
        {"resourceType": 7},
        ["x"],
        {"resourceType": "Bundle", "entry": ["x"]},
        {"resourceType": "Bundle", "entry": [{"resource": "x"}]},
    ],
)
def test_it_could_not_be_asked(value: Any) -> None:
    assert isinstance(read_answer(value).answer, CouldNotAsk)


@pytest.mark.parametrize(
    "value",
    [
        CONDITION,
        [CONDITION],
        [{"resource": CONDITION}],
        bundle(CONDITION),
        bundle(CONDITION, total=1),
        bundle(CONDITION, outcome("warning"), total=1),
        {"resourceType": "Bundle", "entry": {"resource": CONDITION}},
        [bundle(CONDITION)],
    ],
)
def test_it_was_had_in_whatever_form(value: Any) -> None:
    found = read_answer(value)
    assert found.answer == Had(complete=True)
    assert [e.resource for e in found.entries] == [CONDITION]


@pytest.mark.parametrize(
    "value",
    [
        bundle(CONDITION, link=[{"relation": "self"}, {"relation": "next", "url": "x"}]),
        bundle(CONDITION, total=2),
        [bundle(CONDITION, total=2), CONDITION],
    ],
)
def test_a_page_of_more_is_not_whole(value: Any) -> None:
    assert read_answer(value).answer == PARTIAL


def test_an_included_resource_is_no_match() -> None:
    value = bundle(CONDITION, total=1)
    value["entry"].append({"resource": {"resourceType": "Medication"}, "search": {"mode": "include"}})
    assert read_answer(value).answer == Had(complete=True)
    value["total"] = 2
    assert read_answer(value).answer == PARTIAL


@pytest.mark.parametrize(
    "members", [{"total": 9, "type": "collection"}, {"total": "1"}, {"link": {"relation": " Next"}}]
)
def test_whatever_says_that_there_is_more_makes_it_not_whole(members: Any) -> None:
    assert read_answer(bundle(CONDITION, **members)).answer == PARTIAL


def test_a_bundle_in_a_bundle_is_read() -> None:
    found = read_answer(bundle(bundle(CONDITION)))
    assert (found.answer, [e.resource for e in found.entries]) == (Had(), [CONDITION])
    assert read_answer(bundle(bundle(CONDITION, total=2), CONDITION)).answer == PARTIAL
    assert isinstance(read_answer(bundle(bundle(outcome("error")), CONDITION)).answer, CouldNotAsk)


def test_a_resource_that_stands_as_the_entry_itself_is_read() -> None:
    assert [e.resource for e in entries_of({"entry": [CONDITION]})] == [CONDITION]


def test_entries_without_a_resource_are_counted() -> None:
    assert (
        unreadable_in({"entry": ["x", {}, {"resource": []}, {"resource": {"id": "x"}}, {"resource": CONDITION}]}) == 4
    )
    assert [unreadable_in(value) for value in ({}, {"entry": "x"}, {"entry": {"resource": CONDITION}}, "x")] == [
        0,
        1,
        0,
        0,
    ]


def test_what_came_beside_an_error_is_kept() -> None:
    found = read_answer(bundle(CONDITION, outcome("error")))
    assert isinstance(found.answer, CouldNotAsk)
    assert [e.resource for e in found.entries] == [CONDITION]
    listed = read_answer([CONDITION, outcome("error")])
    assert isinstance(listed.answer, CouldNotAsk)
    assert [e.resource for e in listed.entries] == [CONDITION]


def test_an_entry_keeps_its_url() -> None:
    found = list(entries_of(bundle(CONDITION)))
    assert found[0].url == "https://ehr.example.org/fhir/x"
    assert list(entries_of({"entry": [{"resource": {"id": "untyped"}}, "x", {}]})) == []


def test_the_worst_of_several_answers_is_told() -> None:
    lost, part, had, none = CouldNotAsk("down"), Had(complete=False, why="late"), Had(), NothingThere()
    assert worst([had, part, lost]) == lost
    assert worst([had, part, none]) == part
    assert worst([none, had]) == had
    assert worst([none]) == none
    assert worst([]) == none


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "issue", "severity", "total", "link", "search"])
            | st.text(max_size=4),
            inner | st.sampled_from(["Bundle", "OperationOutcome", "error", "searchset"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_raises(value: Any) -> None:
    found = read_answer(value)
    assert isinstance(found.answer, Had | NothingThere | CouldNotAsk)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (outcome("warning"), "the EHR answered with an error"),
        (bundle(outcome("error")), "the EHR answered with an error"),
        ("<html>", "what the EHR sent is no FHIR resource"),
        ({"resourceType": "Bundle", "entry": "x"}, "entries of the EHR's answer could not be read"),
        ({"resourceType": "Bundle", "entry": {"fullUrl": "x"}}, "entries of the EHR's answer could not be read"),
        (bundle(total=1), "the EHR's answer is not whole"),
        (bundle(link=[{"relation": "next", "url": "x"}]), "the EHR's answer is not whole"),
    ],
)
def test_why_it_could_not_be_asked_is_said(value: Any, why: str) -> None:
    assert read_answer(value).answer == CouldNotAsk(why)


@pytest.mark.parametrize("fault", [outcome("error"), "x"])
def test_what_came_beside_a_fault_is_kept(fault: Any) -> None:
    found = read_answer(bundle(CONDITION, fault))
    assert isinstance(found.answer, CouldNotAsk)
    assert [entry.resource for entry in found.entries] == [CONDITION]


@pytest.mark.parametrize(("mode", "complete"), [("match", True), (None, True), ("include", False), ("outcome", False)])
def test_only_matches_count_towards_the_total(mode: str | None, complete: bool) -> None:
    listed = bundle(CONDITION, {"resourceType": "Patient", "id": "p"}, total=2)
    if mode:
        listed["entry"][1]["search"] = {"mode": mode}
    listed["entry"][0]["search"] = {"mode": "match"}
    assert read_answer(listed).answer == (Had() if complete else PARTIAL)
