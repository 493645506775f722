"""What cannot be had from the FHIR server: refused, or nobody there. It is named with why, and makes nothing surer."""

from collections.abc import Iterator

import pytest

from service.hooks.discovery import KEYS
from tests.fhir_server import FhirServer, renamed, resources_of
from tests.live.hospital import (
    APPROVABLE,
    HELD,
    JSON,
    NAMED,
    TAGS,
    Hospital,
    at,
    bare,
    details,
    determinations,
    nowhere,
    of,
    only,
    without,
)
from tests.test_fixtures import Fixture

pytest_plugins = ("tests.live.servers",)


def tokens(server: FhirServer) -> dict[str, str | None]:
    return {"none": None, "wrong": "wrong", "ran out": server.issue()}


def with_token(request: JSON, token: str | None) -> JSON:
    asked = {key: value for key, value in request.items() if key != "fhirAuthorization"}
    return (
        asked
        if token is None
        else {**asked, "fhirAuthorization": {**request["fhirAuthorization"], "access_token": token}}
    )


@pytest.mark.parametrize("which", ["none", "wrong", "ran out"])
def test_where_the_server_refuses_the_patient_the_precondition_fails(which: str, secured: Hospital) -> None:
    token = tokens(secured.server)[which]
    response = secured.ask(with_token(bare(secured.chart(APPROVABLE)), token))
    assert response.status_code == 412
    assert response.get_json()["issue"][0]["expression"] == ["prefetch.patient"]
    assert token is None or token not in response.text


@pytest.mark.parametrize("which", ["none", "wrong", "ran out"])
def test_where_the_server_refuses_the_rest_every_list_is_named_with_why(which: str, secured: Hospital) -> None:
    request = with_token(only(secured.chart(APPROVABLE), "patient"), tokens(secured.server)[which])
    cards = secured.cards(request)
    assert [d["status"] for d in determinations(cards)] == ["documentation-needed"]
    said = details(cards)
    unread = said.split("Could not be read", 1)[1]
    assert [kind for kind in KEYS if kind != "Patient" and f"{kind}: " not in unread] == []
    named = [line for line in unread.splitlines() if line.startswith("- ") and "(401)" in line]
    assert len(named) >= len(KEYS) - 1


def test_where_no_server_answers_the_precondition_fails(office: Hospital) -> None:
    response = office.ask(bare(at(APPROVABLE.request, nowhere())))
    assert response.status_code == 412
    assert response.get_json()["issue"][0]["expression"] == ["prefetch.patient"]


@pytest.mark.parametrize("key", [key for key in KEYS.values() if key != "patient"])
def test_where_no_server_answers_the_missing_list_is_named_and_nothing_is_refused_for_it(
    key: str, office: Hospital
) -> None:
    kind = next(kind for kind, name in KEYS.items() if name == key)
    whole = office.told(APPROVABLE.request)
    cards = office.cards(without(at(APPROVABLE.request, nowhere()), key))
    assert f"{kind}: " in details(cards).split("Could not be read", 1)[1]
    results = {row["id"]: row["result"] for d in determinations(cards) for row in d["criteria"]}
    assert "not-met" not in results.values()
    changed = [
        row["id"] for d in whole for row in d["criteria"] if results.get(row["id"], row["result"]) != row["result"]
    ]
    assert {results[name] for name in changed} <= {"unknown", "not-applicable"}


@of(HELD)
def test_a_list_that_no_server_gives_makes_nothing_surer_and_is_named_where_it_counts(
    fixture: Fixture, office: Hospital
) -> None:
    base = nowhere()
    request = {**renamed(fixture.request, TAGS[fixture.name], base), "fhirServer": base}
    whole = office.cards(request, fixture)
    for kind, key in KEYS.items():
        if kind != "Patient" and resources_of(request["prefetch"].get(key)):
            cards = office.cards(without(request, key), fixture)
            assert cards == whole or f"{kind}: " in details(cards), key
            assert surer(determinations(whole), determinations(cards)) == [], key


def surer(whole: list[JSON], found: list[JSON]) -> list[str]:
    """What determinations without a list say more surely than those with it. There may be more of them: of a member
    whose coverage is not known, it is not known that no policy covers them."""
    said = {d["order"]: d for d in found}
    assert set(said) >= {d["order"] for d in whole}
    return [problem for d in whole for problem in _surer(d, said[d["order"]])]


def _surer(whole: JSON, found: JSON) -> Iterator[str]:
    if found["status"] not in (whole["status"], "documentation-needed"):
        yield f"{whole['status']} became {found['status']}"
    results = {row["id"]: row["result"] for row in found["criteria"]}
    for row in whole["criteria"] if found["pathway"] == whole["pathway"] else []:
        # A leaf that applied to nothing known (no dose was raised) may apply once that is not known.
        if results[row["id"]] not in (row["result"], "unknown") and row["result"] != "not-applicable":
            yield f"{row['id']}: {row['result']} became {results[row['id']]}"


def test_a_daily_order_is_alarmed_on_though_no_server_answers(office: Hospital) -> None:
    fixture = NAMED["otrexup-ordered-daily"]
    cards = office.cards(bare(at(fixture.request, nowhere())), fixture)
    assert "daily-dosing" in {
        card["extension"]["safety"]["code"] for card in cards if "safety" in card.get("extension", {})
    }
    assert "could not be evaluated" in details(cards)
