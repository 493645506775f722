"""The state of a plan, or of the patient's home."""

import pytest

from service.case import Membership
from tests.fhir.members import PATIENT, classed, coverage, group, member
from tests.fhir.synthetic import JSON


def at_home(*addresses: JSON) -> Membership:
    return member(coverage(), patient={**PATIENT, "address": list(addresses)})


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("27833IL0140016", "IL"),
        ("27833il0140016", "IL"),
        ("27833IL0140016-01", "IL"),
        ("27833IL0140016001", "IL"),
        ("27833IL014001", None),
        ("27833IL01400166", None),
        ("27833XX0140016", None),
        ("2783AIL0140016", None),
        ("50001", None),
    ],
)
def test_a_hios_plan_id_carries_the_plans_state(value: str, state: str | None) -> None:
    assert member(classed(group("plan", value))).state == state
    assert member(classed(group("group", value))).state is None


def test_the_plans_state_goes_before_the_home_and_the_table_before_both() -> None:
    lives = {**PATIENT, "address": [{"use": "home", "state": "OH"}]}
    plan = classed(group("plan", "27833IL0140016"))
    table = '[[plan]]\npayor = "Health plan"\nstate = "WI"\n'
    assert member(plan, patient=lives).state == "IL"
    assert member(plan, patient=lives, plans=table).state == "WI"


def test_plan_ids_of_two_states_leave_it_unknown() -> None:
    lives = {**PATIENT, "address": [{"use": "home", "state": "IL"}]}
    found = member(classed(group("plan", "27833IL0140016"), group("plan", "27833WI0140016")), patient=lives)
    assert found.state is None
    assert "Coverage/c has plan ids of IL and WI: the plan's state is not known" in found.remarks


@pytest.mark.parametrize("state", ["IL", "il", "Illinois", " illinois ", "US-IL", "us-il"])
def test_a_home_address_tells_the_state_flagged_as_such(state: str) -> None:
    found = at_home({"use": "home", "state": state})
    assert found.state == "IL"
    assert found.state_evidence[0].as_contract() == {
        "reference": "Patient/pat-1",
        "path": "Patient.address.state",
        "text": "IL, by the patient's home address: the plan's own state is not on record",
    }


@pytest.mark.parametrize(
    "address",
    [
        {"use": "old", "state": "IL"},
        {"use": "temp", "state": "IL"},
        {"use": "billing", "state": "IL"},
        {"use": "work", "state": "IL"},
        {"type": "postal", "state": "IL"},
        {"use": "home", "state": "IL", "period": {"end": "2026-03-09"}},
        {"use": "home", "state": "IL", "period": {"start": "2026-03-11"}},
        {"use": "home", "state": "IL", "period": {"end": "long ago"}},
        {"use": "home", "state": "IL", "country": "CA"},
        {"use": "home", "state": "Ill"},
        {"use": "home", "state": "XX"},
        {"use": "home"},
    ],
)
def test_an_address_that_is_not_the_current_home_tells_no_state(address: JSON) -> None:
    assert at_home(address).state is None


@pytest.mark.parametrize(
    "address",
    [
        {"state": "IL"},
        {"use": "Home", "state": "IL"},
        {"use": "home", "state": "IL", "period": {"start": "2026-03-10", "end": "2026-03-10"}},
        {"use": "home", "type": "postal", "state": "IL", "country": "USA"},
        {"state": "Illinois", "country": "United States"},
    ],
)
def test_a_current_home_tells_it(address: JSON) -> None:
    assert at_home(address).state == "IL"


def test_homes_of_two_states_leave_it_unknown_and_a_home_goes_before_no_use() -> None:
    found = at_home({"use": "home", "state": "IL"}, {"use": "home", "state": "OH"})
    assert (found.state, found.remarks[-1]) == (None, "The home address does not tell one state (IL and OH)")
    assert at_home({"state": "OH"}, {"use": "home", "state": "IL"}).state == "IL"
