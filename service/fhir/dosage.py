"""The dosage instructions of an order or a statement, put together into a `Dose` (reading, section 9, 12 and 15).

Knows steps and sums; what one instruction says is read by `instruction`. Knows no limit and no policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from service.case import Product
from service.dose import BodySurface, Dose
from service.fhir.elements import Json
from service.fhir.instruction import Instruction, read_instruction


def read_dose(
    instructions: Sequence[Json],
    *,
    product: Product | None,
    body: BodySurface | None,
    reference: str,
    path: str,
) -> Dose:
    """The dose that FHIR R4 Dosage elements say: the sum of what runs together, in each step. One instruction that
    cannot be read leaves the whole dose unknown. `path` is the element's, `reference` the resource's, for evidence."""
    found = tuple(
        read_instruction(
            one if isinstance(one, dict) else {}, product=product, body=body, reference=reference, path=f"{path}[{n}]"
        )
        for n, one in enumerate(instructions)
    )
    if not found:
        return Dose(unknown="no dosage instruction")
    why = tuple(_reasons(found))
    return Dose(
        steps=() if why else tuple(tuple(one.part for one in step if one.part) for step in _steps(found)),
        unknown="; ".join(why) or None,
        contradicted=any(one.clash for one in found),
        evidence=tuple(dict.fromkeys(e for one in found for e in one.evidence)),
        most_per_week=_most(found),
        daily=tuple(dict.fromkeys(e for one in found for e in one.daily)),
        remarks=tuple(dict.fromkeys(r for one in found for r in one.remarks)),
    )


def _reasons(found: tuple[Instruction, ...]) -> Iterator[str]:
    for n, one in enumerate(found, 1):
        if one.why:
            yield f"instruction {n}: {one.why}" if len(found) > 1 else one.why


def _steps(found: tuple[Instruction, ...]) -> Iterator[tuple[Instruction, ...]]:
    """Instructions that run together: those of one sequence, with those that have none."""
    sequences = sorted({one.sequence for one in found if one.sequence is not None})
    if not sequences:
        yield found
    for sequence in sequences:
        yield tuple(one for one in found if one.sequence in (None, sequence))


def _most(found: tuple[Instruction, ...]) -> Fraction | None:
    """The highest count of doses a week of any step, over the rates that are known."""
    counts = [[one.count for one in step if one.count is not None] for step in _steps(found)]
    return max((sum(known, Fraction(0)) for known in counts if known), default=None)
