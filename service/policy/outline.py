"""The outline of a document: its sections as trees of items and leaves, by the policy's own numbering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from service.policy.clause import Clause
from service.policy.document import Document, Group, Leaf, Section


@dataclass(frozen=True, slots=True)
class Item:
    """A numbered item: *all of* or *any of* its parts; `joined` parts are added by *all of*."""

    ref: str
    of: Literal["all", "any"]
    parts: tuple[Item | Clause, ...]
    joined: tuple[Clause, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A section with its top-level items, which are joined by *all of*."""

    section: Section
    items: tuple[Item | Clause, ...]

    @cached_property
    def members(self) -> tuple[tuple[Item | Clause, tuple[str, ...]], ...]:
        """The top-level items, each with the numbers of its leaves."""
        return tuple((item, tuple(clause.ref for clause in leaves(item))) for item in self.items)

    @cached_property
    def _clauses(self) -> tuple[Clause, ...]:
        return tuple(clause for item in self.items for clause in leaves(item))

    def leaves(self) -> tuple[Clause, ...]:
        """The section's clauses in the policy's order."""
        return self._clauses


def leaves(node: Item | Clause) -> Iterator[Clause]:
    """The clauses under a node, in order."""
    if isinstance(node, Clause):
        yield node
        return
    for part in (*node.parts, *node.joined):
        yield from leaves(part)


def outlines(document: Document) -> tuple[Outline, ...]:
    """Every section as a tree; raises ValueError for a clause or group that stands under nothing that is declared."""
    groups = {group.ref: group for group in document.group}
    sections = {section.ref for section in document.section}
    under: dict[str, list[Group | Leaf]] = {ref: [] for ref in (*groups, *sections)}
    for group in document.group:
        _place(group.ref, under).append(group)
    for clause in document.clause:
        parts = under[clause.ref] if clause.ref in groups else _place(clause.ref, under)
        parts.append(clause)
    order = {clause.ref: number for number, clause in enumerate(document.clause)}
    return tuple(Outline(section, _ordered(under[section.ref], under, order)) for section in document.section)


def _ordered(
    parts: list[Group | Leaf], under: dict[str, list[Group | Leaf]], order: dict[str, int]
) -> tuple[Item | Clause, ...]:
    built = (_build(part, under, order) for part in parts)
    return tuple(sorted(built, key=lambda node: _first(node, order)))


def _place(ref: str, under: dict[str, list[Group | Leaf]]) -> list[Group | Leaf]:
    parent = ref.rsplit(".", 1)[0]
    if parent not in under:
        raise ValueError(f"{ref}: stands under {parent}, which is neither a section nor a group")
    return under[parent]


def _build(part: Group | Leaf, under: dict[str, list[Group | Leaf]], order: dict[str, int]) -> Item | Clause:
    if isinstance(part, Clause):
        return part
    assert isinstance(part, Group)
    built = _ordered(under[part.ref], under, order)
    if not built:
        raise ValueError(f"{part.ref}: a group without a clause")
    joined = tuple(node for node in built if isinstance(node, Clause) and node.ref in part.joined)
    if len(joined) != len(part.joined):
        raise ValueError(f"{part.ref}: joined {', '.join(part.joined)} must be clauses of the group")
    return Item(part.ref, part.of, tuple(node for node in built if node not in joined), joined)


def _first(node: Item | Clause, order: dict[str, int]) -> int:
    return min(order[clause.ref] for clause in leaves(node))
