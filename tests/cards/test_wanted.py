"""What a client asked of the cards: nothing makes a critical safety alert go."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from cards import Wanted, render
from cards.card import Body, Topic
from service.determination import Status, Suggestion
from tests.cards.outcomes import ORDER, alert, determination

TOLD = determination(Status.NOT_MET, safety=(alert(), alert("pregnancy"), alert("liver-disease", "warning")))


def cards(**wanted: Any) -> list[Any]:
    return render([TOLD], service_url="https://cds.example", seed="s", wanted=Wanted(**wanted))


def test_all_come_where_nothing_is_asked() -> None:
    assert [card["indicator"] for card in cards()] == ["critical", "critical", "warning", "warning"]
    assert cards() == render([TOLD], service_url="https://cds.example", seed="s")


@pytest.mark.parametrize(
    ("most", "filed", "warnings"),
    list(itertools.product([None, 1, 2, 3, 9], [frozenset(), frozenset({ORDER})], [True, False])),
)
def test_critical_alerts_come_whatever_is_asked(most: int | None, filed: frozenset[str], warnings: bool) -> None:
    found = [card["indicator"] for card in cards(cards=most, filed=filed, warnings=warnings)]
    assert found[:2] == ["critical", "critical"]
    assert len(found) <= max(2, most or 9)


def test_warnings_and_what_a_system_action_says_are_left_out_where_they_are_not_wanted() -> None:
    assert [c["source"]["topic"]["code"] for c in cards(warnings=False)].count("contraindication") == 2
    assert "coverage-info" not in [c["source"]["topic"]["code"] for c in cards(filed=frozenset({ORDER}))]


def test_topics_are_in_the_code_system_of_the_version() -> None:
    systems = {version: {c["source"]["topic"]["system"] for c in cards(version=version)} for version in ("2.0", "2.2")}
    assert systems["2.0"] == {"http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"}
    assert systems["2.2"] == {"http://terminology.hl7.org/CodeSystem/cdshooks-card-type"}


def test_links_are_left_out_where_they_are_not_wanted() -> None:
    assert all("links" in card for card in cards())
    assert not any("links" in card or "](http" in str(card["detail"]) for card in cards(links=False))


COVERAGE = Body(ORDER, "coverage", Topic.PRIOR_AUTHORIZATION, "s", "d", "warning", ())
CRITICAL = replace(COVERAGE, kind="alert", topic=Topic.MEDICATION_SAFETY, indicator="critical")
WARNING = replace(CRITICAL, indicator="warning")
UNREAD = replace(COVERAGE, topic=Topic.NOT_EVALUATED)
OFFER = Suggestion("dose", "20 mg once weekly", (), Status.APPROVABLE)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("warnings", [True, False])
@pytest.mark.parametrize("most", [None, -1, 0, 1])
@pytest.mark.parametrize("filed", [frozenset(), frozenset({ORDER})])
def test_no_option_leaves_a_critical_alert_out(
    links: bool, warnings: bool, most: int | None, filed: frozenset[str]
) -> None:
    wanted = Wanted(links, warnings, most, filed)
    assert wanted.takes(CRITICAL)
    assert wanted.most([CRITICAL] * 3)[:3] == [CRITICAL] * 3
    assert wanted.most([CRITICAL, CRITICAL, COVERAGE, WARNING])[:2] == [CRITICAL, CRITICAL]


@pytest.mark.parametrize(("warnings", "taken"), [(True, True), (False, False)])
def test_a_warning_is_left_out_only_where_warnings_are_not_wanted(warnings: bool, taken: bool) -> None:
    assert Wanted(warnings=warnings).takes(WARNING) is taken
    assert Wanted(warnings=warnings).takes(COVERAGE)
    assert Wanted(warnings=warnings).takes(UNREAD)


def test_a_card_goes_only_where_a_system_action_says_the_same_of_its_order_and_no_more_is_offered() -> None:
    filed = Wanted(filed=frozenset({ORDER}))
    assert not filed.takes(COVERAGE)
    assert filed.takes(replace(COVERAGE, order="MedicationRequest/another"))
    assert filed.takes(replace(COVERAGE, suggestions=(OFFER,)))
    assert filed.takes(WARNING)
    assert filed.takes(UNREAD)  # silence would read as "all clear"


@pytest.mark.parametrize(("most", "kept"), [(None, 4), (0, 1), (1, 1), (2, 2), (3, 3), (4, 4), (5, 4)])
def test_so_many_cards_come_as_were_asked_the_critical_one_among_them(most: int | None, kept: int) -> None:
    listed = [CRITICAL, COVERAGE, UNREAD, WARNING]
    assert Wanted(cards=most).most(listed) == listed[:kept]


def test_without_a_critical_one_no_card_at_all_may_be_asked_for() -> None:
    assert Wanted(cards=0).most([COVERAGE, WARNING]) == []
