"""Criteria in words."""

from typing import Any

from cards.criteria import missing, others, remarks, shortest_missing, unmet
from service.determination import Finding, Result, Status
from tests.cards.outcomes import PAGE, RA, determination, finding

NEEDED = Status.DOCUMENTATION_NEEDED


def asks(ref: str, text: str | None, **changes: Any) -> Finding:
    return finding(ref, Result.UNKNOWN, missing=text, **changes)


def test_what_is_missing_is_asked_for_with_its_number_and_what_is_on_record() -> None:
    told = determination(NEEDED, findings=(asks("I.B.5", "Outcome of the trial", evidence=(RA,)),), missing=("I.B.5",))
    assert missing(told, PAGE) == [
        "Outcome of the trial (I.B.5); on record: Rheumatoid arthritis (M06.9) (2025-11-02, Condition/ra)"
    ]


def test_the_item_with_the_fewest_leaves_is_asked_for_first() -> None:
    leaves = (asks("I.C.5.a", "The height"), asks("I.C.5.b", "An article"), asks("I.C.note", "A statement"))
    told = determination(NEEDED, findings=leaves, missing=("I.C.5.a", "I.C.5.b", "I.C.note"))
    assert missing(told, PAGE) == [
        "A statement (I.C.note)",
        "For I.C.5, where one of these may be enough:\n  - The height (I.C.5.a)\n  - An article (I.C.5.b)",
    ]


def test_a_note_is_no_alternative_to_the_leaves_beside_it() -> None:
    refs = ("II.A.3.c.iii.1", "II.A.3.c.iii.2", "II.A.3.c.iii.note")
    told = determination(NEEDED, findings=tuple(asks(ref, f"Ask {ref}") for ref in refs), missing=refs)
    first, second = missing(told, PAGE)
    assert first == "Ask II.A.3.c.iii.note (II.A.3.c.iii.note)"
    assert second.startswith("For II.A.3, where one of these may be enough:")
    assert ".note" not in second


def test_leaves_of_an_item_that_ask_for_the_same_are_asked_once() -> None:
    leaves = (asks("I.F.1.a.i", "The subtype"), asks("I.F.1.a.ii", "The subtype"))
    told = determination(NEEDED, findings=leaves, missing=("I.F.1.a.i", "I.F.1.a.ii"))
    assert missing(told, PAGE) == ["The subtype (I.F.1.a.i, I.F.1.a.ii)"]


def test_requests_apart_from_criteria_come_first() -> None:
    told = determination(NEEDED, findings=(), missing=("diagnosis",), asks=("The <diagnosis>",))
    assert missing(told, PAGE) == ["The &lt;diagnosis&gt;"]
    assert shortest_missing(told) == ("The <diagnosis>", 0)


def test_a_request_without_words_is_named_by_itself() -> None:
    told = determination(NEEDED, findings=(asks("I.B.6", None),), missing=("product", "I.B.6"))
    assert missing(told, PAGE) == ["product", "Criterion I.B.6 (I.B.6)"]


def test_the_summary_names_the_shortest_thing_and_counts_the_others() -> None:
    leaves = (asks("I.B.3.a", "A consultation note"), asks("I.B.4.b", "A date"), asks("I.B.6", "A date"))
    told = determination(NEEDED, findings=leaves, missing=("I.B.3.a", "I.B.4.b", "I.B.6"))
    assert shortest_missing(told) == ("A date (I.B.4.b)", 1)
    assert shortest_missing(determination(NEEDED, findings=(), missing=())) == ("", 0)


def test_what_is_not_met_tells_what_would_meet_it() -> None:
    assert unmet(determination(Status.NOT_MET), PAGE) == [
        "Criterion I.B.7 (I.B.7): 37.5 mg per week, limit 30 (MedicationRequest/mtx-1); "
        "would meet it: A dose of at most 30 mg per week"
    ]


def test_a_criterion_without_a_remedy_or_words_is_told_by_its_number() -> None:
    told = determination(Status.NOT_MET, findings=(finding("I.B.2", Result.NOT_MET, reads=""),), unmet=("I.B.2",))
    assert unmet(told, PAGE) == ["I.B.2"]


def test_other_criteria_stand_by_result_and_those_that_do_not_apply_are_left_out() -> None:
    findings = (
        finding("I.B.1", Result.MET, RA),
        finding("I.B.5", Result.WAIVED),
        finding("I.B.4.a", Result.NOT_APPLICABLE),
        finding("I.B.6", Result.UNKNOWN),
        finding("I.B.7", Result.NOT_MET),
    )
    assert others(determination(findings=findings), PAGE).split("\n\n") == [
        "**Met**",
        "- Criterion I.B.1 (I.B.1): Rheumatoid arthritis (M06.9) (2025-11-02, Condition/ra)",
        "**Not met, but not what decides**",
        "- Criterion I.B.7 (I.B.7)",
        "**Not documented, but not what decides**",
        "- Criterion I.B.6 (I.B.6)",
        "**Waived for this member**",
        "- Criterion I.B.5 (I.B.5)",
    ]


def test_what_decides_is_not_listed_a_second_time() -> None:
    assert "I.B.7" not in others(determination(Status.NOT_MET), PAGE)
    assert "I.B.6" not in others(determination(NEEDED), PAGE)


def test_a_remark_is_told_once_with_the_leaves_it_belongs_to() -> None:
    findings = (
        finding("I.B.6", remarks=("tablets were <tried>",)),
        finding("I.B.7", remarks=("tablets were <tried>",)),
        finding("I.B.4.a", Result.NOT_APPLICABLE, remarks=("not shown",)),
    )
    told = determination(findings=findings, remarks=("inferred", "inferred"))
    assert remarks(told, PAGE) == ["Inferred", "Tablets were &lt;tried&gt; (I.B.6, I.B.7)"]
