"""How long an order asks to be supplied: its validity period, else its supply and refills, else its timing's bounds.

Knows no policy; how a length runs from an evaluation date is decided elsewhere."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from service.case import Requested
from service.dose import say
from service.fhir.elements import Json, child, day, items, number, text
from service.fhir.units import MONTH

# UCUM and plain words, as days or as calendar months.
_DAYS = MappingProxyType(
    {
        **dict.fromkeys(("h", "hour", "hours"), Fraction(1, 24)),
        **dict.fromkeys(("d", "day", "days"), Fraction(1)),
        **dict.fromkeys(("wk", "week", "weeks"), Fraction(7)),
    }
)
_MONTHS = MappingProxyType({"mo": 1, "month": 1, "months": 1, "a": 12, "year": 12, "years": 12})


def read_requested(order: Json) -> Requested | None:
    """The duration that the order asks for (reading 13, 15); None where it asks for none that can be counted.

    A period counts in days, both ends included, and a duration in its own unit, one that is no whole number of months
    in days; a part of a day that is left over is dropped."""
    dispense = child(order, "dispenseRequest")
    return _period(child(dispense, "validityPeriod"), "validity period") or _supply(dispense) or _bounds(order)


def _period(period: Json, name: str) -> Requested | None:
    start, end = day(period.get("start")), day(period.get("end"))
    if start is None or end is None or end < start:
        return None
    return Requested(None, (end - start).days + 1, f"{name} {start.isoformat()} to {end.isoformat()}")


def _supply(dispense: Json) -> Requested | None:
    refills = number({"numberOfRepeatsAllowed": 0, **dispense}, "numberOfRepeatsAllowed")
    if refills is None or refills < 0 or refills.denominator != 1:
        return None
    one = child(dispense, "expectedSupplyDuration")
    found = _duration(one, 1 + refills)
    if found is None or not refills:
        return found
    return replace(found, text=f"{found.text} with {say(refills)} refill{'' if refills == 1 else 's'}")


def _duration(duration: Json, times: Fraction) -> Requested | None:
    value, unit = number(duration, "value"), _unit(duration)
    if value is None or unit is None or value <= 0:
        return None
    said = f"{say(value)} {text(duration, 'unit') or unit}"
    if unit in _DAYS:
        days = int(value * times * _DAYS[unit])
        return Requested(None, days, said) if days else None
    months = value * times * _MONTHS[unit]
    if months.denominator == 1:
        return Requested(int(months), None, said)
    days = int(months * MONTH)
    return Requested(None, days, said) if days else None


def _unit(duration: Json) -> str | None:
    """The code, else the unit in words, where it is one that counts here."""
    unit = (text(duration, "code") or text(duration, "unit") or "").lower()
    return unit if unit in _DAYS or unit in _MONTHS else None


def _bounds(order: Json) -> Requested | None:
    """The bounds of the dosage instructions: from the first day to the last of periods, else the longest of those that
    run together, and the sum of those that follow each other. One without bounds is open, and so is the order."""
    instructions = items(order, "dosageInstruction")
    repeats = [child(child(i, "timing"), "repeat") for i in instructions]
    spans = [child(r, "boundsPeriod") for r in repeats]
    periods = [found for p in spans if (found := _period(p, "timing bounds"))]
    if periods and len(periods) == len(repeats):
        starts, ends = ([str(day(p.get(name))) for p in spans] for name in ("start", "end"))
        return _period({"start": min(starts), "end": max(ends)}, "timing bounds")
    steps: dict[Fraction | None, list[Requested]] = {}
    for instruction, repeat in zip(instructions, repeats, strict=True):
        found = _period(child(repeat, "boundsPeriod"), "timing bounds") or _length(repeat)
        if found is None:
            return None
        steps.setdefault(number(instruction, "sequence"), []).append(found)
    return _added([max(step, key=_in_days) for step in steps.values()]) if steps else None


def _length(repeat: Json) -> Requested | None:
    """A length of the bounds; of a range its high end, else its low."""
    spread = child(repeat, "boundsRange")
    ways = (child(repeat, "boundsDuration"), child(spread, "high"), child(spread, "low"))
    return next((found for way in ways if (found := _duration(way, Fraction(1)))), None)


def _added(steps: list[Requested]) -> Requested:
    """Steps one after the other: in months where all are counted in months, else in days."""
    if len(steps) == 1:
        return steps[0]
    said = ", then ".join(step.text for step in steps)
    months = [step.months for step in steps if step.months is not None]
    if len(months) == len(steps):
        return Requested(sum(months), None, said)
    return Requested(None, int(sum(map(_in_days, steps), Fraction(0))), said)


def _in_days(requested: Requested) -> Fraction:
    return Fraction(requested.days) if requested.days is not None else (requested.months or 0) * MONTH
