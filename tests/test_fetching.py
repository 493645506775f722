"""What prefetch lacks is fetched from a real FHIR server, and changes no determination.

Every fixture that a server can hold is asked with its prefetch whole, without any, with each key missing in turn."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fhir_server import load, renamed, resources_of
from tests.live.hospital import (
    APPROVABLE,
    HELD,
    JSON,
    TAGS,
    WHOLE,
    Hospital,
    at,
    bare,
    determinations,
    draft,
    empty,
    nowhere,
    of,
    without,
)
from tests.test_fixtures import Fixture

pytest_plugins = ("tests.live.servers",)

# What a search for a patient never finds: another patient's. Prefetch that brought it has it named beside the rest.
NOT_FOUND = {"jylamvo-another-patients-condition-in-prefetch"}
IGNORED = ("adverseEvents", "questionnaireResponses")  # the searches in which sekmet ignores the patient
THREADS = 4


@of(HELD)
def test_a_whole_prefetch_is_answered_as_the_fixture_says(fixture: Fixture, hospital: Hospital) -> None:
    found = {d["order"]: d for d in hospital.told(hospital.chart(fixture), fixture)}
    if fixture not in WHOLE:
        return
    assert len(found) == len(fixture.determinations)
    for wanted in fixture.determinations:
        order = renamed({**fixture.request, "userId": wanted["order"]}, TAGS[fixture.name], "")["userId"]
        told = found[order]
        members = ("status", "pathway", "product", "indication", "lineOfBusiness", "missing", "unmet")
        assert {m: told[m] for m in members} == {m: wanted[m] for m in members}
        assert {row["id"]: row["result"] for row in told["criteria"]} == wanted["criteria"]


@of(HELD)
def test_without_any_prefetch_the_answer_is_the_same(fixture: Fixture, hospital: Hospital) -> None:
    request = hospital.chart(fixture)
    whole, fetched = hospital.cards(request, fixture), hospital.cards(bare(request), fixture)
    assert determinations(fetched) == determinations(whole)
    assert fetched == whole or fixture.name in NOT_FOUND


@of(HELD)
def test_with_any_key_missing_the_answer_is_the_same(fixture: Fixture, hospital: Hospital) -> None:
    request = hospital.chart(fixture)
    whole = hospital.cards(request, fixture)
    keys = list(request["prefetch"])
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda key: hospital.cards(without(request, key), fixture), keys))
    assert {k: determinations(cards) for k, cards in zip(keys, found, strict=True)} == dict.fromkeys(
        keys, determinations(whole)
    )
    assert fixture.name in NOT_FOUND or [k for k, cards in zip(keys, found, strict=True) if cards != whole] == []


@of(HELD[::2])
def test_with_the_right_token_a_secured_server_gives_the_same(fixture: Fixture, secured: Hospital) -> None:
    request = secured.chart(fixture)
    assert secured.told(bare(request), fixture) == secured.told(request, fixture)


@of(HELD[1::2])
def test_a_server_that_answers_with_absolute_references_gives_the_same(fixture: Fixture, absolute: Hospital) -> None:
    request = absolute.chart(fixture)
    assert absolute.told(bare(request), fixture) == absolute.told(request, fixture)


def test_fifty_fixtures_and_more_are_asked() -> None:
    assert len(WHOLE) >= 50
    assert sum(bool(fixture.determinations) for fixture in WHOLE) >= 50


def test_asked_all_at_once_each_answer_is_its_own_patients(hospital: Hospital) -> None:
    crowd = HELD[::2]
    requests = {fixture.name: hospital.chart(fixture) for fixture in crowd}
    with ThreadPoolExecutor(2 * THREADS) as threads:
        found = list(threads.map(lambda f: hospital.cards(bare(requests[f.name]), f), crowd))
    for fixture, cards in zip(crowd, found, strict=True):
        assert determinations(cards) == hospital.told(requests[fixture.name], fixture)
        assert others_in(cards, fixture) == []


def others_in(cards: list[JSON], fixture: Fixture) -> list[str]:
    """The names of other fixtures' resources that an answer holds."""
    said = json.dumps(cards)
    return [tag for name, tag in TAGS.items() if name != fixture.name and f"/{tag}-" in said]


CONCERNED = [f for f in HELD if any(resources_of(f.request["prefetch"].get(key)) for key in IGNORED)]


@pytest.fixture(scope="module")
def mixed(lenient: Hospital) -> dict[str, JSON]:
    """The requests about charts that stand side by side on a server that does not ask whose resources are searched."""
    return {fixture.name: lenient.chart(fixture) for fixture in CONCERNED}


@of(CONCERNED)
def test_a_server_that_ignores_whose_resources_are_asked_for_changes_no_determination(
    fixture: Fixture, mixed: dict[str, JSON], lenient: Hospital
) -> None:
    assert lenient.told(bare(mixed[fixture.name]), fixture) == lenient.told(mixed[fixture.name], fixture)


@of(CONCERNED)
def test_other_patients_resources_that_a_server_sends_along_are_not_named(
    fixture: Fixture, mixed: dict[str, JSON], lenient: Hospital
) -> None:
    assert others_in(lenient.cards(bare(mixed[fixture.name]), fixture), fixture) == []


# Clients' ways


def test_a_list_under_a_key_of_the_clients_own_is_made_whole_from_the_server(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    prefetch = request["prefetch"]
    prefetch["problems"] = prefetch.pop("conditions")
    assert hospital.told(request) == whole
    prefetch["problems"]["entry"] = prefetch["problems"]["entry"][:1]
    assert hospital.told(request) == whole


def test_a_patient_id_that_is_a_reference_is_asked_for_as_an_id(hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    whole = hospital.told(request)
    request["context"]["patientId"] = f"Patient/{request['context']['patientId']}"
    assert hospital.told(bare(request)) == whole


def test_a_server_named_with_a_slash_at_its_end_is_the_same_server(absolute: Hospital) -> None:
    request = absolute.chart(APPROVABLE)
    whole = absolute.told(request)
    assert absolute.told(bare(at(request, f"{absolute.server.base}/"))) == whole


@pytest.mark.parametrize("status", ["draft", "active"])
def test_an_order_that_stands_on_the_server_too_is_no_history_of_itself(status: str, hospital: Hospital) -> None:
    request = load(hospital.server, APPROVABLE.request, f"drafted-{status}")
    whole = hospital.told(request)
    hospital.server.put({**draft(request), "status": status})
    assert hospital.told(bare(request)) == whole


@pytest.mark.parametrize("nothing", [None, empty()], ids=["null", "an empty list"])
def test_a_list_that_the_ehr_says_is_empty_is_not_asked_for_again(nothing: JSON | None, hospital: Hospital) -> None:
    request = hospital.chart(APPROVABLE)
    request["prefetch"]["coverages"] = nothing
    there = hospital.told(request)
    assert [d["lineOfBusiness"] for d in there] == [None]
    assert there == hospital.told(at(request, nowhere()))
