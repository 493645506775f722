"""The form of what is missing: its questions in a prescriber's words, and what a chart may show of each."""

import pytest

from service.policy import library
from service.policy.clause import About, Clause, Scope
from service.policy.determine import Policy
from service.policy.form import Choice, Form, Question, form, questions
from service.policy.on_chart import DiagnosisClause, ProductClause
from service.questions import Shows

POLICIES = [revision.policy for revision in library.load().revisions()]
OLD, NEW = POLICIES
BODY = Shows("measure", ("body-surface-area", "body-height", "body-weight"))
LOOSE = ("methotrexate-ingredient", "methotrexate-unspecific")
SOLUTIONS = ("xatmep", "xatmep-generic-level", "jylamvo")
INJECTABLES = (
    "otrexup",
    "otrexup-generic-level",
    "rasuvo",
    "rasuvo-generic-level",
    "reditrex",
    "reditrex-generic-level",
)


def made(policy: Policy, *refs: str) -> Form:
    found = form(policy, refs)
    assert found is not None
    return found


def asked(ref: str, policy: Policy = NEW) -> Question:
    (found,) = questions(made(policy, ref).parts)
    return found


def can_be_missing(clause: Clause) -> bool:
    """A product is known or asked for before any clause; a diagnosis is unknown only where one of its codes is open."""
    if isinstance(clause, DiagnosisClause):
        return bool(clause.open)
    return not isinstance(clause, ProductClause)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.document.version)
def test_every_clause_that_can_be_missing_has_a_question(policy: Policy) -> None:
    lacking = [c.ref for c in policy.document.clause if can_be_missing(c) and c.question is None]
    assert lacking == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.document.version)
def test_a_question_is_one_short_question_and_no_statement(policy: Policy) -> None:
    listed = [c.question for c in policy.document.clause if c.question]
    assert all(said.endswith("?") and said.count("?") == 1 and len(said) <= 140 for said in listed)
    assert all(said[0].isupper() and said != c.says for c in policy.document.clause if (said := c.question))


def test_a_clause_that_both_revisions_have_asks_the_same_in_both() -> None:
    old = {c.ref: c for c in OLD.document.clause}
    same = [c for c in NEW.document.clause if c.ref in old and c.says == old[c.ref].says]
    assert len(same) > 50
    assert [c.question for c in same] == [old[c.ref].question for c in same]


def test_a_question_is_put_in_a_prescribers_words_and_told_in_the_policys() -> None:
    found = asked("I.B.5")
    assert found.question == (
        "Did generic methotrexate injection fail, cause significant side effects, "
        "or is it contraindicated for this patient?"
    )
    assert found.says.startswith("Injectable: generic methotrexate injection was tried")


def test_a_clause_without_a_question_is_asked_for_by_what_it_says() -> None:
    found = asked("I.B.2")
    assert found.question == found.says == "The product is Otrexup, Rasuvo, RediTrex or Jylamvo"


@pytest.mark.parametrize(
    ("ref", "shows"),
    [
        ("I.A.1", (Shows("condition", ("polyarticular-jia",)),)),
        ("I.A.2", ()),
        ("I.A.3.a", (Shows("birth-date"),)),
        ("I.A.4", (Shows("medication", ("generic-methotrexate-injection", *LOOSE)),)),
        ("I.A.5", (Shows("condition", ("unable-to-swallow-pills",)),)),
        ("I.A.6.a", (BODY,)),
        ("I.A.6.b", (BODY,)),
        ("I.B.1", (Shows("condition", ("rheumatoid-arthritis", "psoriasis")),)),
        ("I.B.2", ()),
        ("I.B.7", (BODY,)),
        ("I.C.5.b", ()),
        ("I.C.note", ()),
        ("I.D.1.a", (Shows("condition", ("mycosis-fungoides",)),)),
        ("I.D.1.b", (Shows("condition", ("sezary-syndrome",)),)),
        ("I.E.1", (Shows("condition", ("non-hodgkin-lymphoma",)),)),
        (
            "I.F.1.a.i",
            (Shows("condition", ("primary-cutaneous-alcl", "primary-cutaneous-cd30-lymphoproliferative-disorder")),),
        ),
        ("II.A.1.a", (Shows("medication", (*INJECTABLES, *SOLUTIONS, *LOOSE)),)),
        ("II.A.1.c", (Shows("medication", (*SOLUTIONS, *LOOSE)),)),
        ("II.A.2", (Shows("medication", (*INJECTABLES, *SOLUTIONS, *LOOSE)),)),
        ("II.A.3", (Shows("medication", (*INJECTABLES, *SOLUTIONS, *LOOSE)),)),
        ("II.A.3.a.i", (Shows("medication", (*INJECTABLES, *LOOSE)), BODY)),
        ("II.A.3.b.i", (Shows("medication", ("xatmep", "xatmep-generic-level", *LOOSE)), BODY)),
        ("II.A.3.b.ii.2", (Shows("medication", ("xatmep", "xatmep-generic-level", *LOOSE)),)),
        ("II.A.3.c.iii.note", (Shows("medication", ("jylamvo", *LOOSE)),)),
        ("II.A.3.c.iv.2", (Shows("medication", ("jylamvo", *LOOSE)), BODY)),
    ],
)
def test_what_a_chart_may_show_comes_of_the_clauses_word(ref: str, shows: tuple[Shows, ...]) -> None:
    assert asked(ref).shows == shows


def test_what_no_scope_narrows_is_the_sections_own() -> None:
    about = About(("psoriasis",), {"xatmep": ("xatmep", "a-level")}, ("a-drug",))
    assert (
        about.conditions(None) == about.conditions(Scope(product=("xatmep",))) == (Shows("condition", ("psoriasis",)),)
    )
    assert about.conditions(Scope(diagnosis=("x",)), ("y", "x")) == (Shows("condition", ("y", "x")),)
    assert About((), {}, ()).conditions(None) == ()
    assert about.medications(None) == (Shows("medication", ("xatmep", "a-level", "a-drug")),)
    assert about.medications(Scope(product=("other",))) == (Shows("medication", ("other", "a-drug")),)


def test_the_questions_of_every_branch_are_listed_in_their_order() -> None:
    found = made(NEW, "I.F.1.a.i", "I.F.1.a.ii", "I.F.6")
    assert any(isinstance(part, Choice) for part in found.parts)
    assert [one.ref for one in questions(found.parts)] == ["I.F.1.a.i", "I.F.1.a.ii", "I.F.6"]
