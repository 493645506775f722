"""The strength that a medicine's text or display names, and a product's own strengths beside it.

Milligrams, millilitres and their quotient only; knows no resource, no code and no dose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from service.questions import ProductQuestion, Strength

_NUMBER = r"(?<![\d.,])(\d{1,6}(?:\.\d{1,4})?)"
_PER_VOLUME = re.compile(_NUMBER + r"\s*mg\s*(?:/|per|in)\s*(\d{1,4}(?:\.\d{1,4})?)?\s*ml\b", re.IGNORECASE)
_VOLUME_FIRST = re.compile(_NUMBER + r"\s*ml\s+[a-z][a-z ]*?\s*" + _NUMBER + r"\s*mg\s*/\s*ml\b", re.IGNORECASE)
_AMOUNT = re.compile(_NUMBER + r"\s*(?:mg|milligrams?)\b(?!\s*(?:/|per\b|in\b))", re.IGNORECASE)
_DOSING = re.compile(
    r"\b(?:dose|doses|inject|injected|take|takes|taken|give|given|weekly|daily|week|day|once|twice|every|q\w{1,3}|po|sig)\b",
    re.IGNORECASE,
)
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Named:
    """A strength as named: `mg` in one whole unit, `ml` the unit's volume, `per_ml` the concentration (mg/mL)."""

    mg: Decimal | None = None
    ml: Decimal | None = None
    per_ml: Fraction | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the names of a strength come to: null where none is named, or where they disagree."""

    mg: Decimal | None = None
    per_ml: Fraction | None = None
    listed: bool | None = None
    says: str | None = None
    disagree: bool = False


def named_in(text: str) -> tuple[Named, ...]:
    """Every strength that a text names: "15 mg/0.4 mL", "25 MG/ML", "0.4 ML … 37.5 MG/ML", or plainly "15 mg".

    Beside words of dosing a plain amount or volume is a dose, and is left alone."""
    dosing = _DOSING.search(text) is not None
    found = [] if dosing else [_volume_first(match) for match in _VOLUME_FIRST.finditer(text)]
    found = found or [_per_volume(match) for match in _PER_VOLUME.finditer(text)]
    if not found and not dosing:
        found = [Named(mg=Decimal(match[1]), says=match[0].strip()) for match in _AMOUNT.finditer(text)]
    return tuple(one for one in found if one.mg != 0 and one.per_ml != 0)


def _volume_first(match: re.Match[str]) -> Named:
    volume, per_ml = Decimal(match[1]), Decimal(match[2])
    return Named(ml=volume or None, per_ml=Fraction(per_ml), says=f"{match[1]} mL of {match[2]} mg/mL")


def _per_volume(match: re.Match[str]) -> Named:
    mg, volume = Decimal(match[1]), Decimal(match[2]) if match[2] else None
    if not volume:
        return Named(per_ml=Fraction(mg), says=f"{match[1]} mg/mL")
    return Named(mg, volume, Fraction(mg) / Fraction(volume), f"{match[1]} mg/{match[2]} mL")


def read_strength(named: Iterable[Named], products: Iterable[ProductQuestion]) -> Reading:
    """The strength of what can be any of `products` (none: a generic), as far as they share it; one that any of them
    is not made in is not listed."""
    seen = tuple(named)
    readings = [read_device(seen, p.strengths) if p.strengths else read_solution(seen, p) for p in products]
    if not readings:
        return read_unlisted(seen)
    first, *others = readings
    return Reading(
        mg=first.mg if all(r.mg == first.mg for r in others) else None,
        per_ml=first.per_ml if all(r.per_ml == first.per_ml for r in others) else None,
        listed=False if any(r.listed is False for r in readings) else first.listed,
        says=first.says if all(r.says == first.says for r in others) else None,
        disagree=any(r.disagree for r in readings),
    )


def read_device(named: Iterable[Named], made_in: tuple[Strength, ...]) -> Reading:
    """The strength of a product that is made in devices, by its own table: RxNorm rounds what it displays."""
    seen = tuple(named)
    fitting = [tuple(s for s in made_in if _fits(s, one)) for one in seen]
    whole = {s for one, fits in zip(seen, fitting, strict=True) for s in _whole(one, fits)}
    amounts = {s.mg for s in whole} | {one.mg for one, fits in zip(seen, fitting, strict=True) if not fits and one.mg}
    densities = {_density(one, fits) for one, fits in zip(seen, fitting, strict=True)} - {None}
    settled = len(amounts) <= 1 and len(densities) <= 1
    return Reading(
        mg=next(iter(amounts)) if settled and amounts else None,
        per_ml=next(iter(densities)) if settled and densities else None,
        listed=all(fitting) if seen else None,
        says=_said(seen),
        disagree=not settled,
    )


def _fits(strength: Strength, one: Named) -> bool:
    if one.mg is not None and one.mg != strength.mg:
        return False
    if one.ml is not None and one.ml != strength.ml:
        return False
    return one.per_ml is None or _rounded(one.per_ml, strength)


def _rounded(per_ml: Fraction, strength: Strength) -> bool:
    exact = Fraction(strength.mg) / Fraction(strength.ml)
    return abs(exact - per_ml) <= Fraction(_TENTH) / 2


def _whole(one: Named, fits: tuple[Strength, ...]) -> tuple[Strength, ...]:
    """The one strength of the table that is named as a unit's: by its amount, or by its volume and concentration."""
    return fits if len(fits) == 1 and (one.mg is not None or one.ml is not None) else ()


def _density(one: Named, fits: tuple[Strength, ...]) -> Fraction | None:
    own = {Fraction(s.mg) / Fraction(s.ml) for s in fits}
    if len(own) == 1:
        return own.pop()
    return one.per_ml if not fits else None


def read_solution(named: Iterable[Named], product: ProductQuestion) -> Reading:
    """The concentration of an oral solution is its product's, unless another is named: that is not made."""
    seen = tuple(one for one in named if one.per_ml is not None)
    own = Fraction(product.mg_per_ml) if product.mg_per_ml is not None else None
    made = all(one.per_ml == own for one in seen)
    return Reading(per_ml=own if made else None, listed=made if seen else None, says=_said(seen), disagree=not made)


def read_unlisted(named: Iterable[Named]) -> Reading:
    """The strength of a medicine that no table lists (a generic): what is named, where the names agree."""
    seen = tuple(named)
    amounts = {one.mg for one in seen} - {None}
    densities = {one.per_ml for one in seen} - {None}
    settled = len(amounts) <= 1 and len(densities) <= 1
    return Reading(
        mg=next(iter(amounts)) if settled and amounts else None,
        per_ml=next(iter(densities)) if settled and densities else None,
        says=_said(seen),
        disagree=not settled,
    )


def _said(seen: tuple[Named, ...]) -> str | None:
    """The strengths in words, each once, and none that a longer one begins with."""
    says = list(dict.fromkeys(one.says for one in seen if one.says))
    kept = [one for one in says if not any(other != one and other.startswith(one) for other in says)]
    return ", ".join(kept) or None
