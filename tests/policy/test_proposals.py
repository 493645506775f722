"""What is proposed for an order: doses that exist within every limit, alternatives that nothing rules out."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.case import Age, Allergy, Case, Companions, Diagnoses, Had, Prescriber, Specialty, Trial, Trials
from service.determination import Determination, SafetyNotice
from service.dose import Dose, Part, Unit
from service.plans import Plans
from service.policy import library
from service.policy.determine import determine
from service.policy.proposals import propose
from service.proposal import Proposal
from tests.policy.facts import SEEN, attested, case, diagnosis, product, surface, tried, weekly

POLICY = library.load().revision("CP.PHAR.134", "2025-11").policy
MADE = {
    "otrexup": ("10", "12.5", "15", "17.5", "20", "22.5", "25"),
    "rasuvo": ("7.5", "10", "12.5", "15", "17.5", "20", "22.5", "25", "27.5", "30"),
    "reditrex": ("15", "20", "25"),
}
DRAWN = {"xatmep": Fraction("0.25"), "jylamvo": Fraction("0.2")}  # mg in a tenth of a millilitre
# The weekly limits of section I, by diagnosis: in mg, or in mg/m2.
LIMITS: dict[str, tuple[int, Unit]] = {
    "rheumatoid-arthritis": (30, "mg"),
    "psoriasis": (30, "mg"),
    "acute-lymphoblastic-leukemia": (20, "mg/m2"),
    "mycosis-fungoides": (75, "mg"),
    "non-hodgkin-lymphoma": (10, "mg"),
}
ONCOLOGIST = Prescriber((Specialty("oncology-hematology", SEEN),))


def order(
    brand: str = "jylamvo", indication: str = "rheumatoid-arthritis", dose: Dose | None = None, **changes: Any
) -> Case:
    """An order with nothing against it but its dose."""
    prescriber = case().prescriber if indication in ("rheumatoid-arthritis", "polyarticular-jia") else ONCOLOGIST
    listed = product(brand, **changes.pop("product", {}))
    about: dict[str, Any] = {
        "product": listed,
        "diagnoses": Diagnoses((diagnosis(indication, course="relapse", stage="IB"),)),
        "prescriber": prescriber,
        "trials": tried(Trial(True, SEEN)),
    }
    return case(**{**about, "dose": dose or weekly(15), **changes})


def told(found: Case) -> Determination:
    outcome = determine(POLICY, found, Plans())
    assert isinstance(outcome, Determination)
    return outcome


def proposed(found: Case, kind: str) -> list[Proposal]:
    outcome = determine(POLICY, found, Plans())
    assert isinstance(outcome, Determination | SafetyNotice)
    return [one for one in propose(POLICY, found, outcome) if one.kind == kind]


def dose_of(found: Case) -> str | None:
    """The dose proposed, in words; None for none."""
    listed = proposed(found, "dose")
    assert len(listed) <= 1
    return listed[0].says if listed else None


def child(brand: str, dose: Dose, **changes: Any) -> Case:
    return order(brand, "polyarticular-jia", dose, **{"age": Age(9, 9, SEEN), **changes})


# Limits


@pytest.mark.parametrize(
    ("milligrams", "says"), [("29.99", None), ("30", None), ("30.01", "30 mg once weekly"), ("60", "30 mg once weekly")]
)
def test_a_dose_is_proposed_only_above_a_limit_in_milligrams(milligrams: str, says: str | None) -> None:
    assert dose_of(order(dose=weekly(milligrams))) == says


@pytest.mark.parametrize(
    ("per_m2", "says"),
    [("29.99", None), ("30", None), ("30.01", "30 mg/m2 once weekly"), ("45", "30 mg/m2 once weekly")],
)
def test_an_order_by_surface_stays_by_surface_and_needs_no_area(per_m2: str, says: str | None) -> None:
    assert dose_of(child("xatmep", weekly(per_m2, "mg/m2"))) == says


@pytest.mark.parametrize(("milligrams", "says"), [("36.9", None), ("36.90", None), ("36.91", "36.8 mg once weekly")])
def test_a_limit_by_surface_is_weighed_through_the_area(milligrams: str, says: str | None) -> None:
    assert dose_of(child("jylamvo", weekly(milligrams), body=surface("1.23"))) == says


def test_without_an_area_a_limit_by_surface_proposes_no_milligrams() -> None:
    assert dose_of(child("jylamvo", weekly("60"))) is None


@pytest.mark.parametrize(
    ("count", "says"),
    [(1, "30 mg once weekly"), (2, "15 mg twice weekly"), (3, "10 mg 3 times a week"), (4, "7.4 mg 4 times a week")],
)
def test_a_weekly_limit_is_shared_among_the_doses_of_the_week(count: int, says: str) -> None:
    assert dose_of(order(dose=weekly(40, count=count))) == says


def test_of_a_limit_by_surface_a_share_is_rounded_down() -> None:
    assert dose_of(child("xatmep", weekly("60", "mg/m2", 3))) == "10 mg/m2 3 times a week"
    leukemia = order("jylamvo", "acute-lymphoblastic-leukemia", weekly("60", "mg/m2", 3))
    answered = replace(leukemia, attestations={"I.C.5.b": attested(False)})
    assert dose_of(answered) == "6.66 mg/m2 3 times a week"


def test_a_limit_of_a_single_dose_is_not_shared_and_holds_only_up_to_its_count() -> None:
    alone = {"I.D.6.c": attested(False)}
    lymphoma = order("jylamvo", "mycosis-fungoides", weekly(80), body=surface("1.9"), attestations=alone)
    both = replace(lymphoma, companions=Companions((SEEN,), Had()))
    for count, single, combined in ((1, "75 mg once weekly", ["19 mg once weekly"]), (3, "25 mg 3 times a week", [])):
        dose = weekly(80, count=count)
        assert [one.says for one in proposed(replace(lymphoma, dose=dose), "dose")] == [single]
        assert [one.says for one in proposed(replace(both, dose=dose), "dose")] == combined
    twice = weekly(80, count=2)
    assert [one.says for one in proposed(replace(lymphoma, dose=twice), "dose")] == ["37.4 mg twice weekly"]
    assert [one.says for one in proposed(replace(both, dose=twice), "dose")] == ["19 mg twice weekly"]


# Strengths that exist


@pytest.mark.parametrize(("brand", "most"), [("otrexup", "20"), ("rasuvo", "20"), ("reditrex", "20")])
def test_of_a_child_the_device_is_the_highest_that_the_limit_allows(brand: str, most: str) -> None:
    (one,) = proposed(child(brand, weekly(25), product={"strength_mg": Decimal(25)}), "dose")
    assert one.says == f"{most} mg once weekly"
    assert one.medicine is not None
    assert (one.medicine.concept, one.medicine.mg) == (brand, Decimal(most))
    assert f"{most} mg/" in one.medicine.text


@pytest.mark.parametrize(("brand", "most"), [("otrexup", "25"), ("rasuvo", "30"), ("reditrex", "25")])
def test_of_an_adult_the_device_is_the_strongest_that_is_made(brand: str, most: str) -> None:
    assert dose_of(order(brand, dose=weekly(40))) == f"{most} mg once weekly"


@pytest.mark.parametrize(
    ("brand", "says"),
    [("otrexup", "15 mg twice weekly"), ("rasuvo", "15 mg twice weekly"), ("reditrex", "15 mg twice weekly")],
)
def test_two_doses_a_week_are_each_one_device(brand: str, says: str) -> None:
    assert dose_of(order(brand, dose=weekly(25, count=2))) == says


@pytest.mark.parametrize(("brand", "says"), [("otrexup", "10 mg 3 times a week"), ("rasuvo", "10 mg 3 times a week")])
def test_a_share_that_no_device_gives_is_not_proposed(brand: str, says: str) -> None:
    assert dose_of(order(brand, dose=weekly(25, count=3))) == says
    assert dose_of(order("reditrex", dose=weekly(25, count=3))) is None  # the weakest is of 15 mg


def test_the_device_changes_only_where_another_strength_is_named() -> None:
    named = {"strength_mg": Decimal(20), "mg_per_ml": Fraction(50)}
    (same,) = proposed(child("otrexup", weekly(40), product=named), "dose")
    assert (same.medicine, same.regimen.mg_per_ml if same.regimen else None) == (None, Fraction(50))
    (unnamed,) = proposed(child("otrexup", weekly(40)), "dose")
    assert (unnamed.medicine, unnamed.regimen.mg_per_ml if unnamed.regimen else None) == (None, None)
    named = {"strength_mg": Decimal("12.5"), "mg_per_ml": Fraction("31.25")}
    (other,) = proposed(child("otrexup", weekly(25), product=named), "dose")
    assert other.medicine is not None
    assert (other.medicine.mg, other.regimen.mg_per_ml if other.regimen else None) == (Decimal(20), Fraction(50))


@pytest.mark.parametrize(
    ("brand", "area", "says"),
    [
        ("xatmep", "1", "30 mg once weekly"),
        ("xatmep", "1.01", "30.25 mg once weekly"),  # 30.3 mg are 12.12 mL
        ("xatmep", "0.99", "29.5 mg once weekly"),  # 29.7 mg are 11.88 mL
        ("jylamvo", "1.01", "30.2 mg once weekly"),  # 30.3 mg are 15.15 mL
        ("jylamvo", "0.99", "29.6 mg once weekly"),  # 29.7 mg are 14.85 mL
    ],
)
def test_a_solution_is_rounded_down_to_what_can_be_drawn_up(brand: str, area: str, says: str) -> None:
    assert dose_of(child(brand, weekly(60), body=surface(area))) == says


def test_a_limit_below_a_tenth_of_a_millilitre_is_no_dose() -> None:
    assert dose_of(child("xatmep", weekly(60), body=surface("0.008"))) is None
    assert dose_of(child("xatmep", weekly(60), body=surface("0.0084"))) == "0.25 mg once weekly"


_AMOUNTS = st.decimals("0.1", "500", places=2).map(Fraction)
_AREAS = st.decimals("0.2", "3.5", places=2)


@given(
    st.sampled_from([*MADE, *DRAWN]),
    st.sampled_from([*LIMITS, "polyarticular-jia"]),
    _AMOUNTS,
    st.sampled_from(["mg", "mg/m2"]),
    st.integers(1, 4),
    _AREAS,
)
def test_no_dose_is_above_its_limit_and_every_one_can_be_given(
    brand: str, indication: str, amount: Fraction, unit: Unit, count: int, area: Decimal
) -> None:
    found = order(brand, indication, weekly(str(amount), unit, count), body=surface(str(area)), age=Age(18, 18, SEEN))
    limit, of = LIMITS.get(indication, (20, "mg") if brand in MADE else (30, "mg/m2"))
    for one in proposed(found, "dose"):
        assert one.regimen is not None
        assert one.regimen.amount is not None
        assert one.regimen.per_week == count
        single = Fraction(one.regimen.amount)
        total = single * count
        if one.regimen.unit != of:
            total = total / Fraction(area) if of == "mg/m2" else total * Fraction(area)
        assert total <= limit
        assert single > 0
        if brand in MADE:
            assert (one.regimen.unit, single in map(Fraction, MADE[brand])) == ("mg", True)
        elif one.regimen.unit == "mg":
            assert (single / DRAWN[brand]).denominator == 1


@given(st.sampled_from(["xatmep", "jylamvo"]), _AMOUNTS, _AREAS)
def test_the_dose_proposed_is_the_highest_that_is_within_the_limit(brand: str, amount: Fraction, area: Decimal) -> None:
    limit = 30 * Fraction(area)
    listed = proposed(child(brand, weekly(str(amount)), body=surface(str(area))), "dose")
    assert bool(listed) is (amount > limit)
    for one in listed:
        assert one.regimen is not None
        assert one.regimen.amount is not None
        assert limit - DRAWN[brand] < Fraction(one.regimen.amount) <= limit


# What is not written so that a dose could be lowered


_TWO = Part(Fraction(20), None, Fraction(1))


@pytest.mark.parametrize(
    "dose",
    [
        Dose(((_TWO, _TWO),), evidence=(SEEN,)),  # two instructions together
        Dose(((_TWO,), (replace(_TWO, mg=Fraction(40)),)), evidence=(SEEN,)),  # one after the other
        Dose(unknown="it cannot be read"),
        Dose(((replace(_TWO, mg=Fraction(80), per_week=Fraction(1, 2)),),), evidence=(SEEN,)),  # every two weeks
        Dose(((replace(_TWO, mg=Fraction(80), per_week=Fraction(3, 2)),),), evidence=(SEEN,)),
    ],
)
def test_no_dose_is_proposed_for_several_instructions_an_unread_dose_or_no_whole_rate(dose: Dose) -> None:
    assert proposed(order(dose=dose), "dose") == []
    assert proposed(order("xatmep", dose=dose), "product") == []
    assert proposed(order("otrexup", dose=dose, trials={}), "generic") == []


# Weekly in place of daily


def test_a_daily_dose_is_proposed_once_a_week_and_nothing_else_is_before_that() -> None:
    daily = order("otrexup", dose=weekly("15", count=7))
    (one,) = proposed(daily, "weekly")
    assert one.regimen is not None
    assert (one.says, one.regimen.amount, one.regimen.per_week) == ("15 mg once weekly", Decimal(15), 1)
    assert proposed(daily, "dose") == []
    assert proposed(daily, "generic") == []


@pytest.mark.parametrize(("count", "offered"), [(4, False), (5, True)])
def test_weekly_is_proposed_from_five_doses_a_week_on(count: int, offered: bool) -> None:
    assert bool(proposed(order(dose=weekly("2.5", count=count)), "weekly")) is offered


def test_weekly_keeps_a_dose_by_surface_and_names_no_amount_where_there_is_not_one_dose() -> None:
    (by_surface,) = proposed(order(dose=weekly("15", "mg/m2", 7)), "weekly")
    assert by_surface.says == "15 mg/m2 once weekly"
    (several,) = proposed(order(dose=replace(Dose(((_TWO, _TWO),)), most_per_week=Fraction(7))), "weekly")
    assert several.says == "once weekly"


def test_of_an_order_that_is_no_products_only_its_timing_is_proposed() -> None:
    generic = order(dose=weekly("2.5", count=7), product={"id": None, "drug": "methotrexate tablets"})
    outcome = determine(POLICY, generic, Plans())
    assert isinstance(outcome, SafetyNotice)
    assert [one.kind for one in propose(POLICY, generic, outcome)] == ["weekly"]


# Products


def test_another_product_is_one_that_a_section_lists_with_the_diagnosis() -> None:
    listed = {one.medicine.concept: one for one in proposed(order("xatmep"), "product") if one.medicine}
    assert set(listed) == {"otrexup", "rasuvo", "reditrex", "jylamvo"}
    assert listed["otrexup"].says == "Otrexup 15 mg/0.4 mL auto-injector, 15 mg once weekly"
    assert listed["jylamvo"].says == "Jylamvo 2 mg/mL oral solution, 15 mg once weekly"
    assert all(one.kept for one in listed.values())


def test_a_dose_that_another_product_is_not_made_in_is_lowered_and_said_so() -> None:
    listed = {
        one.medicine.concept: one for one in proposed(order("xatmep", dose=weekly("16")), "product") if one.medicine
    }
    assert listed["reditrex"].says.endswith("15 mg once weekly (ordered: 16 mg)")
    assert {name for name, one in listed.items() if one.kept} == {"jylamvo"}
    low = proposed(order("xatmep", dose=weekly("7.49")), "product")
    assert {one.medicine.concept for one in low if one.medicine} == {"jylamvo"}  # no device is as weak


def test_products_that_clash_are_each_proposed_even_without_a_dose() -> None:
    clash = {"id": None, "candidates": ("otrexup", "rasuvo")}
    (first, second) = proposed(order(product=clash, dose=Dose(unknown="it cannot be read")), "product")
    assert [(one.says, one.regimen) for one in (first, second)] == [
        ("Otrexup auto-injector", None),
        ("Rasuvo auto-injector", None),
    ]
    dosed = proposed(order(product=clash), "product")
    assert [one.says for one in dosed] == [
        "Otrexup 15 mg/0.4 mL auto-injector, 15 mg once weekly",
        "Rasuvo 15 mg/0.3 mL auto-injector, 15 mg once weekly",
    ]


def test_an_approvable_order_is_proposed_no_other_product_and_no_alternative() -> None:
    assert [one.kind for one in propose(POLICY, order(), told(order()))] == []


@pytest.mark.parametrize(("count", "proposed_"), [(4, True), (5, False)])
def test_no_other_product_is_proposed_at_a_rate_of_daily_dosing(count: int, proposed_: bool) -> None:
    assert bool(proposed(order("xatmep", dose=weekly("2.5", count=count)), "product")) is proposed_


# The indication


def test_the_condition_that_an_indication_was_inferred_from_is_proposed_as_the_reason() -> None:
    inferred = order(diagnoses=Diagnoses((diagnosis(),), inferred=True))
    (one,) = proposed(inferred, "indication")
    assert (one.says, one.reason) == ("rheumatoid arthritis", "Condition/x")
    elsewhere = replace(SEEN, reference="Encounter/e")
    assert proposed(order(diagnoses=Diagnoses((diagnosis(evidence=(elsewhere,)),), inferred=True)), "indication") == []
    assert proposed(order(), "indication") == []


# Alternatives (Appendix B)


def lacking(brand: str, indication: str, dose: Dose, **changes: Any) -> Case:
    """An order that still needs something, of a patient who can have the alternatives."""
    base: dict[str, Any] = {"trials": {}, "conditions": {}, "age": Age(30, 30, SEEN)}
    return order(brand, indication, dose, **{**base, **changes})


def alternatives(found: Case) -> list[str]:
    return [one.says for one in proposed(found, "generic")]


@pytest.mark.parametrize(
    ("indication", "milligrams", "says"),
    [
        ("rheumatoid-arthritis", "29.99", "27.5 mg once weekly (ordered: 29.99 mg)"),
        ("rheumatoid-arthritis", "30", "30 mg once weekly"),
        ("rheumatoid-arthritis", "30.01", "30 mg once weekly (ordered: 30.01 mg)"),
        ("psoriasis", "30", "30 mg once weekly"),
        ("psoriasis", "30.01", "30 mg once weekly (ordered: 30.01 mg)"),
        ("polyarticular-jia", "19.99", "17.5 mg once weekly (ordered: 19.99 mg)"),
        ("polyarticular-jia", "20", "20 mg once weekly"),
        ("polyarticular-jia", "20.01", "20 mg once weekly (ordered: 20.01 mg)"),
    ],
)
def test_the_generic_injection_is_proposed_up_to_its_limit(indication: str, milligrams: str, says: str) -> None:
    found = alternatives(lacking("otrexup", indication, weekly(milligrams)))
    assert found == [f"methotrexate injection 25 mg/mL, {says}"]


@pytest.mark.parametrize(
    ("indication", "milligrams", "says"),
    [
        ("acute-lymphoblastic-leukemia", "20", "20 mg once weekly"),
        ("acute-lymphoblastic-leukemia", "20.01", "20 mg once weekly (ordered: 20.01 mg)"),
        ("acute-lymphoblastic-leukemia", "19.99", "17.5 mg once weekly (ordered: 19.99 mg)"),
        ("mycosis-fungoides", "75", "75 mg once weekly"),
        ("mycosis-fungoides", "75.01", "75 mg once weekly (ordered: 75.01 mg)"),
        ("mycosis-fungoides", "2.5", "2.5 mg once weekly"),
    ],
)
def test_tablets_are_proposed_whole_and_up_to_their_limit(indication: str, milligrams: str, says: str) -> None:
    found = alternatives(lacking("jylamvo", indication, weekly(milligrams), body=surface("1")))
    assert found == [f"methotrexate tablets 2.5 mg, {says}"]


def test_less_than_a_tablet_is_none() -> None:
    assert alternatives(lacking("jylamvo", "mycosis-fungoides", weekly("2.49"))) == []


@pytest.mark.parametrize(("count", "says"), [(1, None), (2, "5 mg twice weekly"), (4, "2.5 mg 4 times a week")])
def test_an_alternative_is_proposed_only_at_its_own_rates(count: int, says: str | None) -> None:
    found = alternatives(lacking("jylamvo", "non-hodgkin-lymphoma", weekly("5", count=count)))
    ordered = "" if count == 2 else " (ordered: 5 mg)"
    assert found == ([f"methotrexate tablets 2.5 mg, {says}{ordered}"] if says else [])
    assert alternatives(lacking("otrexup", "rheumatoid-arthritis", weekly("5", count=2))) == []


def test_tablets_by_surface_need_the_area() -> None:
    child_ = lacking("jylamvo", "polyarticular-jia", weekly("25"), age=Age(9, 9, SEEN))
    assert not any("tablets" in one for one in alternatives(child_))
    measured = replace(child_, body=surface("0.5"))
    assert alternatives(measured)[-1] == "methotrexate tablets 2.5 mg, 15 mg once weekly (ordered: 25 mg)"


def test_tablets_are_ruled_out_by_what_keeps_the_patient_from_swallowing() -> None:
    able = lacking("otrexup", "polyarticular-jia", weekly("25"), age=Age(9, 9, SEEN), body=surface("1"))
    assert [one.split(",")[0] for one in alternatives(able)] == [
        "methotrexate injection 25 mg/mL",
        "methotrexate tablets 2.5 mg",
    ]
    unable = replace(able, conditions={"unable-to-swallow-pills": (SEEN,)})
    assert [one.split(",")[0] for one in alternatives(unable)] == ["methotrexate injection 25 mg/mL"]
    said = replace(able, attestations={"I.A.5": attested()})
    assert [one.split(",")[0] for one in alternatives(said)] == ["methotrexate injection 25 mg/mL"]
    denied = replace(able, attestations={"I.A.5": attested(False)})
    assert len(alternatives(denied)) == 2


@pytest.mark.parametrize("failed", [True, False])
def test_the_injection_is_ruled_out_by_a_trial_however_it_ended(failed: bool) -> None:
    found = lacking("otrexup", "rheumatoid-arthritis", weekly("40"), trials=tried(Trial(failed, SEEN)))
    assert alternatives(found) == []
    assert alternatives(replace(found, trials=tried()))


def test_the_injection_is_ruled_out_by_an_attested_trial() -> None:
    found = lacking("otrexup", "rheumatoid-arthritis", weekly("40"))
    assert alternatives(found)
    assert alternatives(replace(found, attestations={"I.B.5": attested()})) == []
    assert alternatives(replace(found, attestations={"I.B.5": attested(False)}))


@pytest.mark.parametrize(
    "condition", ["pregnancy", "liver-disease", "alcoholism", "immunodeficiency", "blood-dyscrasia"]
)
def test_what_the_drug_is_contraindicated_in_rules_every_alternative_out(condition: str) -> None:
    found = lacking("jylamvo", "rheumatoid-arthritis", weekly("40"))
    assert alternatives(found)
    assert alternatives(replace(found, conditions={condition: (SEEN,)})) == []


@pytest.mark.parametrize("alerts", [True, False])
def test_an_allergy_on_record_rules_every_other_medicine_out(alerts: bool) -> None:
    found = lacking("jylamvo", "rheumatoid-arthritis", weekly("40"))
    assert alternatives(found)
    assert proposed(found, "product")
    allergic = replace(found, allergies=(Allergy(alerts, SEEN),))
    assert alternatives(allergic) == []
    assert proposed(allergic, "product") == []


@pytest.mark.parametrize(("failed", "left"), [(True, {"otrexup", "reditrex", "jylamvo"}), (False, {*MADE, "jylamvo"})])
def test_a_product_that_failed_before_is_not_proposed_again(failed: bool, left: set[str]) -> None:
    found = order("xatmep", trials={"rasuvo": Trials((Trial(failed, SEEN),))})
    assert {one.medicine.concept for one in proposed(found, "product") if one.medicine} == left


def test_tablets_are_ruled_out_by_a_trial_of_tablets() -> None:
    found = lacking("jylamvo", "mycosis-fungoides", weekly("25"))
    assert alternatives(found)
    assert alternatives(replace(found, trials={"generic-methotrexate-oral": Trials((Trial(True, SEEN),))})) == []


@pytest.mark.parametrize(
    ("indication", "drugs"),
    [
        ("rheumatoid-arthritis", ["methotrexate injection"]),
        ("psoriasis", ["methotrexate injection"]),
        ("polyarticular-jia", ["methotrexate injection", "methotrexate tablets"]),
        ("acute-lymphoblastic-leukemia", ["methotrexate tablets"]),
        ("mycosis-fungoides", ["methotrexate tablets"]),
        ("sezary-syndrome", []),
    ],
)
def test_alternatives_are_those_of_the_diagnosis(indication: str, drugs: list[str]) -> None:
    found = lacking("jylamvo", indication, weekly("5"), body=surface("1"))
    assert [one.split(" 2")[0] for one in alternatives(found)] == drugs


_DIAGNOSES = st.sampled_from([*LIMITS, "polyarticular-jia"])


@given(_DIAGNOSES, _AMOUNTS, st.sampled_from(["mg", "mg/m2"]), st.integers(1, 4), _AREAS)
def test_no_alternative_is_above_its_limit_or_what_was_ordered(
    indication: str, amount: Fraction, unit: Unit, count: int, area: Decimal
) -> None:
    found = lacking("jylamvo", indication, weekly(str(amount), unit, count), body=surface(str(area)), conditions={})
    ordered = amount if unit == "mg" else amount * Fraction(area)
    for one in proposed(found, "generic"):
        assert one.regimen is not None
        assert one.regimen.amount is not None
        single, tablets = Fraction(one.regimen.amount), "tablets" in one.says
        limit = Fraction(LIMITS.get(indication, (30, "mg/m2") if tablets else (20, "mg"))[0])
        by_surface = indication == "acute-lymphoblastic-leukemia" or (indication == "polyarticular-jia" and tablets)
        assert one.anew
        assert 0 < single <= ordered
        assert single * count <= (limit * Fraction(area) if by_surface else limit)
        assert not tablets or (single / Fraction("2.5")).denominator == 1
        assert one.kept is (single == ordered)
