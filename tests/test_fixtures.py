"""Every situation of `fhir_fixtures`, posted whole, and its answer compared member by member."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

JSON = dict[str, Any]
FIXTURES = Path(__file__).parent.parent / "fhir_fixtures"
INDICATORS = {"approvable": "info", "refer": "info", "documentation-needed": "warning", "not-met": "warning"}
ALERTS = {
    "daily-dosing",
    "pregnancy",
    "hypersensitivity",
    "liver-disease",
    "alcoholism",
    "immunodeficiency",
    "blood-dyscrasia",
    "strength-unavailable",
}


@dataclass(frozen=True)
class Fixture:
    """One folder: a request, what must be answered, and the operator's table where there is one."""

    name: str
    request: JSON
    expected: JSON
    plans: str | None

    @property
    def determinations(self) -> list[JSON]:
        return list(self.expected.get("determinations", []))


def _load(folder: Path) -> Fixture:
    request, expected = (
        json.loads((folder / f"{n}.json").read_text(encoding="utf-8")) for n in ("request", "expected")
    )
    plans = folder / "plans.toml"
    return Fixture(folder.name, request, expected, plans.read_text(encoding="utf-8") if plans.exists() else None)


ALL = [_load(folder) for folder in sorted(FIXTURES.iterdir()) if folder.is_dir()]
ANSWERED = [fixture for fixture in ALL if fixture.expected["status"] == 200]


@pytest.fixture
def post(ask: Callable[..., Any]) -> Callable[[Fixture], Any]:
    """Post a fixture to the service of its hook, on its day."""

    def _post(fixture: Fixture) -> Any:
        hook = fixture.request["hook"]
        today = fixture.expected["today"]
        return ask(fixture.request, today=today, service=f"prior-auth-{hook}", plans=fixture.plans)

    return _post


def _cards(response: Any, member: str) -> list[JSON]:
    return [card for card in response.get_json()["cards"] if member in card.get("extension", {})]


def _told(determination: JSON) -> JSON:
    """A determination as `expected.json` tells it."""
    told = {key: determination[key] for key in ("order", "policy", "evaluatedOn", "product", "indication")}
    told |= {key: determination[key] for key in ("lineOfBusiness", "status", "pathway", "missing", "unmet")}
    told["criteria"] = {row["id"]: row["result"] for row in determination["criteria"]}
    told["approval"] = _terms(determination["approval"])
    told["referral"] = determination["referral"] and determination["referral"]["policies"]
    told["safety"] = {alert["code"]: alert["severity"] for alert in determination["safety"]}
    return told


def _terms(approval: JSON | None) -> JSON | None:
    if approval is None:
        return None
    if lines := approval.get("byLineOfBusiness"):
        return {"byLineOfBusiness": {line: _terms(terms) for line, terms in lines.items()}}
    return {key: value for key, value in approval.items() if key != "basis"}


def _alert(card: JSON) -> tuple[str, str, str]:
    safety = card["extension"]["safety"]
    return safety["order"], safety["code"], safety["severity"]


@pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)
def test_a_situation_is_answered_as_expected(fixture: Fixture, post: Callable[[Fixture], Any]) -> None:
    response = post(fixture)
    assert response.status_code == fixture.expected["status"], response.get_json()
    if fixture.expected["status"] != 200:
        assert response.get_json()["resourceType"] == "OperationOutcome"
        assert response.get_json()["issue"][0]["expression"] == fixture.expected["expression"]
        return
    told = [_told(card["extension"]["determination"]) for card in _cards(response, "determination")]
    assert sorted(told, key=lambda d: d["order"]) == sorted(fixture.determinations, key=lambda d: d["order"])
    governed = {determination["order"] for determination in told}
    alone = sorted(alert for card in _cards(response, "safety") if (alert := _alert(card))[0] not in governed)
    assert alone == sorted((alert["order"], alert["code"], alert["severity"]) for alert in fixture.expected["safety"])


@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda fixture: fixture.name)
def test_leaves_are_listed_in_the_policys_order(fixture: Fixture, post: Callable[[Fixture], Any]) -> None:
    wanted = {d["order"]: list(d["criteria"]) for d in fixture.determinations}
    found = (card["extension"]["determination"] for card in _cards(post(fixture), "determination"))
    assert {d["order"]: [row["id"] for row in d["criteria"]] for d in found} == wanted


@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda fixture: fixture.name)
def test_cards_are_one_for_each_governed_order_and_one_for_each_alert(
    fixture: Fixture, post: Callable[[Fixture], Any]
) -> None:
    response = post(fixture)
    cards = response.get_json()["cards"]
    alerts = [alert["code"] for alert in fixture.expected["safety"]]
    alerts += [code for determination in fixture.determinations for code in determination["safety"]]
    assert sorted(_alert(card)[1] for card in _cards(response, "safety")) == sorted(alerts)
    assert len(cards) == len(fixture.determinations) + len(alerts)
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert card["source"]["label"]
        assert card["uuid"]
    for card in _cards(response, "determination"):
        assert card["indicator"] == INDICATORS[card["extension"]["determination"]["status"]]


def _seen(member: str) -> set[Any]:
    return {determination[member] for fixture in ALL for determination in fixture.determinations}


def test_there_are_forty_situations_and_more() -> None:
    assert len(ALL) >= 40


def test_every_status_section_product_and_line_appears() -> None:
    assert _seen("status") == set(INDICATORS)
    assert _seen("pathway") == {"I.A", "I.B", "I.C", "I.D", "I.E", "I.F", "II.A", None}
    assert _seen("product") == {"otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo", None}
    assert _seen("lineOfBusiness") == {"commercial", "him", "medicaid", None}


def test_every_section_is_approved_at_least_once() -> None:
    approved = {d["pathway"] for fixture in ALL for d in fixture.determinations if d["status"] == "approvable"}
    assert approved == {"I.A", "I.B", "I.C", "I.D", "I.E", "I.F", "II.A"}


def test_every_indication_and_every_revision_appears() -> None:
    assert len(_seen("indication") - {None}) == 12
    assert {d["policy"]["version"] for fixture in ALL for d in fixture.determinations} == {"2024-11", "2025-11"}


def test_every_result_of_a_criterion_appears() -> None:
    results = {result for f in ALL for d in f.determinations for result in d["criteria"].values()}
    assert results == {"met", "not-met", "unknown", "waived", "not-applicable"}


def test_every_safety_alert_appears() -> None:
    beside = {code for fixture in ALL for d in fixture.determinations for code in d["safety"]}
    alone = {alert["code"] for fixture in ANSWERED for alert in fixture.expected["safety"]}
    assert beside == ALERTS
    assert alone <= ALERTS
    assert len(alone) > 1


def test_nobody_in_a_request_has_a_name() -> None:
    for folder in FIXTURES.iterdir():
        if folder.is_dir():
            text = (folder / "request.json").read_text(encoding="utf-8")
            assert '"family"' not in text
            assert '"given"' not in text
            assert '"line"' not in text
