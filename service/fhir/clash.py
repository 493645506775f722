"""Where the text of an instruction plainly contradicts its structure (reading, section 9 and 15).

Compares amounts and rates that were read elsewhere; decides no dose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from service.case import Product
from service.fhir.dose_and_rate import Said
from service.fhir.sig import Sig
from service.fhir.timing import Rate
from service.fhir.units import Amount, measure

_ROUNDING = Fraction(1, 10)  # mL: how finely a dose of an oral solution is measured
_OFTEN = 5  # doses a week, from which on daily dosing is alerted of (reading, section 12)


def spoken_amount(sig: Sig, product: Product | None) -> Amount | None:
    """The amount of a text, in mL through the product's concentration. Said in mg and in mL, or beside one device, it
    must be the same, but for the rounding of the mL: the larger counts. A volume that cannot be converted leaves the
    milligrams as they are."""
    if not sig.amounts or any(product is None or one != product.mg_per_ml for one in sig.strengths):
        return None
    found = [measure(value, unit, product) for value, unit in (*sig.amounts, *sig.said)]
    read = sorted((one for one in found if isinstance(one, Amount)), key=lambda one: one.mg or 0, reverse=True)
    if len({one.mg is None for one in read}) != 1:
        return None
    return read[0] if all(_same(read[0], one, product) for one in read) else None


def rate_clashes(sig: Sig, rate: Rate) -> bool:
    """Whether a text plainly says another rate; words that say every day are plain beside a rare one."""
    if sig.rate is not None and not rate.least <= sig.rate <= rate.most:
        return True
    return sig.daily is not None and not sig.by_night and rate.most < _OFTEN


def amount_clashes(sig: Sig, dose: Said, product: Product | None) -> bool:
    """Whether any amount that a text says surely is not the structure's: milligrams (however they were given) beside
    milligrams, mg/m2 beside mg/m2. Of so many devices or tablets of an amount, their sum may be the structure's."""
    pieces = [value for value, unit in sig.said if unit in ("device", "tablet")]
    return any(
        all(_differs(one, dose, product) for one in (amount, *(_times(amount, n) for n in pieces if unit == "mg")))
        for unit, amount in _amounts(sig, product)
    )


def is_a_weeks(sig: Sig, dose: Said, rate: Rate, product: Product | None) -> bool:
    """Whether a text gives the structure's dose as what it comes to in a week: "20 mg per week"."""
    amount = spoken_amount(sig, product)
    return bool(sig.in_all and sig.rate == 1 and amount and dose.mg and amount.mg == dose.mg * rate.most)


def uncounted(sig: Sig, product: Product | None) -> bool:
    """Whether a text says several devices or tablets, and what they come to cannot be reckoned."""
    pieces = [(value, unit) for value, unit in sig.said if unit in ("device", "tablet") and value > 1]
    return any(not isinstance(measure(value, unit, product), Amount) for value, unit in pieces)


def _amounts(sig: Sig, product: Product | None) -> Iterator[tuple[str, Amount]]:
    """Each amount that is said; a concentration that the text names goes before the product's."""
    named = set(sig.strengths)
    if product and len(named) == 1:
        product = replace(product, mg_per_ml=named.pop())
    for value, unit in sig.said:
        amount = measure(value, unit, product)
        if isinstance(amount, Amount):
            yield unit, amount


def _times(amount: Amount, pieces: Fraction) -> Amount:
    return replace(amount, mg=amount.mg * pieces if amount.mg is not None else None)


def _differs(amount: Amount, dose: Said, product: Product | None) -> bool:
    comparable = [own for own in dose.every if (own.mg is None) == (amount.mg is None)]
    if not comparable or any(_same(amount, own, product) for own in comparable):
        return False
    sizes = [own.size for own in comparable]
    return not min(sizes) <= amount.size <= max(sizes)


def _same(first: Amount, second: Amount, product: Product | None) -> bool:
    """The same amount; in mL against mg of a solution that is measured out, but for the rounding of the mL."""
    measured_out = product is not None and product.strength_mg is None and first.in_ml != second.in_ml
    slack = _ROUNDING * ((product.mg_per_ml or 0) if measured_out and product else 0)
    return abs(first.size - second.size) <= slack
