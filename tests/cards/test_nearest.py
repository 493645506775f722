"""The line that says how far an order is from yes: counted, in words, and silent where nobody can go there."""

from typing import Literal

import pytest

from cards.links import Page
from cards.nearest import nearest_way
from service.determination import Determination, Status, Step, Way
from tests.cards.outcomes import HOSTILE, PAGE, POLICY, active, determination

Kind = Literal["document", "order", "fact"]
NOTE = Step("I.B.6", "Chart note on why tablets can't be swallowed", "document")
DOSE = Step("I.B.7", "A dose of at most 30 mg per week", "order")


def steps(count: int, kind: Kind) -> tuple[Step, ...]:
    return tuple(Step(f"I.B.{n}", f"Thing {n}", kind) for n in range(1, count + 1))


def told(*listed: Step, pathway: str | None = "I.B", status: Status = Status.NOT_MET) -> Determination:
    return determination(status, nearest=(Way(pathway, listed),))


def line(*listed: Step, pathway: str | None = "I.B") -> str:
    return nearest_way(told(*listed, pathway=pathway), PAGE)


def away(*listed: Step) -> str:
    head, _, _ = line(*listed).partition(":**")
    return head.removeprefix("**")


def test_one_note_away() -> None:
    said = "Chart note on why tablets can't be swallowed"
    assert line(NOTE) == f"**One piece of documentation away:** {said} (I.B.6)"


def test_one_change_of_the_order_away() -> None:
    assert line(DOSE) == "**One change of the order away:** A dose of at most 30 mg per week (I.B.7)"


def test_documentation_is_counted_apart_from_changes_of_the_order() -> None:
    assert away(NOTE, DOSE) == "One piece of documentation and one change of the order away"
    assert away(*steps(2, "document"), *steps(3, "order")) == (
        "Two pieces of documentation and three changes of the order away"
    )


@pytest.mark.parametrize(("count", "said"), [(1, "One piece"), (2, "Two pieces"), (6, "Six pieces"), (7, "7 pieces")])
def test_steps_are_counted_in_words_up_to_six(count: int, said: str) -> None:
    assert away(*steps(count, "document")).startswith(f"{said} of documentation")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (2, "Thing 1 (I.B.1); Thing 2 (I.B.2)"),
        (3, "Thing 1 (I.B.1); Thing 2 (I.B.2); Thing 3 (I.B.3)"),
        (4, "Thing 1 (I.B.1); Thing 2 (I.B.2); Thing 3 (I.B.3); and 1 more"),
        (6, "Thing 1 (I.B.1); Thing 2 (I.B.2); Thing 3 (I.B.3); and 3 more"),
    ],
)
def test_three_steps_are_shown_and_the_others_counted(count: int, said: str) -> None:
    assert line(*steps(count, "document")).endswith(f":** {said}")


def test_a_number_is_linked_to_its_clause() -> None:
    page = Page.of(POLICY, "https://cds.example")
    assert nearest_way(told(NOTE), page).endswith("([I.B.6](https://cds.example/policies/CP.PHAR.134/2025-11#I.B.6))")


@pytest.mark.parametrize("criterion", ["diagnosis", "product"])
def test_what_is_no_clause_has_no_number(criterion: str) -> None:
    assert line(Step(criterion, "Name it", "order"), pathway=None) == "**One change of the order away:** Name it"


@pytest.mark.parametrize(("pathway", "by"), [("I.B", ""), ("II.A", " (by section II.A)"), (None, "")])
def test_another_pathway_than_the_determinations_own_is_named(pathway: str | None, by: str) -> None:
    assert line(NOTE, pathway=pathway) == line(NOTE) + by


def test_only_the_nearest_way_is_said() -> None:
    found = determination(Status.NOT_MET, nearest=(Way("I.B", (DOSE,)), Way("II.A", (NOTE,))))
    assert nearest_way(found, PAGE) == line(DOSE)


@pytest.mark.parametrize("others", [(), (NOTE,), (NOTE, DOSE)])
def test_a_fact_that_nobody_can_change_leads_nowhere(others: tuple[Step, ...]) -> None:
    age = Step("I.B.4.b", "Jylamvo is for adults here", "fact")
    assert line(*others, age) == ""


def test_nothing_is_said_without_a_way_or_without_a_step() -> None:
    assert nearest_way(determination(), PAGE) == ""
    assert line() == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_effect_as_markdown(text: str) -> None:
    said = line(Step("I.B.6", text, "document"), pathway=text)
    assert "\n" not in said
    assert active(said) == []
