"""What every clause has: conditions, waiver, attestation and its age."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from service.case import Case, Membership, Prescriber
from service.determination import Finding, Result
from service.policy.clause import Clause, Increase, Scope, Setting, Waiver
from service.policy.on_chart import AgeClause, AttestedClause, PrescriberClause
from service.policy.on_dose import DoseClause
from tests.policy.facts import SEEN, TODAY, attested, case, diagnosis, weekly

UNKNOWN_INCREASE = Increase(known=False, higher=False)


def clause(**parts: Any) -> AttestedClause:
    base = {"ref": "I.A.1", "says": "the criterion", "word": "attested"}
    return AttestedClause.model_validate({**base, **parts})


def setting(found: Case, increase: Increase = UNKNOWN_INCREASE) -> Setting:
    return Setting(found, diagnosis(), (), {}, increase)


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        ({}, True),
        ({"product": ("jylamvo",)}, True),
        ({"product": ("xatmep",)}, False),
        ({"diagnosis": ("rheumatoid-arthritis",)}, True),
        ({"diagnosis": ("psoriasis",)}, False),
        ({"product": ("jylamvo",), "diagnosis": ("psoriasis",)}, False),
        ({"product": ("xatmep",), "diagnosis": ("rheumatoid-arthritis",)}, False),
    ],
)
def test_a_condition_fits_by_product_and_diagnosis_both(scope: Any, fits: bool) -> None:
    assert Scope(**scope).fits("jylamvo", "rheumatoid-arthritis") is fits
    applies = clause(**{"for": scope}).find(setting(case())).result
    excluded = clause(unless=scope).find(setting(case())).result
    assert (applies is Result.UNKNOWN) is fits
    assert (excluded is Result.NOT_APPLICABLE) is fits


def test_a_not_applicable_clause_carries_no_evidence_and_no_request() -> None:
    finding = clause(**{"for": {"product": ("xatmep",)}}, asks="a note").find(setting(case()))
    assert (finding.result, finding.evidence, finding.missing) == (Result.NOT_APPLICABLE, (), None)


def test_a_clause_of_dose_increases_is_left_out_only_where_the_dose_is_known_not_to_rise() -> None:
    rising = clause(only_if="dose-increase")
    found = {
        "no increase": rising.find(setting(case(), Increase(known=True, higher=False))).result,
        "increase": rising.find(setting(case(), Increase(known=True, higher=True))).result,
        "not known": rising.find(setting(case(), UNKNOWN_INCREASE)).result,
    }
    assert found.pop("no increase") is Result.NOT_APPLICABLE
    assert set(found.values()) == {Result.UNKNOWN}
    still = clause().find(setting(case(), Increase(known=True, higher=False)))
    assert still.result is Result.UNKNOWN


@pytest.mark.parametrize(("on", "lifts"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True)])
def test_a_waiver_starts_on_its_day(on: date, lifts: bool) -> None:
    waiver = Waiver.model_validate({"line": "him", "state": "IL", "from": date(2026, 1, 1), "cites": "law"})
    member = Membership("him", state="IL", evidence=(SEEN,), state_evidence=(SEEN,))
    assert waiver.lifts(case(evaluated_on=on, membership=member)) is lifts
    finding = clause(waived=waiver).find(setting(case(evaluated_on=on, membership=member)))
    assert (finding.result is Result.WAIVED) is lifts
    assert finding.evidence == ((SEEN, SEEN) if lifts else ())


def test_a_waiver_goes_before_what_the_chart_shows() -> None:
    waiver = {"line": "him", "state": "IL", "from": date(2026, 1, 1), "cites": "law"}
    parts = {"ref": "I.A.1", "says": "age", "word": "age", "at_most": 18, "waived": waiver}
    adult = AgeClause.model_validate(parts)
    assert adult.find(setting(case())).result is Result.NOT_MET
    assert adult.find(setting(case(membership=Membership("him", state="IL")))).result is Result.WAIVED


@pytest.mark.parametrize(("days", "counts"), [(30, True), (31, False), (0, True), (-5, True)])
def test_an_attestation_counts_for_its_days_and_since(days: int, counts: bool) -> None:
    given = attested(on=TODAY - timedelta(days=days))
    finding = clause(attested_within=30).find(setting(case(attestations={"I.A.1": given})))
    assert (finding.result is Result.MET) is counts


def test_an_undated_attestation_counts_only_where_its_age_does_not() -> None:
    given = case(attestations={"I.A.1": attested(on=None)})
    assert clause().find(setting(given)).result is Result.MET
    assert clause(attested_within=30).find(setting(given)).result is Result.UNKNOWN


def test_an_attestation_decides_only_what_is_unknown() -> None:
    parts = {"ref": "I.A.1", "says": "age", "word": "age", "at_most": 18}
    adult = AgeClause.model_validate(parts)
    assert adult.find(setting(case(attestations={"I.A.1": attested()}))).result is Result.NOT_MET
    child = AgeClause.model_validate({**parts, "at_most": 99})
    assert child.find(setting(case(attestations={"I.A.1": attested(False)}))).result is Result.MET


def test_another_clauses_attestation_decides_nothing() -> None:
    assert clause().find(setting(case(attestations={"I.A.2": attested()}))).result is Result.UNKNOWN


def test_no_attestation_settles_a_contradicted_dose() -> None:
    wrong = replace(weekly(15), contradicted=True)
    given = case(dose=wrong, attestations={"I.A.1": attested()})
    assert clause(about_dose=True).find(setting(given)).result is Result.UNKNOWN
    assert clause(about_dose=False).find(setting(given)).result is Result.MET


def test_an_answer_of_no_says_what_would_meet_it_and_yes_does_not() -> None:
    said = clause(remedy="another order")
    no = said.find(setting(case(attestations={"I.A.1": attested(False)})))
    yes = said.find(setting(case(attestations={"I.A.1": attested()})))
    assert (no.remedy, yes.remedy) == ("another order", None)
    assert no.evidence[0].text == "attested"


def test_an_unknown_clause_asks_in_its_words_and_else_in_the_criterions() -> None:
    assert clause(asks="a note").find(setting(case())).missing == "a note"
    assert clause().find(setting(case())).missing == "the criterion"


def test_scope_and_waiver_read_themselves_back() -> None:
    assert Scope(product=("a", "b"), diagnosis=("c",)).reads() == "a, b and c"
    assert Scope().reads() == "every order"
    waiver = Waiver.model_validate({"line": "him", "state": "IL", "from": date(2026, 1, 1), "cites": "law"})
    assert waiver.reads() == "lifted for him members in IL from 2026-01-01 (law)"


def criterion(found: Case, **parts: Any) -> Finding:
    """An adult's age tested against an upper bound of 18, or what `parts` say."""
    base = {"ref": "I.A.1", "says": "the age", "word": "age", "at_most": 18, **parts}
    return AgeClause.model_validate(base).find(setting(found))


def test_every_finding_bears_its_clauses_number_and_words() -> None:
    waiver = {"line": "him", "state": "IL", "from": date(2026, 1, 1), "cites": "law"}
    member = Membership("him", state="IL")
    findings = {
        Result.NOT_MET: criterion(case()),
        Result.MET: criterion(case(), at_most=99),
        Result.UNKNOWN: criterion(case(age=None)),
        Result.WAIVED: criterion(case(membership=member), waived=waiver),
        Result.NOT_APPLICABLE: criterion(case(), **{"for": {"product": ("xatmep",)}}),
    }
    told = {result: (f.result, f.id, f.reads) for result, f in findings.items()}
    assert told == {result: (result, "I.A.1", "the age") for result in findings}
    attested_ = criterion(case(age=None, attestations={"I.A.1": attested()}))
    assert (attested_.result, attested_.id, attested_.reads) == (Result.MET, "I.A.1", "the age")


def test_only_what_is_not_met_says_what_would_meet_it_and_only_what_is_unknown_what_is_missing() -> None:
    parts = {"asks": "a birth date", "remedy": "a child"}
    told = {
        "not met": criterion(case(), **parts),
        "met": criterion(case(), at_most=99, **parts),
        "unknown": criterion(case(age=None), **parts),
    }
    assert {name: f.remedy for name, f in told.items()} == {"not met": "a child", "met": None, "unknown": None}
    assert {name: f.missing for name, f in told.items()} == {"not met": None, "met": None, "unknown": "a birth date"}


def test_a_words_own_remedy_goes_before_the_clauses() -> None:
    parts = {"ref": "I.A.1", "says": "dose", "word": "dose", "at_most": "20 mg per week", "remedy": "another order"}
    finding = DoseClause.model_validate(parts).find(setting(case(dose=weekly(21))))
    assert finding.remedy == "A dose of at most 20 mg per week"


def test_an_attested_finding_keeps_what_the_chart_shows_and_says() -> None:
    parts = {"ref": "I.A.1", "says": "who", "word": "prescriber", "any_of": ("rheumatology",)}
    seen = case(prescriber=Prescriber((), ("Family medicine",)), attestations={"I.A.1": attested()})
    finding = PrescriberClause.model_validate(parts).find(setting(seen))
    assert finding.result is Result.MET
    assert finding.remarks == ("specialty on record: Family medicine",)


@pytest.mark.parametrize(
    ("parts", "reads"),
    [
        ({"product": ("a",)}, "a"),
        ({"diagnosis": ("c", "d")}, "c, d"),
        ({"product": ("a", "b"), "diagnosis": ("c",)}, "a, b and c"),
    ],
)
def test_a_scope_reads_of_what_it_names(parts: Any, reads: str) -> None:
    assert Scope(**parts).reads() == reads


def test_a_clause_that_is_no_word_tests_nothing_and_reads_nothing() -> None:
    bare = Clause.model_validate({"ref": "I.A.1", "says": "x"})
    with pytest.raises(TypeError, match=r"^Clause tests nothing in Setting"):
        bare.test(setting(case()))
    with pytest.raises(TypeError, match=r"^Clause is no word$"):
        bare.reads()
