"""What a client asked of the cards: nothing makes a critical safety alert go."""

import itertools
from typing import Any

import pytest

from cards import Wanted, render
from service.determination import Status
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
