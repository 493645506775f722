"""Resources with the concepts that their codes belong to.

Knows concepts as value sets name them; what a concept means to a policy is not known here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from service.fhir.elements import Json, child, codings
from service.terminology import Terminology


class Coded(NamedTuple):
    """A resource, and the concepts that the codings of its `code` belong to."""

    resource: Json
    concepts: frozenset[str]


def coded(resources: Iterable[Json], terms: Terminology) -> tuple[Coded, ...]:
    """Resources by the concepts of their codes, in their order."""
    return tuple(Coded(resource, concepts_in(child(resource, "code"), terms)) for resource in resources)


def concepts_in(concept: Json, terms: Terminology) -> frozenset[str]:
    """Every concept that a coding of a CodeableConcept belongs to."""
    return frozenset[str]().union(*(terms.concepts(c.system, c.code) for c in codings(concept)))
