"""The policies that ship with the service: loaded, checked, in force by date, and what they ask of a chart."""

from __future__ import annotations

import hashlib
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from service.policy.clause import Clause, Label
from service.policy.determine import Policy
from service.policy.document import Document, ProductEntry, strength
from service.policy.on_chart import ConditionClause, FailedClause, PrescriberClause, ProductClause
from service.policy.on_dose import DoseClause, OnLabelClause
from service.policy.outline import outlines
from service.policy.terms import term_of
from service.questions import DiagnosisQuestion, DrugQuestion, ProductQuestion, Questions

_ALWAYS = ("Patient", "MedicationRequest", "Coverage", "QuestionnaireResponse")
_ALERTS = {
    "condition": ("Condition", "Observation"),
    "allergy": ("AllergyIntolerance",),
    "daily": (),
    "strength": (),
}
_BY_PRODUCT = frozenset({"product", "products", "any_of"})


class PolicyError(ValueError):
    """A document that cannot be used: file, clause, word, and what would have been accepted."""


def read(text: str, name: str) -> Policy:
    """The policy in a document's text (TOML); raises PolicyError that names `name` and the place at fault."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
        document = Document.model_validate(_prepared(raw, raw.get("product_groups", {})))
        policy = Policy(document, outlines(document), _labels(document), hashlib.sha256(text.encode()).hexdigest())
        check(policy)
    except ValidationError as error:
        raise PolicyError("\n".join(_places(error, name, tomllib.loads(text)))) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise PolicyError(f"{name}: {error}") from None
    return policy


def _prepared(value: Any, groups: dict[str, list[str]], key: str = "") -> Any:
    """Lists as tuples, and the names of product groups as the products that they stand for."""
    if isinstance(value, dict):
        return {k: _prepared(v, groups, k) for k, v in value.items()}
    if not isinstance(value, list):
        return value
    if key in _BY_PRODUCT:
        value = [name for entry in value for name in _expanded(entry, groups)]
    return tuple(_prepared(v, groups) for v in value)


def _expanded(entry: Any, groups: dict[str, list[str]]) -> list[Any]:
    return groups.get(entry, [entry]) if isinstance(entry, str) else [entry]


def _places(error: ValidationError, name: str, raw: dict[str, Any]) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_context=False, include_input=True):
        place: Any = raw
        ref = word = ""
        for part in fault["loc"]:
            place = place.get(part, {}) if isinstance(place, dict) else _at(place, part)
            if isinstance(place, dict):
                ref, word = place.get("ref", ref), place.get("word", word)
        where = ".".join(str(part) for part in fault["loc"])
        clause = f", clause {ref}" if ref else ""
        said = f", word {word}" if word else ""
        yield f"{name}{clause}{said}: {where}: {fault['msg']} (found {fault['input']!r:.60})"


def _at(place: Any, part: int | str) -> Any:
    return place[part] if isinstance(place, list) and isinstance(part, int) and part < len(place) else {}


def _labels(document: Document) -> tuple[Label, ...]:
    return tuple(Label(entry.product, entry.diagnosis, entry.at_most_years) for entry in document.label)


def check(policy: Policy) -> None:
    """What the parts must mean together; raises ValueError for the first that does not hold."""
    document = policy.document
    _unique(document)
    _known(document)
    for outline in policy.outlines:
        if not outline.items:
            raise ValueError(f"{outline.section.ref}: a section without a clause")
        products = outline.section.products or tuple(p.id for p in document.product)
        for product, line in itertools.product(products, document.lines):
            term_of(document, outline.section.ref, product, line)
    placed = [d for outline in policy.outlines for d in outline.section.diagnoses]
    for entry in document.diagnosis:
        if placed.count(entry.concept) != 1:
            raise ValueError(f"{entry.concept}: {placed.count(entry.concept)} sections are for it, one must be")


def _unique(document: Document) -> None:
    named = {
        "clause": [c.ref for c in document.clause],
        "group": [g.ref for g in document.group],
        "section": [s.ref for s in document.section],
        "product": [p.id for p in document.product],
        "diagnosis": [d.concept for d in document.diagnosis],
    }
    for kind, refs in named.items():
        if twice := sorted({ref for ref in refs if refs.count(ref) > 1}):
            raise ValueError(f"{kind} {', '.join(twice)}: declared twice")


def _known(document: Document) -> None:
    products = {p.id for p in document.product}
    diagnoses = {d.concept for d in document.diagnosis}
    refs = {c.ref for c in document.clause}
    for clause in document.clause:
        if not (clause.question or isinstance(clause, ProductClause)):
            raise ValueError(f"{clause.ref}: no question asks a prescriber for what the chart does not show")
        for scope in (clause.for_, clause.unless):
            _all_in(clause.ref, scope.product if scope else (), products)
            _all_in(clause.ref, scope.diagnosis if scope else (), diagnoses)
        _all_in(clause.ref, clause.doses if isinstance(clause, OnLabelClause) else (), refs)
    for section in document.section:
        _all_in(section.ref, section.products, products)
        _all_in(section.ref, section.diagnoses, diagnoses)
    for line in document.lines:
        for table in (document.referral.off_label, document.referral.formulary, document.referral.non_formulary):
            _all_in("referral", (line,), set(table))


def _all_in(where: str, names: tuple[str, ...], known: set[Any]) -> None:
    if strange := [name for name in names if name not in known]:
        raise ValueError(f"{where}: {', '.join(strange)} is not declared; declared are {', '.join(sorted(known))}")


def questions_of(policy: Policy) -> Questions:
    """What a policy asks of a chart: derived from its clauses, so that nothing is asked that no clause reads."""
    document = policy.document
    clauses: tuple[Clause, ...] = document.clause
    return Questions(
        policy=document.id,
        version=document.version,
        drug=DrugQuestion(**document.drug.model_dump()),
        products=tuple(_product(entry) for entry in document.product),
        diagnoses=tuple(DiagnosisQuestion(**entry.model_dump()) for entry in document.diagnosis),
        specialties=frozenset(s for c in clauses if isinstance(c, PrescriberClause) for s in c.any_of),
        trials=frozenset(c.drug for c in clauses if isinstance(c, FailedClause))
        | {entry.id for entry in document.product}
        | {entry.concept for entry in document.alternative},
        conditions=frozenset(s for c in clauses if isinstance(c, ConditionClause) for s in c.any_of)
        | {rule.condition for rule in document.alert if rule.condition},
        companions=frozenset(c.companions for c in clauses if isinstance(c, DoseClause) and c.companions),
        measured_within_days=document.history.measured_within_days,
        state_observations=document.history.observed_states,
        about_dose=frozenset(c.ref for c in clauses if c.about_dose),
        about_product=frozenset(c.ref for o in policy.outlines if o.section.kind == "continued" for c in o.leaves()),
        resources=tuple(dict.fromkeys((*_ALWAYS, *_read_by(document)))),
    )


def _read_by(document: Document) -> Iterator[str]:
    for clause in document.clause:
        yield from clause.resources
    for rule in document.alert:
        yield from _ALERTS[rule.word]


def _product(entry: ProductEntry) -> ProductQuestion:
    concentration = strength(entry.concentration) if entry.concentration else None
    return ProductQuestion(
        id=entry.id,
        name=entry.name,
        names=entry.names,
        concept=entry.id,
        generic_level=entry.generic_level,
        form=entry.form,
        strengths=tuple(strength(text) for text in entry.strengths),
        mg_per_ml=concentration.mg / concentration.ml if concentration else None,
    )


@dataclass(frozen=True)
class Revision:
    """A policy with the questions it asks, computed once."""

    policy: Policy
    questions: Questions


@dataclass(frozen=True)
class Library:
    """Every revision of every policy, by id, the earliest first."""

    policies: dict[str, tuple[Revision, ...]]

    def in_force(self, policy_id: str, on: date) -> tuple[Revision, str | None]:
        """The revision that decides on a day; before the earliest that one, and why it is said."""
        revisions = self.policies[policy_id]
        earlier = [r for r in revisions if r.policy.document.in_force <= on]
        if earlier:
            return earlier[-1], None
        first = revisions[0]
        version = first.policy.document.version
        return first, f"The order is older than the earliest revision on file; revision {version} decided"

    def revisions(self) -> Iterator[Revision]:
        for revisions in self.policies.values():
            yield from revisions

    def revision(self, policy_id: str, version: str | None = None) -> Revision:
        """A revision by version, the latest without; raises KeyError for one that is not on file."""
        listed = self.policies[policy_id]
        return next(r for r in listed if r.policy.document.version == version) if version else listed[-1]

    def resources(self) -> tuple[str, ...]:
        """The resource types that the policies ask for, each once, in the order first asked."""
        return tuple(dict.fromkeys(kind for r in self.revisions() for kind in r.questions.resources))


def collect(policies: list[Policy]) -> Library:
    """A library of policies; raises PolicyError where two revisions of one policy come into force on one day."""
    by_id: dict[str, list[Policy]] = {}
    for policy in sorted(policies, key=lambda p: p.document.in_force):
        by_id.setdefault(policy.document.id, []).append(policy)
    for name, revisions in by_id.items():
        days = [p.document.in_force for p in revisions]
        if len(set(days)) != len(days):
            raise PolicyError(f"{name}: two revisions come into force on one day")
    return Library({k: tuple(Revision(p, questions_of(p)) for p in v) for k, v in by_id.items()})


@lru_cache(maxsize=1)
def load() -> Library:
    """The policies that ship with the service; raises PolicyError for the first that cannot be used."""
    found = []
    for folder in sorted((files("service.policy") / "documents").iterdir(), key=lambda e: e.name):
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".toml"):
                found.append(read(entry.read_text(encoding="utf-8"), f"{folder.name}/{entry.name}"))
    return collect(found)
