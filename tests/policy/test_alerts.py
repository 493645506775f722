"""Safety alerts beside the status."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from service.case import Allergy, Case
from service.determination import Evidence
from service.dose import Dose
from service.policy import library
from service.policy.alerts import alert
from service.policy.document import AlertRule
from tests.policy.facts import SEEN, case, product, weekly

RULES = library.load().revision("CP.PHAR.134").policy.document.alert
CONDITIONS = ("pregnancy", "alcoholism", "liver-disease", "immunodeficiency", "blood-dyscrasia")


def codes(found: Case, indication: str | None = "rheumatoid-arthritis") -> list[str]:
    return [a.code for a in alert(RULES, found, indication)]


@pytest.mark.parametrize(("count", "alarmed"), [("4", False), ("4.9", False), ("5", True), ("7", True)])
def test_five_doses_a_week_are_daily_dosing(count: str, alarmed: bool) -> None:
    dose = replace(weekly(1), most_per_week=Fraction(count))
    assert codes(case(dose=dose)) == (["daily-dosing"] if alarmed else [])


def test_daily_timing_alarms_whatever_the_count() -> None:
    found = alert(RULES, case(dose=Dose(daily=(SEEN,))), None)
    assert [(a.code, a.severity, a.evidence) for a in found] == [("daily-dosing", "critical", (SEEN,))]
    assert codes(case(dose=Dose())) == []


def test_an_order_of_a_generic_is_looked_at_for_daily_dosing_and_hypersensitivity_alone() -> None:
    everything: dict[str, Any] = dict.fromkeys(CONDITIONS, (SEEN,))
    found = case(
        product=product(None, strength_listed=False),
        conditions=everything,
        allergies=(Allergy(True, SEEN),),
        dose=Dose(daily=(SEEN,)),
    )
    assert codes(found) == ["daily-dosing", "hypersensitivity"]


def test_a_mild_intolerance_does_not_alert() -> None:
    assert codes(case(allergies=(Allergy(False, SEEN),))) == []
    assert codes(case(allergies=(Allergy(False, SEEN), Allergy(True, SEEN)))) == ["hypersensitivity"]


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_injectables_are_contraindicated_by_each_condition(name: str) -> None:
    assert codes(case(product=product("otrexup"), conditions={name: (SEEN,)})) == [name]


@pytest.mark.parametrize("name", CONDITIONS[1:])
def test_the_solutions_are_not_contraindicated_by_the_others(name: str) -> None:
    assert codes(case(conditions={name: (SEEN,)})) == []


@pytest.mark.parametrize(
    ("indication", "alerts"),
    [
        ("rheumatoid-arthritis", True),
        ("immunotherapy-toxicity", True),
        (None, True),
        ("acute-lymphoblastic-leukemia", False),
        ("lymphomatoid-papulosis", False),
        ("subcutaneous-panniculitis-like-t-cell-lymphoma", False),
    ],
)
def test_pregnancy_alerts_for_a_solution_unless_the_disease_is_neoplastic(indication: str | None, alerts: bool) -> None:
    pregnant: dict[str, Any] = {"conditions": {"pregnancy": (SEEN,)}}
    assert codes(case(**pregnant), indication) == (["pregnancy"] if alerts else [])
    assert codes(case(product=product("rasuvo"), **pregnant), indication) == ["pregnancy"]


def test_an_open_product_alerts_what_fits_any_candidate() -> None:
    mixed = product(None, candidates=("xatmep", "otrexup"))
    assert codes(case(product=mixed, conditions={"alcoholism": (SEEN,)})) == ["alcoholism"]
    oral = product(None, candidates=("xatmep", "jylamvo"))
    assert codes(case(product=oral, conditions={"alcoholism": (SEEN,)})) == []


def test_a_strength_that_the_product_is_not_made_in_is_a_warning() -> None:
    odd = product("otrexup", strength_listed=False, strength_text="7.5 mg")
    found = alert(RULES, case(product=odd), None)
    assert [(a.code, a.severity, a.evidence[0].text) for a in found] == [("strength-unavailable", "warning", "7.5 mg")]
    assert codes(case(product=product("otrexup", strength_listed=None))) == []
    assert codes(case(product=product("otrexup", strength_listed=True))) == []


def test_severities_are_as_the_contract_says() -> None:
    severe = {rule.code for rule in RULES if rule.severity == "critical"}
    assert severe == {"daily-dosing", "pregnancy", "hypersensitivity"}


def test_an_alert_says_its_rules_words() -> None:
    (found,) = alert(RULES, case(dose=Dose(daily=(SEEN,))), None)
    (says,) = (rule.says for rule in RULES if rule.code == "daily-dosing")
    assert (found.says, bool(says)) == (says, True)


def test_a_count_of_doses_is_its_own_evidence_before_what_says_daily() -> None:
    dose = replace(weekly(1), most_per_week=Fraction(7), daily=(SEEN,))
    (found,) = alert(RULES, case(dose=dose), None)
    counted = Evidence("MedicationRequest/order-1", "MedicationRequest.dosageInstruction.timing", "7 doses a week")
    assert found.evidence == (counted, SEEN)


def test_a_strength_is_shown_where_the_product_is_named_first() -> None:
    second = replace(SEEN, reference="Medication/y")
    odd = product("otrexup", strength_listed=False, strength_text="7.5 mg", evidence=(SEEN, second))
    (found,) = alert(RULES, case(product=odd), None)
    assert found.evidence == (replace(SEEN, text="7.5 mg"),)
    unsaid = product("otrexup", strength_listed=False, strength_text="")
    assert alert(RULES, case(product=unsaid), None)[0].evidence == (SEEN,)


@pytest.mark.parametrize(
    ("scope", "alerts"),
    [
        ({"for": {"diagnosis": ("psoriasis",)}}, True),
        ({"for": {"diagnosis": ("rheumatoid-arthritis",)}}, False),
        ({"for": {"product": ("jylamvo",)}}, True),
        ({"for": {"product": ("xatmep",)}}, False),
        ({"unless": {"product": ("jylamvo",)}}, False),
        ({"unless": {"product": ("xatmep",)}}, True),
        ({"unless": {"diagnosis": ("psoriasis",)}}, False),
        ({"unless": {"product": ("jylamvo",), "diagnosis": ("rheumatoid-arthritis",)}}, True),
    ],
)
def test_a_rule_fits_by_product_and_diagnosis(scope: Any, alerts: bool) -> None:
    parts = {"code": "pregnancy", "severity": "critical", "word": "condition", "condition": "pregnancy"}
    rule = AlertRule.model_validate({**parts, "says": "x", "cites": "y", **scope})
    found = alert((rule,), case(conditions={"pregnancy": (SEEN,)}), "psoriasis")
    assert bool(found) is alerts
