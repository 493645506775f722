"""One pathway: items joined by Kleene logic, leaves listed, and what an order that is no increase would fail."""

from typing import Any

import pytest

from service.case import Case
from service.determination import Result, Status
from service.policy.clause import Clause, Increase
from service.policy.document import Section
from service.policy.on_chart import AttestedClause
from service.policy.on_dose import DoseClause
from service.policy.outline import Item, Outline
from service.policy.pathway import Pathway, walk
from tests.policy.facts import attested, case, diagnosis, weekly

SECTION = Section.model_validate({"ref": "I.A", "title": "x", "kind": "initial"})
CONTINUED = Section.model_validate({"ref": "I.A", "title": "x", "kind": "continued"})
NO_WORD = Increase(known=False, higher=False)
ANSWERS = {"yes": Result.MET, "no": Result.NOT_MET, "open": Result.UNKNOWN}


def leaf(ref: str, **parts: Any) -> AttestedClause:
    return AttestedClause.model_validate({"ref": ref, "says": ref, "word": "attested", **parts})


def walked(*items: Item | Clause, increase: Increase = NO_WORD, **changes: Any) -> Pathway:
    found: Case = case(**changes)
    return walk(Outline(SECTION, items), found, diagnosis(), (), increase)


def answered(**answers: str) -> dict[str, Any]:
    """Attestations of leaves `I.A.1.<name>`: yes, no, or open for none."""
    return {f"I.A.1.{name}": attested(word == "yes") for name, word in answers.items() if word != "open"}


@pytest.mark.parametrize(
    ("one", "two", "both", "either"),
    [
        ("yes", "yes", "yes", "yes"),
        ("yes", "open", "open", "yes"),
        ("yes", "no", "no", "yes"),
        ("open", "no", "no", "open"),
        ("no", "no", "no", "no"),
    ],
)
def test_a_group_is_all_of_or_any_of_its_parts(one: str, two: str, both: str, either: str) -> None:
    parts = (leaf("I.A.1.a"), leaf("I.A.1.b"))
    told = answered(a=one, b=two)
    for of, wanted in (("all", both), ("any", either)):
        found = walked(Item("I.A.1", of, parts), attestations=told)  # type: ignore[arg-type]
        assert found.items == (("I.A.1", ANSWERS[wanted], ("I.A.1.a", "I.A.1.b")),)


@pytest.mark.parametrize(
    ("one", "note", "wanted"),
    [
        ("yes", "yes", "yes"),
        ("yes", "open", "open"),
        ("yes", "no", "no"),
        ("no", "yes", "no"),
        ("open", "yes", "open"),
    ],
)
def test_a_joined_note_is_needed_beside_an_any_of(one: str, note: str, wanted: str) -> None:
    group = Item("I.A.1", "any", (leaf("I.A.1.a"), leaf("I.A.1.b")), (leaf("I.A.1.note"),))
    found = walked(group, attestations=answered(a=one, b="no", note=note))
    ((_, result, refs),) = found.items
    assert (result, refs) == (ANSWERS[wanted], ("I.A.1.a", "I.A.1.b", "I.A.1.note"))


def test_items_are_joined_by_all_of_and_every_leaf_is_found() -> None:
    found = walked(leaf("I.A.1"), leaf("I.A.2"), attestations={"I.A.1": attested(False)})
    assert found.status is Status.NOT_MET
    assert [(f.id, f.result) for f in found.findings] == [("I.A.1", Result.NOT_MET), ("I.A.2", Result.UNKNOWN)]
    assert (found.count(Result.UNKNOWN), found.count(Result.NOT_MET), found.count(Result.MET)) == (1, 1, 0)
    assert (found.leaves_of(Result.NOT_MET), found.leaves_of(Result.UNKNOWN)) == (("I.A.1",), ("I.A.2",))


def test_a_pathway_that_checks_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^I\.A: no check applies to the order$"):
        walked(leaf("I.A.1", **{"for": {"product": ("xatmep",)}}))


def test_a_leaf_that_stands_instead_is_listed_alone_where_it_fits() -> None:
    def refs(name: str) -> list[str]:
        bare = leaf("I.A.3", instead=True, **{"for": {"diagnosis": (name,)}})
        group = Item("I.A.3", "all", (bare, leaf("I.A.3.a"), leaf("I.A.3.b")))
        return [f.id for f in walked(leaf("I.A.2"), group).findings]

    assert refs("rheumatoid-arthritis") == ["I.A.2", "I.A.3"]
    assert refs("psoriasis") == ["I.A.2", "I.A.3.a", "I.A.3.b"]


ABOVE = ", though above what I.A.3 would allow"


@pytest.mark.parametrize(
    ("known", "higher", "amount", "said"),
    [
        (True, False, "20.1", f"No dose increase (21 mg a week now){ABOVE}"),
        (True, False, "20", "No dose increase (21 mg a week now)"),
        (True, True, "20.1", None),
        (False, False, "20.1", None),
    ],
)
def test_no_increase_is_said_with_what_it_would_be_above(
    known: bool, higher: bool, amount: str, said: str | None
) -> None:
    parts = {"ref": "I.A.3", "says": "dose", "word": "dose", "at_most": "20 mg per week", "only_if": "dose-increase"}
    items = (leaf("I.A.1"), DoseClause.model_validate(parts))
    increase = Increase(known=known, higher=higher, why="21 mg a week now")
    for section in (SECTION, CONTINUED):
        found = walk(Outline(section, items), case(dose=weekly(amount)), diagnosis(), (), increase)
        assert found.remarks == ((said,) if said and section is CONTINUED else ())


def test_a_later_leaf_sees_what_was_found_before_it() -> None:
    seen: list[tuple[str, ...]] = []

    class Looking(AttestedClause):
        def test(self, setting: Any) -> Any:
            seen.append(tuple(setting.found))
            return super().test(setting)

    walked(*(Looking(ref=ref, says="x", word="attested") for ref in ("I.A.1", "I.A.2", "I.A.3")))
    assert seen == [(), ("I.A.1",), ("I.A.1", "I.A.2")]
