"""The line of business that a Coverage's codings tell: insurance product types and sources of payment.

Knows codes only as value sets name them; words and codes that fit several lines tell none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from service.determination import Evidence, Line
from service.fhir.elements import Coding, Json, child, codings, items, label, text
from service.terminology import Terminology

_LINES: MappingProxyType[str, Line] = MappingProxyType(
    {"line-commercial": "commercial", "line-him": "him", "line-medicaid": "medicaid"}
)
_OUTSIDE = "line-medicare"
_UNDECIDED = "line-dual"
_CONCEPTS = frozenset({*_LINES, _OUTSIDE, _UNDECIDED})


@dataclass(frozen=True, slots=True)
class Told:
    """The line of business; `outside`: it is known, and is none that policies cover."""

    line: Line | None = None
    outside: bool = False
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


def read_line(reference: str, coverage: Json, terms: Terminology) -> Told:
    """The line that Coverage.type and Coverage.class.type are coded as (reading 13, 15); unknown where no coding tells
    it, where one says Medicare and Medicaid at once, and where two disagree."""
    named = list(_named(reference, coverage, terms))
    concepts = {concept for concept, _ in named}
    if not concepts:
        return Told(remarks=(_silent(reference, coverage),))
    if len(concepts) > 1 or _UNDECIDED in concepts:
        said = " and ".join(dict.fromkeys(evidence.text for _, evidence in named))
        return Told(remarks=(f"{reference} is coded {said}: the line of business is not known",))
    evidence = tuple(evidence for _, evidence in named)
    return Told(_LINES.get(concepts.pop()), outside=named[0][0] == _OUTSIDE, evidence=evidence)


def _named(reference: str, coverage: Json, terms: Terminology) -> Iterator[tuple[str, Evidence]]:
    for path, concept in _coded(coverage):
        for coding in codings(concept):
            for name in sorted(terms.concepts(coding.system, coding.code) & _CONCEPTS):
                yield name, Evidence(reference, path, _said(coding, concept, terms.titles[name]))


def _coded(coverage: Json) -> Iterator[tuple[str, Json]]:
    yield "Coverage.type", child(coverage, "type")
    for group in items(coverage, "class"):
        yield "Coverage.class.type", child(group, "type")


def _said(coding: Coding, concept: Json, title: str) -> str:
    return f"{coding.display or text(concept, 'text') or title} ({coding.code})"


def _silent(reference: str, coverage: Json) -> str:
    said = label(child(coverage, "type"))
    seen = f"its type, {said}, does not tell it" if said else "it has no type"
    return f"{reference}: the line of business is not known, {seen}"
