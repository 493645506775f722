"""The words that weigh a dose."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from service.case import Age, Companions, CouldNotAsk, Had, NothingThere
from service.determination import Finding, Result
from service.dose import Dose
from service.policy.clause import Increase, Label, Setting
from service.policy.on_dose import DoseClause, Limit, OnLabelClause
from tests.policy.facts import SEEN, case, diagnosis, product, surface, weekly

NO_INCREASE = Increase(known=False, higher=False, why="none is on record")
OTHER = replace(SEEN, text="Vincristine")


def dose_clause(at_most: str, **parts: Any) -> DoseClause:
    return DoseClause.model_validate({"ref": "I.A.6", "says": "dose", "word": "dose", "at_most": at_most, **parts})


def setting(increase: Increase = NO_INCREASE, **changes: Any) -> Setting:
    return Setting(case(**changes), diagnosis(), (), {}, increase)


@pytest.mark.parametrize(("amount", "result"), [("19.9", "met"), ("20", "met"), ("20.1", "not-met")])
def test_a_dose_equal_to_its_limit_is_met(amount: str, result: str) -> None:
    verdict = dose_clause("20 mg per week").test(setting(dose=weekly(amount)))
    assert verdict.result.value == result
    assert verdict.evidence[0].text == f"{amount} mg per week, limit 20"
    assert verdict.evidence[0].reference == "MedicationRequest/order-1"
    assert (verdict.remedy or "").startswith("A dose of at most 20 mg per week") is (result == "not-met")


def test_a_limit_in_mg_per_m2_is_measured_through_the_body_surface() -> None:
    clause = dose_clause("20 mg/m2 per week")
    under, over = (clause.test(setting(dose=weekly(a), body=surface("1.5"))) for a in ("30", "30.1"))
    assert (under.result, over.result) == (Result.MET, Result.NOT_MET)
    assert under.evidence[-1] == SEEN
    assert clause.test(setting(dose=weekly(20, "mg/m2"))).result is Result.MET


def test_without_a_body_surface_the_other_unit_is_unknown() -> None:
    for limit, unit in (("20 mg/m2 per week", "mg"), ("20 mg per week", "mg/m2")):
        verdict = dose_clause(limit).test(setting(dose=weekly(1, unit), body_remarks=("an old height",)))  # type: ignore[arg-type]
        assert verdict.result is Result.UNKNOWN
        assert "Height and weight" in (verdict.missing or "")
        assert verdict.remarks == ("an old height",)


def test_another_formula_that_would_turn_it_makes_it_borderline() -> None:
    clause = dose_clause("20 mg/m2 per week")
    turned = clause.test(setting(dose=weekly(30), body=surface("1.5", "1.49")))
    firm = clause.test(setting(dose=weekly(30), body=surface("1.5", "1.51")))
    assert turned.result is firm.result is Result.MET
    assert "borderline" in turned.evidence[0].text
    assert "borderline" not in firm.evidence[0].text


def test_an_unread_dose_is_unknown_with_its_reason() -> None:
    verdict = dose_clause("20 mg per week").test(setting(dose=Dose(unknown="no rate", evidence=(SEEN,))))
    assert verdict.result is Result.UNKNOWN
    assert "no rate" in (verdict.missing or "")
    assert verdict.evidence == (SEEN,)
    assert "none is given" in (dose_clause("20 mg per week").test(setting(dose=Dose())).missing or "")


@pytest.mark.parametrize(
    ("companions", "alone", "combined"),
    [
        (Companions((), Had()), "met", "not-met"),
        (Companions((), NothingThere()), "met", "not-met"),
        (Companions((OTHER,), Had()), "not-met", "met"),
        (Companions((OTHER,), CouldNotAsk("down")), "not-met", "met"),
        (Companions((), CouldNotAsk("down")), "unknown", "unknown"),
        (Companions((), Had(complete=False)), "unknown", "unknown"),
        (Companions((), Had(), ("Medication/x",)), "unknown", "unknown"),
    ],
)
def test_the_regimen_is_read_off_the_medication_list(companions: Companions, alone: str, combined: str) -> None:
    given = setting(dose=weekly(5), body=surface("1"), companions=companions)
    single = dose_clause("75 mg per week", regimen="single-agent", companions="antineoplastic").test(given)
    beside = dose_clause("10 mg/m2 per dose", regimen="combination", companions="antineoplastic").test(given)
    assert (single.result.value, beside.result.value) == (alone, combined)


def test_what_decides_is_the_evidence() -> None:
    clause = dose_clause("10 mg/m2 per dose", regimen="combination", companions="antineoplastic")
    alone = clause.test(setting(dose=weekly(5, "mg/m2"), companions=Companions((), Had())))
    assert [e.text for e in alone.evidence] == ["no other of the class on the list"]
    beside = clause.test(setting(dose=weekly("10.1", "mg/m2"), companions=Companions((OTHER,), Had())))
    assert [e.text for e in beside.evidence] == ["10.1 mg/m2 per dose, limit 10", "seen"]


def test_an_increase_shows_the_current_dose() -> None:
    clause = dose_clause("20 mg per week", only_if="dose-increase")
    current = replace(SEEN, text="Jylamvo, active")
    found = clause.test(setting(Increase(known=True, higher=True, evidence=(current,)), dose=weekly("20.1")))
    assert current in found.evidence


def test_a_list_that_could_not_be_read_is_what_is_missing() -> None:
    clause = dose_clause("75 mg per week", regimen="single-agent", companions="antineoplastic")
    verdict = clause.test(setting(companions=Companions((), CouldNotAsk("down"), remarks=("no statements",))))
    assert verdict.missing == "The patient's medication list (down)"
    assert verdict.remarks == ("no statements",)


@pytest.mark.parametrize(
    ("amount", "count", "result"),
    [("10", 2, "met"), ("10.1", 2, "not-met"), ("10", 3, "not-met"), ("20", 1, "not-met"), ("10", 1, "met")],
)
def test_a_dose_each_time_has_its_limit_and_its_count(amount: str, count: int, result: str) -> None:
    clause = dose_clause("10 mg/m2 per dose", count_at_most=2)
    assert clause.test(setting(dose=weekly(amount, "mg/m2", count))).result.value == result


def test_above_the_limit_without_a_current_dose_the_current_dose_is_missing() -> None:
    clause = dose_clause("20 mg per week", only_if="dose-increase")
    verdict = clause.test(setting(dose=weekly("20.1")))
    assert verdict.result is Result.UNKNOWN
    assert verdict.missing == "The current weekly dose (none is on record)"
    assert clause.test(setting(dose=weekly("20"))).result is Result.MET
    known = Increase(known=True, higher=True)
    assert clause.test(setting(known, dose=weekly("20.1"))).result is Result.NOT_MET


def test_a_combination_that_the_list_excludes_stays_not_met_whatever_the_current_dose() -> None:
    clause = dose_clause("75 mg per week", only_if="dose-increase", regimen="single-agent", companions="antineoplastic")
    assert clause.test(setting(companions=Companions((OTHER,), Had()))).result is Result.NOT_MET


@pytest.mark.parametrize("text", ["20 mg", "20 mg per day", "-1 mg per week", "20 mg/kg per week", "mg per week", ""])
def test_a_limit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is no limit"):
        dose_clause(text)


def test_a_limit_reads_itself_back() -> None:
    assert Limit.parse("10.50 mg/m2 per dose") == Limit(Fraction("10.5"), "mg/m2", "dose")
    clause = dose_clause("10.5 mg/m2 per dose", count_at_most=2, regimen="combination", companions="antineoplastic")
    assert clause.reads().startswith("at most 10.5 mg/m2 per dose, in at most 2 doses a week, with another medicine")
    alone = dose_clause("75 mg per week", regimen="single-agent", companions="antineoplastic")
    assert "without another medicine of antineoplastic" in alone.reads()


LABEL = Label("xatmep", "acute-lymphoblastic-leukemia", at_most=18)


def note(found: dict[str, Finding], years: Age | None, label: Label = LABEL) -> Result:
    clause = OnLabelClause(ref="I.C.note", says="regimen", word="on-label", doses=("I.C.5.a",))
    given = case(product=product("xatmep"), age=years)
    return clause.test(Setting(given, diagnosis("acute-lymphoblastic-leukemia"), (label,), found, NO_INCREASE)).result


MET = {"I.C.5.a": Finding("I.C.5.a", Result.MET)}


@pytest.mark.parametrize(("years", "met"), [(18, True), (19, False)])
def test_the_label_ends_at_its_age(years: int, met: bool) -> None:
    assert note(MET, Age(years, years, SEEN)) is (Result.MET if met else Result.UNKNOWN)
    assert note(MET, Age(18, 19, SEEN)) is Result.UNKNOWN
    assert note(MET, None) is Result.UNKNOWN


def test_the_label_needs_its_dose_product_and_diagnosis() -> None:
    child = Age(5, 5, SEEN)
    assert note({}, child) is Result.UNKNOWN
    assert note({"I.C.5.a": Finding("I.C.5.a", Result.NOT_MET)}, child) is Result.UNKNOWN
    assert note(MET, child, replace(LABEL, product="jylamvo")) is Result.UNKNOWN
    assert note(MET, child, replace(LABEL, diagnosis="psoriasis")) is Result.UNKNOWN
    assert note(MET, None, replace(LABEL, at_most=None)) is Result.MET


def test_the_note_reads_itself_back() -> None:
    clause = OnLabelClause(ref="I.C.note", says="regimen", word="on-label", doses=("I.C.5.a", "I.C.5.b"))
    assert "I.C.5.a or I.C.5.b is met" in clause.reads()


def test_a_dose_carries_its_evidence_and_remarks_whatever_the_result() -> None:
    clause = dose_clause("20 mg per week")
    for amount in ("20", "20.1"):
        verdict = clause.test(setting(dose=replace(weekly(amount), remarks=("a partial device",))))
        assert verdict.evidence[1:] == (SEEN,)
        assert verdict.evidence[0].path == SEEN.path
        assert verdict.remarks == ("a partial device",)
    unread = clause.test(setting(dose=Dose(unknown="no rate", remarks=("an odd unit",))))
    assert unread.remarks == ("an odd unit",)
    unshown = clause.test(setting(dose=replace(weekly(1), evidence=())))
    assert unshown.evidence[0].path == "MedicationRequest.dosageInstruction"


def test_the_body_surface_is_evidence_only_where_it_was_needed() -> None:
    area = replace(SEEN, text="1.5 m2")
    body = replace(surface("1.5"), evidence=(area,))
    through = dose_clause("20 mg/m2 per week").test(setting(dose=weekly(30), body=body))
    without = dose_clause("30 mg per week").test(setting(dose=weekly(30), body=body))
    assert (area in through.evidence, area in without.evidence) == (True, False)


@pytest.mark.parametrize(("other", "borderline"), [("1.49", True), ("1.5", False), ("1.51", False)])
def test_a_formula_that_ends_on_the_limit_turns_nothing(other: str, borderline: bool) -> None:
    found = dose_clause("20 mg/m2 per week").test(setting(dose=weekly(30), body=surface("1.6", other)))
    assert found.evidence[0].text == (
        "18.75 mg/m2 per week, limit 20"
        + ("; borderline: another formula for the body surface area would turn it" if borderline else "")
    )


def test_a_limit_of_each_dose_is_measured_each_time_and_one_of_a_week_by_the_week() -> None:
    twice = weekly(10, "mg/m2", 2)
    assert Limit.parse("10 mg/m2 per dose").measure(twice, None) == 10
    assert Limit.parse("10 mg/m2 per week").measure(twice, None) == 20
    assert Limit.parse("10 mg per dose").measure(twice, Fraction(2)) == 20
    assert Limit.parse("10 mg per week").measure(twice, Fraction(2)) == 40


def test_a_count_says_what_would_meet_it() -> None:
    clause = dose_clause("10 mg/m2 per dose", count_at_most=2)
    thrice = clause.test(setting(dose=weekly(10, "mg/m2", 3)))
    assert (thrice.result, thrice.remedy) == (Result.NOT_MET, "At most 2 doses a week")
    both = clause.test(setting(dose=weekly("10.1", "mg/m2", 3)))
    assert both.remedy == "A dose of at most 10 mg/m2 per dose; At most 2 doses a week"
    unread = clause.test(setting(dose=Dose(unknown="no rate", evidence=(SEEN,))))
    assert unread.result is Result.UNKNOWN
    assert unread.missing == "A weekly dose that can be read from the order (no rate)"
    assert clause.test(setting(dose=Dose())).missing == "A weekly dose that can be read from the order (none is given)"


def test_a_count_is_known_where_the_dose_is_not() -> None:
    clause = dose_clause("10 mg/m2 per dose", count_at_most=2)
    assert clause.test(setting(dose=weekly(10, "mg", 2))).result is Result.UNKNOWN
    assert clause.test(setting(dose=weekly(10, "mg", 3))).result is Result.NOT_MET


def test_a_regimen_says_what_would_meet_it_and_shows_the_others() -> None:
    single = dose_clause("75 mg per week", regimen="single-agent", companions="antineoplastic")
    beside = dose_clause("10 mg/m2 per dose", regimen="combination", companions="antineoplastic")
    alone = Companions((), Had(), remarks=("no statements",))
    combined = Companions((OTHER,), Had(), remarks=("no statements",))
    low = weekly(5, "mg/m2")
    failed = single.test(setting(companions=combined))
    assert failed.remedy == "Given as the only antineoplastic"
    assert failed.evidence[-1] == OTHER
    assert failed.remarks == ("no statements",)
    lone = beside.test(setting(dose=low, companions=alone))
    assert (lone.remedy, lone.remarks) == ("Given with combination chemotherapy", ("no statements",))
    assert beside.test(setting(dose=low, companions=combined)).evidence[-1] == OTHER


@pytest.mark.parametrize(
    ("companions", "why"),
    [
        (Companions((), Had(complete=False)), "it was not had whole"),
        (Companions((), Had(), ("Medication/x", "Medication/y")), "not clear: Medication/x; Medication/y"),
    ],
)
def test_why_a_list_does_not_tell_is_said(companions: Companions, why: str) -> None:
    clause = dose_clause("75 mg per week", regimen="single-agent", companions="antineoplastic")
    assert clause.test(setting(companions=companions)).missing == f"The patient's medication list ({why})"


def test_an_increase_that_cannot_be_compared_keeps_its_evidence_and_remarks() -> None:
    clause = dose_clause("20 mg per week", only_if="dose-increase", count_at_most=1)
    verdict = clause.test(setting(dose=replace(weekly("20.1"), remarks=("a partial device",))))
    assert verdict.evidence[-1] == SEEN
    assert verdict.remarks == ("a partial device",)
    twice = clause.test(setting(dose=weekly(5, count=2)))
    assert (twice.result, twice.missing) == (Result.UNKNOWN, "The current weekly dose (none is on record)")


def test_a_plain_limit_reads_of_no_count_and_no_regimen() -> None:
    assert dose_clause("20 mg per week").reads() == "at most 20 mg per week"
    assert dose_clause("20 mg per week", count_at_most=2).reads() == "at most 20 mg per week, in at most 2 doses a week"


def test_a_regimen_on_the_label_shows_product_and_dose() -> None:
    dosed = replace(SEEN, text="15 mg per week")
    clause = OnLabelClause(ref="I.C.note", says="regimen", word="on-label", doses=("I.C.5.x", "I.C.5.a"))
    found = {"I.C.5.a": Finding("I.C.5.a", Result.MET, (dosed,))}
    given = case(product=product("xatmep"), age=Age(5, 5, SEEN))
    verdict = clause.test(Setting(given, diagnosis(LABEL.diagnosis), (LABEL,), found, NO_INCREASE))
    assert (verdict.result, verdict.evidence) == (Result.MET, (SEEN, dosed))
