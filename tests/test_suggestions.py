"""What is offered, taken: each suggestion is applied to the draft orders as a client applies it, and asked again.

Every fixture and every policy case; what a card promised is what the changed order gets."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.charts import load_cases
from tests.test_fixtures import ANSWERED, Fixture

JSON = dict[str, Any]
Post = Callable[[JSON], list[JSON]]
RANK = {"approvable": 0, "documentation-needed": 1, "not-met": 2, "refer": 3}
DAILY = "daily-dosing"
CASES = load_cases()


def told(card: JSON) -> JSON | None:
    found: JSON | None = card.get("extension", {}).get("determination")
    return found


def about(cards: list[JSON], order: str) -> JSON | None:
    """The determination of an order, by its reference."""
    return next((t for card in cards if (t := told(card)) and t["order"] == order), None)


def alerts(cards: list[JSON], order: str) -> set[str]:
    found = [card["extension"].get("safety") for card in cards if "extension" in card]
    return {alert["code"] for alert in found if alert and alert["order"] == order}


def applied(request: JSON, suggestion: JSON) -> tuple[JSON, str]:
    """The request after a client took the suggestion, and the reference of the changed order."""
    changed = copy.deepcopy(request)
    entries, reference = changed["context"]["draftOrders"]["entry"], ""
    for action in suggestion["actions"]:
        match action["type"]:
            case "update":
                new = action["resource"]
                reference = f"{new['resourceType']}/{new['id']}"
                place = next(e for e in entries if e.get("resource", {}).get("id") == new["id"])
                place["resource"] = new
            case "delete":
                gone = action["resourceId"].split("/")[1]
                entries[:] = [e for e in entries if e.get("resource", {}).get("id") != gone]
            case "create":
                reference = "MedicationRequest/taken-1"
                entries.append({"resource": {**action["resource"], "id": "taken-1"}})
                if "selections" in changed["context"]:
                    changed["context"]["selections"].append(reference)
    return changed, reference


def fault(request: JSON, card: JSON, suggestion: JSON, post: Post) -> str | None:
    """What is wrong with a suggestion of a card, once it is taken."""
    changed, reference = applied(request, suggestion)
    cards = post(changed)
    promise = suggestion["extension"]["promise"]
    after, before = about(cards, reference), told(card)
    status = after["status"] if after else None
    if status != promise.get("status"):
        return f"{suggestion['label']}: promised {promise}, got {status}"
    order = before["order"] if before else card["extension"]["safety"]["order"]
    new_alerts = alerts(cards, reference) - alerts(post(request), order)
    if new_alerts:
        return f"{suggestion['label']}: raises {new_alerts}"
    if promise["kind"] == "weekly" and DAILY in alerts(cards, reference):
        return f"{suggestion['label']}: still daily"
    if before and not _better(promise["kind"], before["status"], status):
        return f"{suggestion['label']}: no better than {before['status']}"
    return None


def _better(kind: str, before: str, after: str | None) -> bool:
    rank = RANK[after] if after else -1
    # The indication is named, and daily doses are corrected, also where the status is the best there is.
    return rank <= RANK[before] if kind in ("indication", "weekly") else rank < RANK[before]


def next_step(card: JSON) -> bool:
    """Whether a card says what to do next: a change that was evaluated, a way that was computed, or who decides."""
    found = told(card)
    if found is None or found["status"] == "approvable":
        return True
    ways = any(way["changes"] and all(way["changes"]) for way in found["nearest"])
    return bool(card.get("suggestions") or ways or found["referral"]) and bool(card.get("links"))


def shape(card: JSON) -> Iterator[str]:
    offered = card.get("suggestions", [])
    if offered and card["selectionBehavior"] != "at-most-one":
        yield "no selectionBehavior"
    if sum(s.get("isRecommended", False) for s in offered) > 1:
        yield "more than one is recommended"
    if len({s["uuid"] for s in offered}) != len(offered):
        yield "a uuid twice"


def faults(request: JSON, post: Post) -> list[str]:
    found = []
    for card in post(request):
        found += [f for s in card.get("suggestions", []) if (f := fault(request, card, s, post))]
        found += shape(card)
        found += [] if next_step(card) else [f"{card['summary']}: no next step"]
    return found


def poster(ask: Callable[..., Any], **how: Any) -> Post:
    def post(request: JSON) -> list[JSON]:
        response = ask(request, **how)
        return list(response.json["cards"]) if response.status_code == 200 else []

    return post


@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda f: f.name)
def test_what_a_fixtures_cards_offer_works(fixture: Fixture, ask: Callable[..., Any]) -> None:
    service = f"prior-auth-{fixture.request['hook']}"
    post = poster(ask, today=fixture.expected["today"], service=service, plans=fixture.plans)
    assert faults(fixture.request, post) == []


@pytest.mark.parametrize("theme", sorted({case.theme for case in CASES}))
def test_what_the_cards_of_policy_cases_offer_works(theme: str, ask: Callable[..., Any]) -> None:
    wrong = {}
    for case in (c for c in CASES if c.theme == theme):
        post = poster(ask, today=case.today, service=case.service, plans=case.plans)
        if found := faults(case.request, post):
            wrong[case.name] = found
    assert wrong == {}


def test_every_kind_of_suggestion_is_offered_somewhere(ask: Callable[..., Any]) -> None:
    kinds = {
        suggestion["extension"]["promise"]["kind"]
        for fixture in ANSWERED
        for card in poster(ask, today=fixture.expected["today"], service=f"prior-auth-{fixture.request['hook']}")(
            fixture.request
        )
        for suggestion in card.get("suggestions", [])
    }
    assert kinds == {"weekly", "dose", "product", "indication", "generic"}


@pytest.mark.parametrize("fixture", ANSWERED, ids=lambda f: f.name)
def test_an_update_changes_what_it_says_and_nothing_else(fixture: Fixture, ask: Callable[..., Any]) -> None:
    post = poster(ask, today=fixture.expected["today"], service=f"prior-auth-{fixture.request['hook']}")
    drafts = {
        e["resource"].get("id"): e["resource"] for e in fixture.request["context"]["draftOrders"].get("entry", [])
    }
    may = {
        "weekly": {"dosageInstruction", "dispenseRequest", "text"},
        "dose": {
            "dosageInstruction",
            "medicationCodeableConcept",
            "medicationReference",
            "contained",
            "dispenseRequest",
            "text",
        },
        "product": {
            "dosageInstruction",
            "medicationCodeableConcept",
            "medicationReference",
            "contained",
            "dispenseRequest",
            "text",
        },
        "indication": {"reasonReference"},
    }
    for card in post(fixture.request):
        for suggestion in card.get("suggestions", []):
            for action in suggestion["actions"]:
                if action["type"] == "update":
                    new, old = action["resource"], drafts[action["resource"]["id"]]
                    changed = {k for k in {*new, *old} if new.get(k) != old.get(k)}
                    assert changed
                    assert changed <= may[suggestion["extension"]["promise"]["kind"]]


@pytest.mark.parametrize("fixture", ["otrexup-ordered-daily", "otrexup-polyarticular-jia-above-20-mg"])
def test_an_update_keeps_numbers_to_the_last_zero_and_what_is_not_known(fixture: str, ask: Callable[..., Any]) -> None:
    found = next(f for f in ANSWERED if f.name == fixture)
    request = copy.deepcopy(found.request)
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["extension"] = [{"url": "https://ehr.example/x", "valueDecimal": "EXACT"}]
    order["somethingNew"] = {"kept": [1, "two"]}
    body = json.dumps(request).replace('"EXACT"', "1.2300")
    answer = ask(body, today=found.expected["today"])
    (suggestion, *_) = next(c["suggestions"] for c in answer.json["cards"] if "suggestions" in c)
    assert suggestion["actions"][0]["resource"]["somethingNew"] == {"kept": [1, "two"]}
    assert "1.2300" in answer.get_data(as_text=True)


def test_uuids_are_the_same_for_the_same_request_and_others_for_another(ask: Callable[..., Any]) -> None:
    found = next(f for f in ANSWERED if f.name == "otrexup-polyarticular-jia-above-20-mg")

    def uuids(request: JSON) -> list[str]:
        cards = ask(request, today=found.expected["today"]).json["cards"]
        return [s["uuid"] for card in cards for s in card.get("suggestions", [])]

    first, again = uuids(found.request), uuids(found.request)
    other = uuids({**found.request, "hookInstance": "another"})
    assert first == again
    assert not set(first) & set(other)
