"""A case decided: pathways, the best of them, what is missing and unmet, referral, approval."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.case import Age, Attestation, Case, Companions, Diagnoses, Had, History, Membership, Prescriber
from service.determination import Approval, Determination, Outcome, Result, SafetyNotice, Status
from service.plans import LabelChange, Plans, StateRule
from service.policy import library
from service.policy.determine import determine
from tests.policy.facts import SEEN, attested, case, diagnosis, product, supply, surface, therapy, weekly

POLICY = library.load().revision("CP.PHAR.134", "2025-11").policy


def outcome(found: Case, plans: Plans | None = None) -> Outcome | None:
    return determine(POLICY, found, plans or Plans())


def decided(found: Case, plans: Plans | None = None) -> Determination:
    told = outcome(found, plans)
    assert isinstance(told, Determination)
    return told


def results(found: Determination) -> dict[str, str]:
    return {f.id: f.result.value for f in found.findings}


def for_(*indications: str, **changes: Any) -> Diagnoses:
    return Diagnoses(tuple(diagnosis(i) for i in indications), **changes)


def oncology(indication: str, **changes: Any) -> Case:
    """An order of Jylamvo for a cancer, by an oncologist."""
    told = case(diagnoses=for_(indication), prescriber=case().prescriber, body=surface("1"))
    return replace(told, **changes)


def test_every_criterion_met_is_approvable() -> None:
    found = decided(case())
    assert (found.status, found.pathway, found.missing, found.unmet) == (Status.APPROVABLE, "I.B", (), ())
    assert isinstance(found.approval, Approval)
    assert found.referral is None
    assert (found.product, found.indication, found.line) == ("jylamvo", "rheumatoid-arthritis", "medicaid")
    assert found.indication_name == "rheumatoid arthritis"
    assert found.policy.version == "2025-11"


def test_every_leaf_of_the_pathway_is_told_in_the_policys_order() -> None:
    assert results(decided(case())) == {
        "I.B.1": "met",
        "I.B.2": "met",
        "I.B.3.a": "met",
        "I.B.3.b": "not-applicable",
        "I.B.4.a": "not-applicable",
        "I.B.4.b": "met",
        "I.B.5": "not-applicable",
        "I.B.6": "met",
        "I.B.7": "met",
    }


def test_one_missing_document_needs_documentation() -> None:
    found = decided(case(conditions={}))
    assert (found.status, found.missing, found.unmet) == (Status.DOCUMENTATION_NEEDED, ("I.B.6",), ())
    assert found.approval is None


def test_one_not_met_criterion_is_not_met_and_nothing_is_missing() -> None:
    found = decided(case(conditions={}, age=Age(17, 17, SEEN)))
    assert (found.status, found.missing, found.unmet) == (Status.NOT_MET, (), ("I.B.4.b",))
    assert found.referral is not None
    assert found.referral.policies == {"medicaid": ("CP.PMN.53",)}
    assert "age (I.B.4.b)" in found.referral.reason


def test_a_not_met_answer_on_documentation_refers_nowhere() -> None:
    found = decided(case(conditions={}, attestations={"I.B.6": attested(False)}))
    assert (found.status, found.unmet, found.referral) == (Status.NOT_MET, ("I.B.6",), None)


def test_two_failures_are_both_unmet_and_one_of_them_refers() -> None:
    found = decided(case(conditions={}, dose=weekly("30.1"), attestations={"I.B.6": attested(False)}))
    assert found.unmet == ("I.B.6", "I.B.7")
    assert found.referral is not None
    assert found.referral.reason == "The use is not listed: dose (I.B.7)"


def test_an_open_any_of_holds_a_not_met_leaf_back_from_deciding() -> None:
    found = decided(oncology("acute-lymphoblastic-leukemia", dose=weekly("20.1")))
    assert results(found)["I.C.5.a"] == "not-met"
    assert found.status is Status.DOCUMENTATION_NEEDED
    assert found.missing == ("I.C.3", "I.C.5.b", "I.C.note")


def test_an_any_of_that_is_met_asks_for_none_of_its_unknown_leaves() -> None:
    found = decided(oncology("acute-lymphoblastic-leukemia"))
    assert results(found)["I.C.5.b"] == "unknown"
    assert found.missing == ("I.C.3",)
    assert results(found)["I.C.note"] == "met"


def test_a_no_to_the_last_way_makes_an_any_of_not_met() -> None:
    given = {"I.C.5.b": attested(False)}
    found = decided(oncology("acute-lymphoblastic-leukemia", dose=weekly("20.1"), attestations=given))
    assert found.unmet == ("I.C.5.a", "I.C.5.b")


def test_no_diagnosis_is_what_is_missing() -> None:
    found = decided(case(diagnoses=Diagnoses(remarks=("a local code",))))
    assert (found.status, found.missing, found.pathway) == (Status.DOCUMENTATION_NEEDED, ("diagnosis",), None)
    assert (found.indication, found.findings) == (None, ())
    assert found.asks
    assert "a local code" in found.remarks


def test_an_unlisted_diagnosis_is_referred() -> None:
    found = decided(case(diagnoses=Diagnoses(unlisted=(replace(SEEN, text="Lupus (M32.9)"),))))
    assert (found.status, found.pathway, found.missing) == (Status.REFER, None, ())
    assert found.referral is not None
    assert "Lupus (M32.9)" in found.referral.reason
    assert found.referral.policies == {"medicaid": ("CP.PMN.53",)}


def test_an_open_product_goes_first() -> None:
    open_ = product(None, candidates=("otrexup", "rasuvo"))
    found = decided(case(product=open_, diagnoses=Diagnoses()))
    assert (found.status, found.missing, found.pathway) == (Status.DOCUMENTATION_NEEDED, ("product",), None)
    assert "Otrexup or Rasuvo" in found.asks[0]
    assert decided(case(product=open_)).indication == "rheumatoid-arthritis"
    assert decided(case(product=open_, diagnoses=for_("psoriasis", "rheumatoid-arthritis"))).indication is None


def test_a_generic_has_no_determination_but_its_alarm() -> None:
    generic = product(None)
    assert outcome(case(product=generic)) is None
    notice = outcome(case(product=generic, dose=replace(weekly(1), daily=(SEEN,))))
    assert isinstance(notice, SafetyNotice)
    assert [a.code for a in notice.safety] == ["daily-dosing"]


def test_a_member_outside_the_lines_has_no_determination_but_every_alarm() -> None:
    outside = Membership(None, outside=True)
    assert outcome(case(membership=outside)) is None
    notice = outcome(case(membership=outside, conditions={"pregnancy": (SEEN,)}))
    assert isinstance(notice, SafetyNotice)
    assert [a.code for a in notice.safety] == ["pregnancy"]


def test_the_best_diagnosis_wins_and_the_others_are_told() -> None:
    by_dermatologist = Prescriber((replace(case().prescriber.specialties[0], concept="dermatology"),))
    found = decided(case(diagnoses=for_("rheumatoid-arthritis", "psoriasis"), prescriber=by_dermatologist))
    assert (found.status, found.indication) == (Status.APPROVABLE, "psoriasis")
    assert "Also considered: rheumatoid arthritis (I.B: documentation-needed)" in found.remarks


def test_a_tie_of_diagnoses_goes_to_the_policys_order() -> None:
    for order in (("psoriasis", "rheumatoid-arthritis"), ("rheumatoid-arthritis", "psoriasis")):
        assert decided(case(diagnoses=for_(*order))).indication == "rheumatoid-arthritis"


def test_a_tie_of_status_goes_to_the_fewer_not_met_then_the_fewer_unknown() -> None:
    minor = Age(17, 17, SEEN)
    staged = diagnosis("mycosis-fungoides", stage="IVB", stage_evidence=(SEEN,))
    fewer_not_met = Diagnoses((staged, diagnosis("sezary-syndrome")))
    found = decided(case(diagnoses=fewer_not_met, age=minor))
    assert (found.indication, found.unmet) == ("sezary-syndrome", ("I.D.4",))
    lymphomas = for_("non-hodgkin-lymphoma", "acute-lymphoblastic-leukemia")
    assert decided(case(diagnoses=lymphomas, body=surface("1"))).indication == "acute-lymphoblastic-leukemia"
    fewer_unknown = for_("non-hodgkin-lymphoma", "subcutaneous-panniculitis-like-t-cell-lymphoma")
    found = decided(case(diagnoses=fewer_unknown, dose=weekly(10), prescriber=Prescriber()))
    assert found.indication == "non-hodgkin-lymphoma"
    assert len([r for r in results(found).values() if r == "unknown"]) == 3


def on_it(**changes: Any) -> Case:
    """On Jylamvo by this plan's benefit and well, prescribed by nobody of a known specialty."""
    history = History(
        signs=(SEEN,), supplies=(supply(date(2026, 2, 10)),), therapies=(therapy(weekly(15), date(2026, 1, 1)),)
    )
    base = case(history=history, prescriber=Prescriber(), attestations={"II.A.2": attested()})
    return replace(base, **changes)


def test_continued_therapy_wins_where_it_is_better() -> None:
    found = decided(on_it())
    assert (found.status, found.pathway) == (Status.APPROVABLE, "II.A")
    assert set(results(found).values()) == {"met", "unknown", "not-applicable"}


def test_a_tie_goes_to_continued_therapy_only_where_the_patient_is_on_it() -> None:
    assert decided(on_it(attestations={})).pathway == "II.A"
    not_paid = replace(on_it().history, supplies=())
    assert decided(on_it(attestations={}, history=not_paid)).pathway == "I.B"
    assert decided(on_it(prescriber=case().prescriber)).pathway == "II.A"


def test_continued_therapy_is_left_out_without_a_sign_or_an_answer() -> None:
    silent = History(supplies=(supply(date(2026, 2, 10)),))
    assert decided(on_it(history=silent, attestations={})).pathway == "I.B"
    answered = {"II.A.1.b": attested(), "II.A.2": attested()}
    assert decided(on_it(history=History(), attestations=answered)).pathway == "II.A"
    old = Attestation(True, date(2025, 3, 9), SEEN)
    aged = on_it(history=History(), attestations={"II.A.1.b": old, "II.A.2": old})
    assert decided(aged).pathway == "I.B"


def test_continued_therapy_is_left_out_for_a_product_not_listed_with_the_diagnosis() -> None:
    found = decided(on_it(product=product("xatmep")))
    assert (found.status, found.pathway, found.unmet) == (Status.NOT_MET, "I.B", ("I.B.2",))


def test_no_increase_leaves_the_dose_item_out_and_says_where_it_is_above() -> None:
    same = replace(on_it().history, therapies=(therapy(weekly(40)),))
    found = decided(on_it(history=same, dose=weekly(40)))
    assert found.status is Status.APPROVABLE
    assert results(found)["II.A.3.c.ii"] == "not-applicable"
    assert any("II.A.3.c.ii" in remark for remark in found.remarks)
    within = decided(on_it())
    assert "No dose increase (15 mg a week now, 15 ordered)" in within.remarks
    assert not any("dose increase" in remark for remark in decided(on_it(dose=weekly(20))).remarks)


def test_an_increase_above_its_limit_is_not_met_and_refers() -> None:
    found = decided(on_it(dose=weekly("30.1")))
    assert (found.status, found.pathway, found.unmet) == (Status.NOT_MET, "II.A", ("II.A.3.c.ii",))
    assert found.referral is not None


def test_a_diagnosis_without_a_limit_has_the_bare_leaf_in_place_of_the_others() -> None:
    initial = for_("subcutaneous-panniculitis-like-t-cell-lymphoma")
    raised = on_it(diagnoses=initial, dose=weekly(20))
    found = decided(raised)
    assert [f.id for f in found.findings] == ["II.A.1.a", "II.A.1.b", "II.A.1.c", "II.A.2", "II.A.3"]
    assert found.missing == ("II.A.3",)
    supported = decided(replace(raised, attestations={**raised.attestations, "II.A.3": attested()}))
    assert supported.status is Status.APPROVABLE
    assert "II.A.3" not in results(decided(on_it()))


def test_an_inferred_indication_is_said() -> None:
    found = decided(case(diagnoses=for_("rheumatoid-arthritis", inferred=True)))
    assert any("inferred from the problem list" in remark for remark in found.remarks)
    assert not any("inferred" in remark for remark in decided(case()).remarks)


def test_a_states_own_medicaid_rule_is_said_to_its_members_only() -> None:
    rule = StateRule(state="IL", product="jylamvo", says="ask the state")
    plans = Plans(state_rules=(rule,))
    told = {
        "medicaid in IL": decided(case(membership=Membership("medicaid", state="IL")), plans).remarks,
        "medicaid in OH": decided(case(membership=Membership("medicaid", state="OH")), plans).remarks,
        "him in IL": decided(case(membership=Membership("him", state="IL")), plans).remarks,
    }
    assert [n for n, remarks in told.items() if any("ask the state" in r for r in remarks)] == ["medicaid in IL"]
    assert [n for n, remarks in told.items() if any("take precedence" in r for r in remarks)] == [
        "medicaid in IL",
        "medicaid in OH",
    ]


def test_a_recent_label_change_replaces_the_number_of_a_referral() -> None:
    change = LabelChange(product="jylamvo", date=date(2026, 1, 5), formulary=True)
    found = decided(case(age=Age(17, 17, SEEN)), Plans(label_changes=(change,)))
    assert found.referral is not None
    assert found.referral.policies == {"medicaid": ("CP.PMN.255",)}


@pytest.mark.parametrize(
    ("companions", "dose", "leaf"),
    [
        (Companions((), Had()), weekly(75), "I.D.6.a"),
        (Companions((SEEN,), Had()), weekly(10, "mg/m2", 2), "I.D.6.b"),
    ],
)
def test_the_note_of_mycosis_fungoides_takes_either_dose(companions: Companions, dose: Any, leaf: str) -> None:
    staged = Diagnoses((diagnosis("mycosis-fungoides", stage="IIB", stage_evidence=(SEEN,)),))
    found = results(decided(case(diagnoses=staged, companions=companions, dose=dose)))
    assert (found[leaf], found["I.D.note"]) == ("met", "met")


def test_sezary_syndrome_is_on_no_label() -> None:
    staged = Diagnoses((diagnosis("sezary-syndrome", stage="IVA", stage_evidence=(SEEN,)),))
    found = results(decided(case(diagnoses=staged, dose=weekly(25))))
    assert (found["I.D.1.a"], found["I.D.1.b"], found["I.D.note"]) == ("not-applicable", "met", "unknown")


def test_what_was_found_is_the_same_every_time() -> None:
    assert decided(on_it()) == decided(on_it())
    assert decided(case()).findings[0].result is Result.MET


PREGNANT: dict[str, Any] = {"conditions": {**case().conditions, "pregnancy": (SEEN,)}}


def test_every_determination_tells_its_order_day_drug_and_what_was_not_read() -> None:
    unread = ("Claim: could not be had",)
    asked = {
        "decided": case(unread=unread),
        "no diagnosis": case(unread=unread, diagnoses=Diagnoses()),
        "referred": case(unread=unread, diagnoses=Diagnoses(unlisted=(SEEN,))),
        "open product": case(unread=unread, product=product(None, candidates=("otrexup", "rasuvo"), drug="Otrexup")),
    }
    for found in map(decided, asked.values()):
        assert (found.order, found.evaluated_on) == ("MedicationRequest/order-1", date(2026, 3, 10))
        assert found.unread == unread
    assert {name: decided(found).drug for name, found in asked.items()} == {
        "decided": "jylamvo",
        "no diagnosis": "jylamvo",
        "referred": "jylamvo",
        "open product": "Otrexup",
    }


def test_the_name_of_the_indication_is_empty_where_there_is_none() -> None:
    assert decided(case()).indication_name == "rheumatoid arthritis"
    assert decided(case(diagnoses=Diagnoses())).indication_name == ""


def test_a_concept_that_the_policy_does_not_name_is_its_own_name() -> None:
    assert POLICY.name("otrexup") == "Otrexup"
    assert POLICY.name("psoriasis") == "psoriasis"
    assert POLICY.name("scurvy") == "scurvy"


def test_alerts_stand_beside_every_status() -> None:
    alarmed = {
        "approvable": case(**PREGNANT),
        "not met": case(age=Age(17, 17, SEEN), **PREGNANT),
        "no diagnosis": case(diagnoses=Diagnoses(), **PREGNANT),
        "refer": case(diagnoses=Diagnoses(unlisted=(SEEN,)), **PREGNANT),
        "open product": case(product=product(None, candidates=("otrexup", "rasuvo")), **PREGNANT),
    }
    told = {name: [a.code for a in decided(found).safety] for name, found in alarmed.items()}
    assert told == {name: ["pregnancy"] for name in alarmed}


def test_pregnancy_beside_a_solution_is_weighed_by_the_one_diagnosis_decided() -> None:
    leukaemia = for_("acute-lymphoblastic-leukemia")
    assert decided(case(diagnoses=leukaemia, **PREGNANT)).safety == ()
    outside = Membership(None, outside=True)
    assert outcome(case(diagnoses=leukaemia, membership=outside, **PREGNANT)) is None
    several = for_("acute-lymphoblastic-leukemia", "mycosis-fungoides")
    assert isinstance(outcome(case(diagnoses=several, membership=outside, **PREGNANT)), SafetyNotice)


def test_a_notice_tells_its_order_drug_and_policy() -> None:
    generic = product(None, drug="methotrexate 2.5 mg tablet")
    notice = outcome(case(product=generic, dose=replace(weekly(1), daily=(SEEN,))))
    assert isinstance(notice, SafetyNotice)
    assert (notice.order, notice.drug) == ("MedicationRequest/order-1", "methotrexate 2.5 mg tablet")
    assert (notice.policy.id, notice.policy.version) == ("CP.PHAR.134", "2025-11")


def test_no_diagnosis_is_asked_for_by_the_names_of_the_elements() -> None:
    assert decided(case(diagnoses=Diagnoses())).asks == (
        "The diagnosis that the order treats, as the order's reason (reasonCode or reasonReference)",
    )


def test_unlisted_diagnoses_are_named_once_each() -> None:
    lupus, gout = replace(SEEN, text="Lupus (M32.9)"), replace(SEEN, text="Gout (M10.9)")
    found = decided(case(diagnoses=Diagnoses(unlisted=(lupus, gout, lupus))))
    assert found.referral is not None
    assert found.referral.reason == (
        "CP.PHAR.134 does not list the diagnosis of the order: Lupus (M32.9); Gout (M10.9)"
    )


def test_a_label_change_replaces_the_number_of_an_unlisted_diagnosis_for_its_product_only() -> None:
    unlisted = case(diagnoses=Diagnoses(unlisted=(SEEN,)))
    told = {}
    for name in ("jylamvo", "xatmep"):
        change = LabelChange(product=name, date=date(2026, 1, 5), formulary=True)
        found = decided(unlisted, Plans(label_changes=(change,)))
        assert found.referral is not None
        told[name] = found.referral.policies
    assert told == {"jylamvo": {"medicaid": ("CP.PMN.255",)}, "xatmep": {"medicaid": ("CP.PMN.53",)}}


def test_a_worse_pathway_does_not_win_though_the_patient_is_on_it() -> None:
    found = decided(on_it(prescriber=case().prescriber, attestations={}))
    assert (found.status, found.pathway) == (Status.APPROVABLE, "I.B")


def test_each_failure_that_refers_is_named() -> None:
    found = decided(case(age=Age(17, 17, SEEN), dose=weekly("30.1")))
    assert found.referral is not None
    assert found.referral.reason == "The use is not listed: age (I.B.4.b), dose (I.B.7)"


def test_the_rule_of_precedence_is_said_in_one_remark() -> None:
    said = "A state's own Medicaid coverage rules take precedence over this policy"
    assert said in decided(case()).remarks
    assert said not in decided(case(membership=Membership("him"))).remarks


def test_a_tie_of_status_goes_to_the_fewer_unknown_before_the_policys_order() -> None:
    by_dermatologist = Prescriber((replace(case().prescriber.specialties[0], concept="dermatology"),))
    for order in (("rheumatoid-arthritis", "psoriasis"), ("psoriasis", "rheumatoid-arthritis")):
        found = decided(case(diagnoses=for_(*order), prescriber=by_dermatologist, conditions={}))
        assert (found.status, found.indication) == (Status.DOCUMENTATION_NEEDED, "psoriasis")
        assert found.missing == ("I.B.6",)
