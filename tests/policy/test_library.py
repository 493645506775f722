"""Documents: loaded, checked, refused with the place at fault; in force by date; what they ask."""

import hashlib
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from service.determination import Result
from service.policy import library
from service.policy.clause import Label
from service.policy.library import Policy, PolicyError
from service.policy.outline import leaves, outlines
from service.policy.readback import readback
from service.terminology import load as load_terms

TEXT = (files("service.policy") / "documents" / "CP.PHAR.134" / "2025-11.toml").read_text(encoding="utf-8")
LIBRARY = library.load()
SECTION = 'ref = "I.A"\ntitle = "x"\nkind = "initial"'


def changed(old: str, new: str) -> Policy:
    assert TEXT.count(old) >= 1
    return library.read(TEXT.replace(old, new, 1), "changed.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('word = "age"', 'word = "aged"', ["clause I.A.3.a", "aged", "'age'"]),
        ("at_least = 2\n", 'at_least = "2"\n', ["clause I.A.3.a", "word age", "integer"]),
        ("at_least = 2\n", "at_least = 2\nat_lest = 2\n", ["clause I.A.3.a", "at_lest"]),
        ('at_most = "20 mg per week"', 'at_most = "20 mg"', ["clause I.A.6.a", "is no limit"]),
        ('of = "any"', 'of = "some"', ["group", "'all' or 'any'"]),
        ('ref = "I.A.2"', 'ref = "I.A.1"', ["I.A.1", "declared twice"]),
        ('ref = "I.A.2"', 'ref = "I.Z.2"', ["I.Z.2", "neither a section nor a group"]),
        ('ref = "I.A.3"\nof', 'ref = "I.A.9"\nof', ["I.A.3"]),
        ('diagnoses = ["polyarticular-jia"]', "diagnoses = []", ["polyarticular-jia", "0 sections"]),
        ('doses = ["I.C.5.a"]', 'doses = ["I.C.5.x"]', ["I.C.note", "I.C.5.x is not declared"]),
        ('question = "Is the patient unable to swallow pills?"\n', "", ["I.A.5", "no question asks a prescriber"]),
        ('product = ["injectable"] }\nat_least', 'product = ["inject"] }\nat_least', ["I.A.3.a", "inject"]),
        ("2026-01-01", '"2026-01-01"', ["clause I.A.4", "date"]),
        ("months = 12", "months = 0", ["approval", "greater than 0"]),
        ('lines = ["medicaid", "him"]', 'lines = ["medicaid"]', ["him", "0 approval terms fit"]),
        ('lines = ["commercial"]', 'lines = ["commercial", "him"]', ["him", "2 approval terms fit"]),
        ('"12.5 mg/0.4 mL"', '"12.5mg"', ["product", "is no strength"]),
        ('joined = ["II.A.3.c.v.note"]', 'joined = ["II.A.3.c.x"]', ["II.A.3.c.v", "must be clauses of the group"]),
        ('id = "CP.PHAR.134"', 'id = "CP.PHAR.134"\nid = "X"', ["changed.toml"]),
    ],
)
def test_a_fault_is_named_with_its_place(old: str, new: str, said: list[str]) -> None:
    with pytest.raises(PolicyError) as error:
        changed(old, new)
    assert [part for part in ["changed.toml", *said] if part not in str(error.value)] == []


def test_a_section_without_clauses_is_refused() -> None:
    extra = '\n[[section]]\nref = "I.H"\ntitle = "x"\nkind = "initial"\n\n[[clause]]'
    with pytest.raises(PolicyError, match=r"I\.H: a section without a clause"):
        changed("\n[[clause]]", extra)


def test_a_group_without_clauses_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"I\.A\.9: a group without a clause"):
        changed("\n[[clause]]", '\n[[group]]\nref = "I.A.9"\nof = "all"\n\n[[clause]]')


@pytest.mark.parametrize(
    ("on", "version", "said"),
    [
        (date(2025, 11, 1), "2025-11", False),
        (date(2025, 10, 31), "2024-11", False),
        (date(2024, 11, 1), "2024-11", False),
        (date(2024, 10, 31), "2024-11", True),
        (date(2030, 1, 1), "2025-11", False),
    ],
)
def test_the_revision_in_force_on_the_day_decides(on: date, version: str, said: bool) -> None:
    revision, remark = LIBRARY.in_force("CP.PHAR.134", on)
    assert revision.policy.document.version == version
    assert (remark is not None) is said


def test_two_revisions_of_one_day_are_refused() -> None:
    with pytest.raises(PolicyError, match="one day"):
        library.collect([library.read(TEXT, "a"), library.read(TEXT, "b")])


def test_a_revision_is_had_by_its_version() -> None:
    assert LIBRARY.revision("CP.PHAR.134").policy.document.version == "2025-11"
    assert LIBRARY.revision("CP.PHAR.134", "2024-11").policy.document.version == "2024-11"
    with pytest.raises(StopIteration):
        LIBRARY.revision("CP.PHAR.134", "1999-01")


def test_the_leaves_are_all_numbered_as_the_policy_has_them() -> None:
    document = LIBRARY.revision("CP.PHAR.134", "2025-11").policy.document
    counts = {s.ref: sum(c.ref.startswith(f"{s.ref}.") for c in document.clause) for s in document.section}
    assert counts == {"I.A": 8, "I.B": 9, "I.C": 7, "I.D": 10, "I.E": 8, "I.F": 10, "II.A": 23}


def test_the_outline_holds_every_clause_once_in_order() -> None:
    for revision in LIBRARY.revisions():
        document = revision.policy.document
        placed = [clause.ref for outline in outlines(document) for clause in outline.leaves()]
        assert sorted(placed) == sorted(c.ref for c in document.clause)
        tops = [item for outline in outlines(document) for item in outline.items]
        assert [c.ref for item in tops for c in leaves(item)] == placed


def test_the_rebuilt_revision_lacks_what_came_after_it() -> None:
    document = LIBRARY.revision("CP.PHAR.134", "2024-11").policy.document
    assert document.rebuilt
    assert not any(c.ref.startswith("I.F") or c.waived or c.word == "stage" for c in document.clause)
    assert "sezary-syndrome" not in {d.concept for d in document.diagnosis}
    assert {"C9399", "J3490"}.isdisjoint(code.code for code in document.hcpcs)
    months = {(t.sections == ("II.A",), t.lines): t.months for t in document.approval if "medicaid" in t.lines}
    assert months == {(False, ("medicaid", "him")): 6, (True, ("medicaid", "him")): 12}


def test_every_concept_that_a_document_names_is_a_value_set() -> None:
    known = set(load_terms().versions)
    for revision in LIBRARY.revisions():
        asked = revision.questions
        drug = asked.drug
        named = {drug.ingredient, *drug.generics, drug.unspecific, drug.silent, drug.unlisted_devices, drug.review}
        named |= {p.concept for p in asked.products} | {p.generic_level for p in asked.products if p.generic_level}
        named |= {d.concept for d in asked.diagnoses} | asked.specialties | asked.trials
        named |= asked.conditions | asked.companions
        assert named - known == set()


# What a criterion wants tried first, and what could be offered: the products and the alternatives.
TRIED = {
    "generic-methotrexate-injection",
    "generic-methotrexate-oral",
    "otrexup",
    "rasuvo",
    "reditrex",
    "xatmep",
    "jylamvo",
}


def test_what_is_asked_is_derived_from_the_words() -> None:
    asked = LIBRARY.revision("CP.PHAR.134").questions
    assert asked.specialties == {"rheumatology", "dermatology", "oncology-hematology"}
    assert asked.trials == TRIED
    assert asked.companions == {"antineoplastic"}
    assert "unable-to-swallow-pills" in asked.conditions
    assert set(asked.resources) >= {"Patient", "MedicationRequest", "Condition", "Observation", "Claim"}
    xatmep = next(p for p in asked.products if p.id == "xatmep")
    assert str(xatmep.mg_per_ml) == "2.5"


def test_without_the_words_of_claims_no_claim_is_asked_for() -> None:
    start = TEXT.index('[[clause]]\nref = "II.A.1.a"')
    end = TEXT.index('[[clause]]\nref = "II.A.1.b"')
    asked = library.questions_of(library.read(TEXT[:start] + TEXT[end:], "fewer.toml"))
    assert {"Claim", "ClaimResponse", "ExplanationOfBenefit"}.isdisjoint(asked.resources)


def test_the_readback_shows_every_clause_in_both_forms() -> None:
    for revision in LIBRARY.revisions():
        text = readback(revision.policy)
        lost = [c.ref for c in revision.policy.document.clause if f"| {c.ref} | {c.says} | {c.reads()} |" not in text]
        assert lost == []
        assert revision.policy.digest in text
        assert "CP.PMN.53" in text
    assert "lifted for him members in IL from 2026-01-01" in readback(LIBRARY.revision("CP.PHAR.134").policy)


def test_results_have_the_contracts_names() -> None:
    assert [r.value for r in Result] == ["met", "not-met", "unknown", "waived", "not-applicable"]


def shipped(name: str = "2025-11") -> Policy:
    """A document read anew."""
    folder = files("service.policy") / "documents" / "CP.PHAR.134"
    return library.read((folder / f"{name}.toml").read_text(encoding="utf-8"), name)


def test_a_library_holds_its_policies_by_id_the_earliest_first() -> None:
    new, old = shipped("2025-11"), shipped("2024-11")
    found = library.collect([new, old])
    assert list(found.policies) == ["CP.PHAR.134"]
    assert [r.policy for r in found.revisions()] == [old, new]
    assert [r.questions.version for r in found.revisions()] == ["2024-11", "2025-11"]
    assert found.revision("CP.PHAR.134").policy == new
    assert found.revision("CP.PHAR.134", "2024-11").policy == old


def test_an_order_older_than_every_revision_is_told_which_one_decides() -> None:
    _, said = LIBRARY.in_force("CP.PHAR.134", date(2024, 10, 31))
    assert said == "The order is older than the earliest revision on file; revision 2024-11 decided"


def test_a_policy_carries_its_labels_and_the_digest_of_its_text() -> None:
    policy = shipped()
    assert policy.digest == hashlib.sha256(TEXT.encode()).hexdigest()
    assert Label("xatmep", "acute-lymphoblastic-leukemia", 18) in policy.labels
    assert Label("jylamvo", "acute-lymphoblastic-leukemia", None) in policy.labels
    assert len(policy.labels) == len(policy.document.label)


def test_a_document_is_asked_for_by_its_own_number_and_revision() -> None:
    asked = library.questions_of(shipped())
    assert (asked.policy, asked.version) == ("CP.PHAR.134", "2025-11")
    assert asked.drug.ingredient == shipped().document.drug.ingredient
    assert [d.concept for d in asked.diagnoses] == [d.concept for d in shipped().document.diagnosis]
    assert asked.specialties == {"rheumatology", "dermatology", "oncology-hematology"}
    assert asked.trials == TRIED
    assert asked.companions == {"antineoplastic"}
    assert asked.conditions >= {"unable-to-swallow-pills", "pregnancy", "alcoholism"}
    assert asked.measured_within_days == 365
    assert {"I.B.7", "I.C.note", "I.D.6.c"} <= asked.about_dose
    assert "I.B.6" not in asked.about_dose
    assert asked.state_observations == shipped().document.history.observed_states


def test_a_product_is_asked_for_by_names_form_strengths_and_concentration() -> None:
    asked = {p.id: p for p in library.questions_of(shipped()).products}
    assert list(asked) == ["otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo"]
    pen, solution = asked["otrexup"], asked["xatmep"]
    assert (pen.name, pen.concept, pen.form) == ("Otrexup", "otrexup", "auto-injector")
    assert pen.mg_per_ml is None
    assert (pen.strengths[0].mg, pen.strengths[0].ml) == (10, Decimal("0.4"))
    assert (asked["reditrex"].strengths[-1].mg, asked["reditrex"].strengths[-1].ml) == (25, 1)
    assert (solution.mg_per_ml, asked["jylamvo"].mg_per_ml) == (Decimal("2.5"), 2)
    declared = {p.id: p for p in shipped().document.product}
    assert {n: p.names for n, p in asked.items()} == {n: p.names for n, p in declared.items()}
    assert {n: p.generic_level for n, p in asked.items()} == {n: p.generic_level for n, p in declared.items()}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('ref = "I.A.2"', 'ref = "I.A.1"', "changed.toml: clause I.A.1: declared twice"),
        ('id = "rasuvo"', 'id = "otrexup"', "changed.toml: product otrexup: declared twice"),
        ('concept = "psoriasis"', 'concept = "rheumatoid-arthritis"', "diagnosis rheumatoid-arthritis: declared twice"),
        ("\n[[clause]]", f"\n[[section]]\n{SECTION}\n\n[[clause]]", "section I.A: declared twice"),
        ("\n[[clause]]", '\n[[group]]\nref = "I.A.3"\nof = "any"\n\n[[clause]]', "group I.A.3: declared twice"),
        ('doses = ["I.C.5.a"]', 'doses = ["I.C.5.x", "I.C.5.y"]', "I.C.note: I.C.5.x, I.C.5.y is not declared"),
    ],
)
def test_a_fault_of_the_parts_together_names_the_part(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        changed(old, new)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('for = { product = ["injectable"] }', 'for = { diagnosis = ["scurvy"] }', "I.A.3.a: scurvy is not declared"),
        ('for = { product = ["injectable"] }', 'for = { product = ["aspirin"] }', "I.A.3.a: aspirin is not declared"),
        ('diagnoses = ["polyarticular-jia"]', 'diagnoses = ["scurvy"]', "I.A: scurvy is not declared"),
    ],
)
def test_a_name_that_is_not_declared_is_refused_where_it_stands(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        changed(old, new)
    assert said in str(error.value)


def test_a_diagnosis_that_two_sections_are_for_is_refused() -> None:
    with pytest.raises(PolicyError, match="polyarticular-jia: 2 sections are for it, one must be"):
        changed('diagnoses = ["rheumatoid-arthritis"', 'diagnoses = ["polyarticular-jia", "rheumatoid-arthritis"')


def test_a_fault_outside_the_clauses_names_no_clause_and_no_word() -> None:
    with pytest.raises(PolicyError) as error:
        changed("months = 12", "months = 0")
    assert str(error.value) == ("changed.toml: approval.0.months: Input should be greater than 0 (found 0)")


def test_faults_are_told_one_to_a_line() -> None:
    text = TEXT.replace("months = 12", "months = 0", 1).replace('of = "any"', 'of = "some"', 1)
    with pytest.raises(PolicyError) as error:
        library.read(text, "two.toml")
    told = str(error.value).split("\n")
    assert len(told) == 2
    assert all(line.startswith("two.toml") for line in told)


def test_a_fault_of_a_clause_is_told_in_full() -> None:
    with pytest.raises(PolicyError) as error:
        changed("at_least = 2\n", 'at_least = "2"\n')
    assert str(error.value).startswith("changed.toml, clause I.A.3.a, word age: clause.")
    assert ".at_least: Input should be a valid integer (found '2')" in str(error.value)


def test_a_concentration_is_milligrams_in_one_millilitre() -> None:
    asked = library.questions_of(changed('concentration = "2.5 mg/mL"', 'concentration = "5 mg/2 mL"'))
    assert next(p for p in asked.products if p.id == "xatmep").mg_per_ml == Decimal("2.5")


def test_a_section_for_a_product_that_is_not_declared_is_refused_by_name() -> None:
    with pytest.raises(PolicyError, match=r"changed\.toml: I\.C: aspirin is not declared; declared are jylamvo, otr"):
        changed('products = ["oral-solution"]', 'products = ["aspirin"]')
