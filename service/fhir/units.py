"""A quantity of a drug as milligrams, or milligrams per square metre; a length of time as days.

Knows units and the product's strength; no instruction and no limit. What cannot be converted says why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from service.case import Product
from service.dose import say
from service.fhir.elements import Json, number, text
from service.fhir.wording import fold, vocabulary

_UCUM = frozenset({"", "http://unitsofmeasure.org", "https://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})

_MILLIGRAMS = MappingProxyType(
    {
        **dict.fromkeys(("mg", "mgs", "milligram", "milligrams"), Fraction(1)),
        **dict.fromkeys(("g", "gm", "gram", "grams"), Fraction(1000)),
        **dict.fromkeys(("ug", "mcg", "μg", "microgram", "micrograms"), Fraction(1, 1000)),
    }
)
_MILLILITRES = frozenset({"ml", "mls", "cc", "milliliter", "milliliters", "millilitre", "millilitres"})
_WHOLE = vocabulary("1 each ea pen syringe device autoinjector injector peninjector injection")
_PILLS = vocabulary("tablet tab tbl capsule cap pill")
_AREA = re.compile(r"\s*(?:/|per)\s*(?:m\^?2|sq\.?\s?m|square met(?:er|re)s?)")
_MARKUP = re.compile(r"[^a-z0-9]|\(s\)|(?:pre-?filled|oral)[\s_-]")

MONTH = Fraction(1461, 48)  # days: UCUM, a twelfth of a mean Julian year of 365.25
_DAYS = MappingProxyType(
    {
        **dict.fromkeys(("s", "second", "seconds"), Fraction(1, 86400)),
        **dict.fromkeys(("min", "minute", "minutes"), Fraction(1, 1440)),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), Fraction(1, 24)),
        **dict.fromkeys(("d", "day", "days"), Fraction(1)),
        **dict.fromkeys(("wk", "week", "weeks"), Fraction(7)),
        **dict.fromkeys(("mo", "month", "months"), MONTH),
        **dict.fromkeys(("a", "year", "years"), 12 * MONTH),
    }
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of the drug, in milligrams or in milligrams per square metre; `says` is how it was written, `in_ml`
    that it was a volume."""

    mg: Fraction | None
    per_m2: Fraction | None
    says: str
    in_ml: bool = False

    @property
    def size(self) -> Fraction:
        """The amount in its own unit."""
        return self.mg if self.mg is not None else self.per_m2 or Fraction(0)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that was said and cannot be read surely: why, in words."""

    why: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What a unit measures, and how many mg, mg/m2, mL or whole units one of it is."""

    measures: str
    factor: Fraction


def days_in(unit: str | None) -> Fraction | None:
    """The days in a unit of time (UCUM, or a plain word); None for what is no unit of time."""
    return _DAYS.get(fold(unit).strip(" {}")) if unit else None


def measure(value: Fraction, unit: str, product: Product | None) -> Amount | Unread:
    """The amount that `value` of a plain unit is, through the product's strength where the unit needs one."""
    known = _unit(unit)
    said = f"{say(value)} {'unit' if unit == '1' else unit.strip('{}')}"
    if value <= 0:
        return Unread(f"{said} is no dose")
    return _converted(value, known, said, product) if known else Unread(f"the unit of {said} is not known")


def read_quantity(quantity: Json, product: Product | None) -> Amount | Unread:
    """The amount that a FHIR Quantity says; its code and its unit must not differ."""
    value = number(quantity, "value")
    named = text(quantity, "unit") or text(quantity, "code") or ""
    if value is None:
        return Unread(f"a dose in {named} has no number" if named else "a dose has no number")
    if text(quantity, "comparator"):
        return Unread(f"{say(value)} {named} is given with a comparator".replace("  ", " "))
    unit = _named_unit(quantity)
    if isinstance(unit, Unread):
        return Unread(f"{unit.why} ({say(value)} {named})" if named else f"{say(value)} has no unit")
    said = f"{say(value)} {'unit' if named == '1' else named.strip('{}')}"
    return _converted(value, unit, said, product) if value > 0 else Unread(f"{said} is no dose")


def _named_unit(quantity: Json) -> _Unit | Unread:
    code, words = text(quantity, "code"), text(quantity, "unit")
    coded, worded = (_unit(name) if name else None for name in (code, words))
    if code and coded is None and (text(quantity, "system") or "").rstrip("/") in _UCUM:
        return Unread("the unit is not known")
    found = coded or worded
    if found is None:
        return Unread("the unit is not known")
    if coded and worded and coded != worded:
        return Unread(f"the unit's code {code} and its words {words} differ")
    unsaid = words is not None and worded is None
    if unsaid and (code == "1" or "/" in fold(words or "") or " per " in fold(words or "")):
        return Unread("the unit is not known")
    return found


def _unit(name: str) -> _Unit | None:
    folded = fold(name).strip()
    bare = folded.strip("{}[] .")
    if bare in _MILLIGRAMS:
        return _Unit("mg", _MILLIGRAMS[bare])
    if bare in _MILLILITRES:
        return _Unit("mL", Fraction(1))
    if (area := _AREA.search(folded)) and not folded[area.end() :].strip():
        mass = _MILLIGRAMS.get(folded[: area.start()])
        return _Unit("mg/m2", mass) if mass else None
    word = _MARKUP.sub("", folded)
    kinds = {"unit": _WHOLE, "pill": _PILLS} if "/" not in folded else {}
    found = (kind for kind, words in kinds.items() if word in words or word.removesuffix("s") in words)
    return next((_Unit(kind, Fraction(1)) for kind in found), None)


def _converted(value: Fraction, unit: _Unit, said: str, product: Product | None) -> Amount | Unread:
    amount = value * unit.factor
    match unit.measures:
        case "mg":
            return Amount(amount, None, said)
        case "mg/m2":
            return Amount(None, amount, said)
        case "mL":
            strength = product.mg_per_ml if product else None
            lacking = "concentration"
        case kind:
            # A liquid, in a device or a bottle, is not taken in tablets.
            fits = product and product.strength_mg is not None and (kind == "unit" or product.mg_per_ml is None)
            strength = Fraction(product.strength_mg) if product and product.strength_mg is not None and fits else None
            lacking = "strength"
    if not strength or strength <= 0:
        return Unread(f"the product's {lacking}, which {said} needs, is not known")
    return Amount(amount * strength, None, f"{said} ({say(amount * strength)} mg)", unit.measures == "mL")
