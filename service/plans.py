"""An operator's table: what it knows of payors and plans, of label changes, and of a state's own rules.

Read from TOML by the edge; knows nothing of FHIR or of policies."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PlanLine = Literal["commercial", "him", "medicaid", "none"]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class Plan(_Row):
    """One row: every key it names must be the Coverage's (case-blind); `line` "none" is no line of any policy.

    `class` is written `type=value` (Coverage.class.type code and Coverage.class.value or name)."""

    payor: Text | None = None
    plan: Text | None = None
    class_: Text | None = Field(default=None, alias="class")
    line: PlanLine | None = None
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    renewal: date | None = None
    formulary: bool | None = None


class LabelChange(_Row):
    """A product's label changed on a day, and the policy does not show it yet (policy I.G.1, II.B.1)."""

    product: Text
    date: date
    formulary: bool | None = None


class StateRule(_Row):
    """A state's own Medicaid coverage rule for a product, which takes precedence (policy, closing note)."""

    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    product: Text
    says: Text


class _File(_Row):
    plan: list[Plan] = []
    label_change: list[LabelChange] = []
    state_rule: list[StateRule] = []


@dataclass(frozen=True, slots=True)
class Plans:
    """The table as read; empty where an operator gave none."""

    rows: tuple[Plan, ...] = ()
    label_changes: tuple[LabelChange, ...] = ()
    state_rules: tuple[StateRule, ...] = ()


def parse(text: str) -> Plans:
    """The table in `text` (TOML); raises ValueError that names the place at fault."""
    file = _File.model_validate(tomllib.loads(text))
    return Plans(tuple(file.plan), tuple(file.label_change), tuple(file.state_rule))
