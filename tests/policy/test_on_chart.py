"""The words that read the chart."""

from dataclasses import replace
from typing import Any

import pytest

from service.case import Age, Membership, Prescriber, Specialty, Trial, Trials
from service.determination import Result
from service.policy.clause import Increase, Setting
from service.policy.on_chart import (
    AgeClause,
    AttestedClause,
    ConditionClause,
    CourseClause,
    DiagnosisClause,
    FailedClause,
    PrescriberClause,
    ProductClause,
    StageClause,
)
from tests.policy.facts import SEEN, attested, case, diagnosis, product, tried, weekly

NO_INCREASE = Increase(known=False, higher=False)
DRUG = "generic-methotrexate-injection"


def setting(found: Any = None, **changes: Any) -> Setting:
    return Setting(case(**changes), found or diagnosis(), (), {}, NO_INCREASE)


def age(**bounds: int) -> AgeClause:
    return AgeClause(ref="I.A.1", says="age", word="age", **bounds)


@pytest.mark.parametrize(
    ("years", "result"), [((17, 17), "not-met"), ((18, 18), "met"), ((17, 18), "unknown"), ((19, 20), "met")]
)
def test_a_lower_age_holds_from_the_birthday_on(years: tuple[int, int], result: str) -> None:
    verdict = age(at_least=18).test(setting(age=Age(*years, SEEN)))
    assert verdict.result.value == result
    assert verdict.evidence == (SEEN,)


@pytest.mark.parametrize(("years", "result"), [((18, 18), "met"), ((19, 19), "not-met"), ((18, 19), "unknown")])
def test_an_upper_age_holds_through_its_year(years: tuple[int, int], result: str) -> None:
    assert age(at_most=18).test(setting(age=Age(*years, SEEN))).result.value == result


def test_an_age_of_no_birth_date_is_unknown() -> None:
    verdict = age(at_least=2).test(setting(age=None))
    assert verdict.result is Result.UNKNOWN
    assert verdict.evidence == ()


def test_an_age_within_both_bounds_is_met() -> None:
    clause = age(at_least=2, at_most=18)
    found = {n: clause.test(setting(age=Age(n, n, SEEN))).result.value for n in (1, 2, 18, 19)}
    assert found == {1: "not-met", 2: "met", 18: "met", 19: "not-met"}


def test_an_age_without_a_bound_is_no_criterion() -> None:
    with pytest.raises(ValueError, match="at_least or at_most"):
        age()


def test_a_diagnosis_is_met_open_or_another() -> None:
    clause = DiagnosisClause(ref="I.A.1", says="dx", word="diagnosis", any_of=("a",), open=("b",))
    found = {name: clause.test(setting(diagnosis(name))).result.value for name in ("a", "b", "c")}
    assert found == {"a": "met", "b": "unknown", "c": "not-met"}
    assert clause.test(setting(diagnosis("a"))).evidence == (SEEN,)


@pytest.mark.parametrize(
    ("stage", "result"),
    [("IVA", "met"), ("IVA1", "met"), ("IV", "unknown"), ("IVB", "not-met"), ("IA", "not-met"), (None, "unknown")],
)
def test_a_stage_is_met_open_or_another(stage: str | None, result: str) -> None:
    clause = StageClause(ref="I.A.1", says="stage", word="stage", met=("IVA", "IVA1"), unknown=("IV",))
    staged = diagnosis(stage=stage, stage_evidence=(SEEN,) if stage else ())
    verdict = clause.test(setting(staged))
    assert verdict.result.value == result
    assert verdict.evidence == ((SEEN,) if stage else ())


@pytest.mark.parametrize(("course", "result"), [("relapse", "met"), ("remission", "not-met"), (None, "unknown")])
def test_a_course_is_relapse_remission_or_unknown(course: Any, result: str) -> None:
    clause = CourseClause(ref="I.A.1", says="course", word="course", course="relapse", open=("open",))
    assert clause.test(setting(diagnosis("x", course=course))).result.value == result
    assert clause.test(setting(diagnosis("open", course=course))).result is Result.UNKNOWN


def test_a_product_is_one_of_those_listed_or_not() -> None:
    clause = ProductClause(ref="I.A.1", says="product", word="product", any_of=("xatmep", "jylamvo"))
    found = {n: clause.test(setting(product=product(n))).result.value for n in ("xatmep", "jylamvo", "rasuvo")}
    assert found == {"xatmep": "met", "jylamvo": "met", "rasuvo": "not-met"}


def test_another_specialty_is_unknown_and_named() -> None:
    clause = PrescriberClause(ref="I.A.1", says="who", word="prescriber", any_of=("rheumatology",))
    other = Prescriber((Specialty("dermatology", replace(SEEN, text="Dermatology")),), ("Family medicine",))
    verdict = clause.test(setting(prescriber=other))
    assert verdict.result is Result.UNKNOWN
    assert verdict.remarks == ("specialty on record: Dermatology; Family medicine",)
    assert clause.test(setting()).result is Result.MET
    assert clause.test(setting()).remarks == ()
    assert clause.test(setting(prescriber=Prescriber())).remarks == ()


def test_a_condition_on_record_meets_and_none_is_unknown() -> None:
    clause = ConditionClause(ref="I.A.1", says="pills", word="condition", any_of=("unable-to-swallow-pills",))
    assert clause.test(setting()).result is Result.MET
    absent = clause.test(setting(conditions={}, condition_remarks={"unable-to-swallow-pills": ("near",)}))
    assert absent.result is Result.UNKNOWN
    assert absent.remarks == ("near",)


def test_a_trial_without_an_outcome_is_asked_for_by_name_and_dates() -> None:
    clause = FailedClause(ref="I.A.1", says="step", word="failed", drug=DRUG)
    open_trial = Trial(False, replace(SEEN, text="Methotrexate injection"), "from 2025-06-01")
    verdict = clause.test(setting(trials=tried(open_trial)))
    assert verdict.result is Result.UNKNOWN
    assert verdict.missing == "Outcome of the trial on record: Methotrexate injection (from 2025-06-01)"
    undated = clause.test(setting(trials=tried(replace(open_trial, dates=""))))
    assert undated.missing == "Outcome of the trial on record: Methotrexate injection"


def test_a_failed_trial_meets_the_step_beside_one_without_an_outcome() -> None:
    clause = FailedClause(ref="I.A.1", says="step", word="failed", drug=DRUG)
    failed = Trial(True, replace(SEEN, text="failed"))
    verdict = clause.test(setting(trials=tried(Trial(False, SEEN), failed)))
    assert verdict.result is Result.MET
    assert verdict.evidence == (failed.evidence,)


def test_no_trial_on_record_is_unknown() -> None:
    clause = FailedClause(ref="I.A.1", says="step", word="failed", drug=DRUG)
    assert clause.test(setting(trials={})).result is Result.UNKNOWN
    assert clause.test(setting(trials={DRUG: Trials((), ("tablets do not count",))})).remarks == (
        "tablets do not count",
    )


def test_an_attested_word_is_unknown_until_attested() -> None:
    clause = AttestedClause(ref="I.A.1", says="said", word="attested")
    assert clause.find(setting()).result is Result.UNKNOWN
    assert clause.find(setting(attestations={"I.A.1": attested()})).result is Result.MET
    assert clause.find(setting(attestations={"I.A.1": attested(False)})).result is Result.NOT_MET


def test_a_contradicted_dose_says_that_the_order_must_be_corrected() -> None:
    clause = AttestedClause(ref="I.A.1", says="said", word="attested", about_dose=True)
    wrong = replace(weekly(15), contradicted=True, steps=())
    finding = clause.find(setting(dose=wrong, attestations={"I.A.1": attested()}))
    assert finding.result is Result.UNKNOWN
    assert finding.remarks == ("the order's text and structure disagree on the dose: the order must be corrected",)


def test_every_word_reads_itself_back() -> None:
    clauses = {
        age(at_least=2, at_most=18): "at least 2 and at most 18 completed years",
        DiagnosisClause(ref="I.A.1", says="x", word="diagnosis", any_of=("a", "b"), open=("c",)): "a or b; c leaves",
        StageClause(ref="I.A.1", says="x", word="stage", met=("IA",), unknown=("IV",)): "IA; IV leaves it open",
        CourseClause(ref="I.A.1", says="x", word="course", course="relapse", open=("c",)): "c leaves it open",
        ProductClause(ref="I.A.1", says="x", word="product", any_of=("jylamvo",)): "is jylamvo",
        PrescriberClause(ref="I.A.1", says="x", word="prescriber", any_of=("rheumatology",)): "rheumatology",
        ConditionClause(ref="I.A.1", says="x", word="condition", any_of=("pills",)): "pills",
        FailedClause(ref="I.A.1", says="x", word="failed", drug=DRUG): DRUG,
        AttestedClause(ref="I.A.1", says="x", word="attested"): "only an attestation",
    }
    assert [said for clause, said in clauses.items() if said not in clause.reads()] == []


def test_a_member_of_no_known_line_waives_nothing() -> None:
    waiver = {"line": "him", "state": "IL", "from": case().evaluated_on, "cites": "law"}
    clause = FailedClause.model_validate(
        {"ref": "I.A.1", "says": "step", "word": "failed", "drug": DRUG, "waived": waiver}
    )
    members = {
        "him in IL": Membership("him", state="IL"),
        "him elsewhere": Membership("him", state="OH"),
        "medicaid in IL": Membership("medicaid", state="IL"),
        "unknown": Membership(),
        "him somewhere": Membership("him"),
    }
    found = {name: clause.find(setting(membership=m)).result.value for name, m in members.items()}
    assert found.pop("him in IL") == "waived"
    assert set(found.values()) == {"unknown"}


TOLD = replace(SEEN, text="told")


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_diagnosis_carries_its_evidence_whatever_the_result(name: str) -> None:
    clause = DiagnosisClause(ref="I.A.1", says="dx", word="diagnosis", any_of=("a",), open=("b",))
    verdict = clause.test(setting(diagnosis(name, remarks=("a note",))))
    assert verdict.evidence == (SEEN,)
    assert verdict.remarks == (("a note",) if name == "a" else ())


@pytest.mark.parametrize("stage", ["IVA", "IV", "IB", None])
def test_a_stage_carries_the_diagnosis_remarks_whatever_the_result(stage: str | None) -> None:
    clause = StageClause(ref="I.A.1", says="stage", word="stage", met=("IVA",), unknown=("IV",))
    found = diagnosis(stage=stage, stage_evidence=(TOLD,), remarks=("two systems disagree",))
    verdict = clause.test(setting(found))
    assert (verdict.evidence, verdict.remarks) == ((TOLD,), ("two systems disagree",))


@pytest.mark.parametrize(("course", "evidence"), [("relapse", (TOLD,)), ("remission", (TOLD,)), (None, (SEEN, TOLD))])
def test_a_course_carries_its_evidence_and_an_unknown_one_the_diagnosis_too(course: Any, evidence: Any) -> None:
    clause = CourseClause(ref="I.A.1", says="course", word="course", course="relapse")
    found = diagnosis(course=course, course_evidence=(TOLD,), remarks=("a denied relapse",))
    verdict = clause.test(setting(found))
    assert (verdict.evidence, verdict.remarks) == (evidence, ("a denied relapse",))


def test_product_prescriber_and_condition_carry_their_evidence() -> None:
    bought = ProductClause(ref="I.A.1", says="product", word="product", any_of=("xatmep",))
    assert bought.test(setting()).evidence == (SEEN,)
    who = PrescriberClause(ref="I.A.1", says="who", word="prescriber", any_of=("rheumatology",))
    both = Prescriber((Specialty("dermatology", SEEN), Specialty("rheumatology", TOLD)))
    assert who.test(setting(prescriber=both)).evidence == (TOLD,)
    assert who.test(setting(prescriber=both)).remarks == ()
    pills = ConditionClause(ref="I.A.1", says="pills", word="condition", any_of=("pills", "tube"))
    assert pills.test(setting(conditions={"pills": (SEEN,), "tube": (TOLD,)})).evidence == (SEEN, TOLD)


def test_a_trial_carries_its_evidence_and_remarks() -> None:
    clause = FailedClause(ref="I.A.1", says="step", word="failed", drug=DRUG)
    first, second = Trial(False, SEEN, "2024"), Trial(False, TOLD, "2025")
    verdict = clause.test(setting(trials={DRUG: Trials((first, second), ("tablets do not count",))}))
    assert (verdict.evidence, verdict.remarks) == ((SEEN, TOLD), ("tablets do not count",))
    assert verdict.missing == "Outcome of the trial on record: seen (2024); told (2025)"
    failed = clause.test(setting(trials={DRUG: Trials((Trial(True, TOLD),), ("tablets do not count",))}))
    assert (failed.evidence, failed.remarks, failed.missing) == ((TOLD,), ("tablets do not count",), None)
    assert clause.test(setting(trials={DRUG: Trials()})).missing is None


def test_only_a_contradicted_dose_and_a_leaf_about_it_ask_for_a_corrected_order() -> None:
    wrong = replace(weekly(15), contradicted=True)
    said = {
        (about, contradicted): bool(
            AttestedClause(ref="I.A.1", says="said", word="attested", about_dose=about)
            .test(setting(dose=wrong if contradicted else weekly(15)))
            .remarks
        )
        for about in (True, False)
        for contradicted in (True, False)
    }
    assert [pair for pair, remark in said.items() if remark] == [(True, True)]


def test_a_word_without_what_leaves_it_open_does_not_speak_of_it() -> None:
    clauses = {
        age(at_least=2): "at least 2 completed years on the evaluation date",
        age(at_most=18): "at most 18 completed years on the evaluation date",
        DiagnosisClause(ref="I.A.1", says="x", word="diagnosis", any_of=("a",)): "the diagnosis is a",
        DiagnosisClause(ref="I.A.1", says="x", word="diagnosis", any_of=("a",), open=("c", "d")): (
            "the diagnosis is a; c, d leaves it open"
        ),
        StageClause(ref="I.A.1", says="x", word="stage", met=("I", "IA")): (
            "the stage is one of I, IA; any other stage on record is not"
        ),
        StageClause(ref="I.A.1", says="x", word="stage", met=("I",), unknown=("IV", "V")): (
            "the stage is one of I; IV, V leaves it open; any other stage on record is not"
        ),
        CourseClause(ref="I.A.1", says="x", word="course", course="relapse"): (
            "the Condition says relapse, recurrence or refractory; remission is not met"
        ),
        CourseClause(ref="I.A.1", says="x", word="course", course="relapse", open=("c", "d")): (
            "the Condition says relapse, recurrence or refractory; remission is not met; c, d leaves it open"
        ),
        ProductClause(ref="I.A.1", says="x", word="product", any_of=("a", "b")): "the product ordered is a or b",
        PrescriberClause(ref="I.A.1", says="x", word="prescriber", any_of=("a", "b")): (
            "a specialty on record of the prescriber is a or b; else unknown"
        ),
        ConditionClause(ref="I.A.1", says="x", word="condition", any_of=("a", "b")): (
            "an active Condition on record is of a or b; none leaves it unknown"
        ),
    }
    assert {said: clause.reads() for clause, said in clauses.items()} == {said: said for said in clauses.values()}
