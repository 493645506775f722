"""What a clause means, as a digest: the same while nothing that decides changes, another as soon as something does."""

from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from service.determination import Line
from service.policy.determine import Policy
from service.policy.fingerprint import Use, may_lift, meanings
from service.policy.library import load, read

TEXT = (files("service.policy") / "documents" / "CP.PHAR.134" / "2025-11.toml").read_text(encoding="utf-8")
NEW = load().revision("CP.PHAR.134", "2025-11").policy
OLD = load().revision("CP.PHAR.134", "2024-11").policy
USE = Use("jylamvo", "rheumatoid-arthritis", "commercial", date(2026, 3, 10))
ALL = replace(USE, indication="acute-lymphoblastic-leukemia")


def _edited(ref: str, old: str, new: str) -> Policy:
    """The newest revision with one change inside a clause."""
    head, rest = TEXT.split(f'[[clause]]\nref = "{ref}"\n', 1)
    clause, sep, tail = rest.partition("\n\n")
    assert old in clause
    return read(f'{head}[[clause]]\nref = "{ref}"\n{clause.replace(old, new)}{sep}{tail}', "edited.toml")


def _one(policy: Policy, ref: str, use: Use = USE) -> str:
    return meanings(policy, use, [ref])[ref]


def test_a_digest_is_short_and_does_not_hang_on_the_run() -> None:
    assert _one(NEW, "I.B.7") == _one(read(TEXT, "again.toml"), "I.B.7")
    assert len(_one(NEW, "I.B.7")) == 16


def test_no_two_leaves_that_apply_mean_the_same() -> None:
    refs = [c.ref for c in NEW.document.clause if c.concerns(USE.product, USE.indication)]
    assert len(set(meanings(NEW, USE, refs).values())) == len(refs)


def test_what_both_revisions_say_alike_means_the_same_in_both() -> None:
    refs = ["I.B.1", "I.B.2", "I.B.3.a", "I.B.3.b", "I.B.4.a", "I.B.4.b", "I.B.5", "I.B.6", "I.B.7"]
    assert meanings(NEW, USE, refs) == meanings(OLD, USE, refs)


@pytest.mark.parametrize(
    ("ref", "old", "new", "use"),
    [
        ("I.B.6", "unable-to-swallow-pills", "dysphagia", USE),
        ("I.B.4.b", "at_least = 18", "at_least = 17", USE),
        ("I.B.7", "attested_within = 30", "attested_within = 31", USE),
        ("I.C.5.a", "20 mg/m2 per week", "21 mg/m2 per week", ALL),
    ],
)
def test_a_changed_parameter_is_another_meaning(ref: str, old: str, new: str, use: Use) -> None:
    assert _one(_edited(ref, old, new), ref, use) != _one(NEW, ref, use)


def test_reworded_english_is_no_other_meaning() -> None:
    changed = _edited("I.B.4.b", "Jylamvo: the patient is an adult of 18 years or more", "An adult")
    assert _one(changed, "I.B.4.b") == _one(NEW, "I.B.4.b")


def test_the_words_of_an_attestation_are_its_meaning() -> None:
    (clause,) = (c for c in NEW.document.clause if c.ref == "I.C.5.b")
    assert _one(_edited("I.C.5.b", clause.says, "Something else"), "I.C.5.b", ALL) != _one(NEW, "I.C.5.b", ALL)


def test_a_reworded_question_is_another_meaning_only_where_an_attestation_alone_counts() -> None:
    other = {
        ref: _one(_edited(ref, clause.question, "Is that so?"), ref, ALL)
        for clause in NEW.document.clause
        if (ref := clause.ref) in ("I.C.4", "I.C.5.b") and clause.question
    }
    assert {ref: digest != _one(NEW, ref, ALL) for ref, digest in other.items()} == {"I.C.4": False, "I.C.5.b": True}


def test_a_dose_that_a_label_leaf_reads_is_part_of_its_meaning() -> None:
    changed = _edited("I.C.5.a", "mg/m2 per week", "mg per week")
    assert _one(changed, "I.C.note", ALL) != _one(NEW, "I.C.note", ALL)
    assert _one(changed, "I.C.5.b", ALL) == _one(NEW, "I.C.5.b", ALL)


def test_the_label_is_part_of_the_meaning_of_a_label_leaf() -> None:
    younger = tuple(replace(entry, at_most=(entry.at_most or 40) - 1) for entry in NEW.labels)
    assert _one(replace(NEW, labels=younger), "I.C.note", ALL) != _one(NEW, "I.C.note", ALL)


def test_a_condition_matters_only_in_whether_it_lets_the_order_in() -> None:
    old, new = (meanings(p, replace(USE, indication="mycosis-fungoides"), ["I.D.2"])["I.D.2"] for p in (OLD, NEW))
    assert old == new
    elsewhere = replace(USE, indication="sezary-syndrome")
    assert _one(NEW, "I.D.1.a", elsewhere) == _one(NEW, "I.F.1.b", elsewhere)
    assert _one(NEW, "I.D.1.b", elsewhere) != _one(NEW, "I.D.1.a", elsewhere)


@pytest.mark.parametrize(
    ("line", "on", "same"),
    [
        ("him", date(2025, 12, 31), True),
        ("him", date(2026, 1, 1), False),
        ("commercial", date(2026, 1, 1), True),
        (None, date(2026, 1, 1), True),
    ],
)
def test_a_waiver_matters_from_its_day_on_to_its_line(line: Line | None, on: date, same: bool) -> None:
    use = replace(USE, product="otrexup", line=line, on=on)
    (clause,) = (c for c in NEW.document.clause if c.ref == "I.B.5")
    assert may_lift(clause.waived, use) is not same
    assert (_one(NEW, "I.B.5", use) == _one(OLD, "I.B.5", use)) is same
