"""Cards as a client gets them: identity, source, reasons, order; no empty member."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cards import render
from cards.card import Body, Reason, Topic, enclose
from service.determination import NotEvaluated, Outcome, SafetyNotice, Status
from tests.cards.outcomes import DRUG, ORDER, POLICY, alert, determination, empties

URL = "https://cds.example.org"
EVERY: tuple[Outcome, ...] = (
    NotEvaluated("MedicationRequest/a", "", "why"),
    *(determination(status, order=f"MedicationRequest/{status}") for status in Status),
    determination(safety=(alert("liver-disease", "warning"), alert("pregnancy"))),
    SafetyNotice("MedicationRequest/b", "methotrexate tablets", (alert(), alert("blood-dyscrasia", "warning")), POLICY),
)


def cards(*outcomes: Outcome, url: str | None = URL, seed: str = "seed") -> list[Any]:
    return render(outcomes, service_url=url, seed=seed)


def uuids(found: list[Any]) -> list[str]:
    return [card["uuid"] for card in found]


def test_nothing_to_say_is_no_card() -> None:
    assert cards() == []


ABOUT = "davinci-crd.associated-resource"


def test_every_card_is_whole() -> None:
    for card in cards(*EVERY):
        whole = {"uuid", "summary", "detail", "indicator", "source", "overrideReasons"}
        assert whole <= set(card) <= whole | {"extension", "links", "suggestions", "selectionBehavior"}
        assert str(UUID(card["uuid"])) == card["uuid"]
        assert list(empties(card)) == []
        assert card["indicator"] in ("info", "warning", "critical")
        assert json.loads(json.dumps(card)) == card


def test_critical_alerts_come_first_then_coverage_then_warnings() -> None:
    found = [(c["indicator"] == "critical", c["source"]["topic"]["code"]) for c in cards(*EVERY)]
    assert found == [
        *[(True, "contraindication")] * 2,
        *[(False, "coverage-info")] * 5,
        (False, "not-evaluated"),
        *[(False, "contraindication")] * 2,
    ]


def test_an_order_has_one_card_with_its_determination_and_one_for_each_alert_without() -> None:
    told = determination(safety=(alert("liver-disease", "warning"), alert("pregnancy")))
    critical, coverage, warning = (card["extension"] for card in cards(told))
    assert coverage == {"determination": told.as_contract(), ABOUT: [{"reference": ORDER}]}
    assert [list(e) for e in (critical, warning)] == [["safety", ABOUT], ["safety", ABOUT]]
    assert [e["safety"]["code"] for e in (critical, warning)] == ["pregnancy", "liver-disease"]
    assert critical["safety"]["order"] == ORDER


def test_a_notice_has_safety_cards_only() -> None:
    (card,) = cards(SafetyNotice(ORDER, DRUG, (alert(),), POLICY))
    assert list(card["extension"]) == ["safety", ABOUT]


def test_the_contract_keeps_its_nulls() -> None:
    (card,) = cards(determination(Status.REFER))
    assert card["extension"]["determination"]["pathway"] is None
    assert card["extension"]["determination"]["criteria"] == []


@pytest.mark.parametrize(("url", "given"), [(URL, {"url": URL}), (None, {}), ("", {})])
def test_the_source_is_labelled_and_linked_where_a_url_is_known(url: str | None, given: dict[str, str]) -> None:
    (card,) = cards(determination(), url=url)
    topic = {
        "system": "http://terminology.hl7.org/CodeSystem/cdshooks-card-type",
        "code": "coverage-info",
        "display": "Coverage Information",
    }
    assert card["source"] == {"label": "Countersign", **given, "topic": topic}


def test_a_reason_to_override_has_one_display_for_each_code() -> None:
    reasons = [reason for card in cards(*EVERY) for reason in card["overrideReasons"]]
    assert {reason["system"] for reason in reasons} == {"urn:countersign:override-reason"}
    pairs = {(reason["code"], reason["display"]) for reason in reasons}
    assert len({code for code, _ in pairs}) == len({display for _, display in pairs}) == len(pairs)


def test_reasons_differ_between_coverage_and_safety() -> None:
    critical, coverage, _ = ({r["code"] for r in c["overrideReasons"]} for c in cards(EVERY[5]))
    assert coverage == {
        "documentation-will-follow",
        "documentation-in-chart",
        "clinically-urgent",
        "patient-pays",
        "disagree-with-criterion",
    }
    assert not coverage & critical


def test_a_repeated_request_gets_the_same_cards() -> None:
    assert cards(*EVERY) == cards(*EVERY)


def test_no_two_cards_share_a_uuid() -> None:
    found = uuids(cards(*EVERY, *EVERY, determination(), determination()))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    "other",
    [determination(order="MedicationRequest/other"), determination(line="him"), replace(determination(), drug="x")],
)
def test_another_order_or_another_content_is_another_card(other: Outcome) -> None:
    assert uuids(cards(determination())) != uuids(cards(other))


@pytest.mark.parametrize("changes", [{"order": "MedicationRequest/other"}, {"kind": "other"}])
def test_cards_that_say_the_same_of_another_order_or_kind_differ(changes: dict[str, Any]) -> None:
    body = Body(ORDER, "coverage", Topic.PRIOR_AUTHORIZATION, "Said", "Said", "info", (Reason("code", "Display"),))
    one, other = (list[Any](enclose([b], service_url=None, seed="seed")) for b in (body, replace(body, **changes)))
    assert uuids(one) != uuids(other)


def test_another_request_gets_uuids_of_its_own() -> None:
    assert not set(uuids(cards(*EVERY))) & set(uuids(cards(*EVERY, seed="another")))


def test_an_order_beside_it_does_not_change_a_cards_uuid() -> None:
    alone = uuids(cards(determination()))
    assert set(alone) < set(uuids(cards(determination(), determination(order="MedicationRequest/other"))))


def test_text_that_is_no_unicode_still_gets_a_card() -> None:
    (card,) = cards(determination(order="\ud800", drug="\ud800"), seed="\ud800")
    assert card["summary"].startswith("Approvable: Jylamvo – ")
