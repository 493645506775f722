"""The form of an order with missing documentation: exactly its missing criteria as questions, grouped as the policy
groups them. A form is named by what it asks, so that the same order asked again gets the same form.

Knows clauses and outlines; says nothing in FHIR, and knows no order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.policy.clause import About, Clause
from service.policy.determine import Policy
from service.policy.on_chart import AgeClause
from service.policy.outline import Item, Outline
from service.questions import Shows

_MASK = re.compile(r"[0-9a-f]{1,32}")


@dataclass(frozen=True, slots=True)
class Question:
    """A criterion to attest: `says` it in our words, `question` asks a prescriber whether it is met, `asks` for what
    would document it, where the policy wants more than the answer; `documents`: a copy helps; `shows`: what a chart may
    show of it already."""

    ref: str
    says: str
    question: str
    asks: str | None
    documents: bool
    shows: tuple[Shows, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several ways to meet an item, with what it asks."""

    ref: str
    says: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An item that any of its branches meets."""

    ref: str
    branches: tuple[Branch, ...]


Part = Question | Choice


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of one section of a policy's revision; `name` tells them from any other form's."""

    policy: Policy
    section: str
    title: str
    name: str
    parts: tuple[Part, ...]


def form(policy: Policy, refs: Iterable[str]) -> Form | None:
    """The form that asks for these criteria of one section; None where they are none, or not of one section."""
    wanted = frozenset(refs)
    outline = next((o for o in policy.outlines if wanted <= {c.ref for c in o.leaves()}), None)
    if not wanted or outline is None:
        return None
    section, parts = outline.section, _parts(policy, outline, wanted)
    return Form(policy, section.ref, section.title, _name(policy, wanted), parts)


def named(policies: Iterable[Policy], name: str) -> Form | None:
    """The form of a name, with nothing kept of it between the times; None where no policy has such a form."""
    for policy in policies:
        prefix = _prefix(policy)
        if name.startswith(prefix) and _MASK.fullmatch(name.removeprefix(prefix)):
            mask = int(name.removeprefix(prefix), 16)
            refs = [clause.ref for n, clause in enumerate(policy.document.clause) if mask >> n & 1]
            found = form(policy, refs)
            return found if found and found.name == name else None
    return None


def _prefix(policy: Policy) -> str:
    return f"{policy.document.id.lower()}.{policy.document.version}."


def _name(policy: Policy, refs: frozenset[str]) -> str:
    """An id of FHIR: the revision, and which of its clauses are asked for."""
    mask = sum(1 << n for n, clause in enumerate(policy.document.clause) if clause.ref in refs)
    return f"{_prefix(policy)}{mask:x}"


def _parts(policy: Policy, outline: Outline, wanted: frozenset[str]) -> tuple[Part, ...]:
    about = _about(policy, outline)
    return tuple(part for item in outline.items for part in _asked(item, wanted, about))


def _about(policy: Policy, outline: Outline) -> About:
    """What the section's clauses stand for: one that lists no products or diagnoses is for all of the policy's."""
    document, section = policy.document, outline.section
    products = {p.id: (p.id, *([p.generic_level] if p.generic_level else [])) for p in document.product}
    listed = {id: concepts for id, concepts in products.items() if not section.products or id in section.products}
    diagnoses = section.diagnoses or tuple(d.concept for d in document.diagnosis)
    return About(diagnoses, listed, (document.drug.ingredient, document.drug.unspecific))


def _asked(node: Item | Clause, wanted: frozenset[str], about: About) -> Iterator[Part]:
    if isinstance(node, Clause):
        if node.ref in wanted:
            yield _question(node, about)
        return
    inner = [(part, tuple(_asked(part, wanted, about))) for part in node.parts]
    asked = [(part, found) for part, found in inner if found]
    if node.of == "any" and len(asked) > 1:
        yield Choice(node.ref, tuple(Branch(part.ref, _label(part, found), found) for part, found in asked))
    else:
        yield from (part for _, found in asked for part in found)
    for clause in node.joined:
        yield from _asked(clause, wanted, about)


def _question(clause: Clause, about: About) -> Question:
    return Question(
        clause.ref,
        clause.says,
        clause.question or clause.says,
        clause.asks,
        bool(clause.asks) and not isinstance(clause, AgeClause),
        clause.shows(about),
    )


def _label(node: Item | Clause, parts: tuple[Part, ...]) -> str:
    if isinstance(node, Clause):
        return node.says
    return "; ".join(part.says for part in parts if isinstance(part, Question)) or node.ref


def questions(parts: Iterable[Part]) -> Iterator[Question]:
    """The questions of a form's parts, those of every branch included."""
    for part in parts:
        match part:
            case Question():
                yield part
            case Choice():
                yield from (one for branch in part.branches for one in questions(branch.parts))
