"""How long an order asks to be supplied: its validity period, else its supply and refills, else its timing's bounds.

Knows no policy; how a length runs from an evaluation date is decided elsewhere."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from service.case import Requested
from service.dose import say
from service.fhir.elements import Json, child, day, items, number, text

# UCUM and plain words, as days or as calendar months.
_DAYS = MappingProxyType({"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7})
_MONTHS = MappingProxyType({"mo": 1, "month": 1, "months": 1, "a": 12, "year": 12, "years": 12})


def read_requested(order: Json) -> Requested | None:
    """The duration that the order asks for (READING 13, 15); None where it asks for none that can be counted.

    A period counts in days, both ends included, and a duration in its own unit; a part of a day that is left over is
    dropped, and a duration that is no whole number of months cannot be counted."""
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
    return Requested(int(months), None, said) if months.denominator == 1 else None


def _unit(duration: Json) -> str | None:
    """The code, else the unit in words, where it is one that counts here."""
    unit = (text(duration, "code") or text(duration, "unit") or "").lower()
    return unit if unit in _DAYS or unit in _MONTHS else None


def _bounds(order: Json) -> Requested | None:
    """The bounds of the dosage instructions: of several the same length, from the first day to the last of periods.
    One without bounds is open, and so is the order; durations that follow each other are not added up."""
    repeats = [child(child(i, "timing"), "repeat") for i in items(order, "dosageInstruction")]
    spans = [child(r, "boundsPeriod") for r in repeats]
    periods = [found for p in spans if (found := _period(p, "timing bounds"))]
    if periods and len(periods) == len(repeats):
        starts, ends = ([str(day(p.get(name))) for p in spans] for name in ("start", "end"))
        return _period({"start": min(starts), "end": max(ends)}, "timing bounds")
    durations = [_duration(child(r, "boundsDuration"), Fraction(1)) for r in repeats]
    steps = {number(i, "sequence") for i in items(order, "dosageInstruction")}
    return durations[0] if len(set(durations)) == 1 and len(steps) == 1 else None
