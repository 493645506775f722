"""An operator's table: read, or refused by the place at fault."""

from datetime import date

import pytest

from service.plans import LabelChange, Plan, Plans, StateRule, parse

TEXT = """
[[plan]]
payor = "Prairie Health"
plan = "27833IL0140016"
class = "group=G-100"
line = "him"
state = "IL"
renewal = 2026-12-31
formulary = true

[[plan]]
payor = "Elsewhere"
line = "none"

[[label_change]]
product = "xatmep"
date = 2026-05-22

[[state_rule]]
state = "IL"
product = "jylamvo"
says = "ask the state"
"""


def test_a_table_is_read_whole() -> None:
    found = parse(TEXT)
    assert found.rows[0] == Plan.model_validate(
        {
            "payor": "Prairie Health",
            "plan": "27833IL0140016",
            "class": "group=G-100",
            "line": "him",
            "state": "IL",
            "renewal": date(2026, 12, 31),
            "formulary": True,
        }
    )
    assert found.rows[1].line == "none"
    assert found.label_changes == (LabelChange(product="xatmep", date=date(2026, 5, 22)),)
    assert found.state_rules == (StateRule(state="IL", product="jylamvo", says="ask the state"),)


def test_no_table_is_empty() -> None:
    assert parse("") == Plans()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"him"', '"exchange"', "plan.0.line"),
        ("2026-12-31", '"2026-12-31"', "plan.0.renewal"),
        ('state = "IL"', 'state = "Illinois"', "plan.0.state"),
        ("formulary = true", 'formulary = "yes"', "plan.0.formulary"),
        ("[[label_change]]", "[[label_changes]]", "label_changes"),
        ('says = "ask the state"', "", "state_rule.0.says"),
    ],
)
def test_a_fault_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(TEXT.replace(old, new, 1))
