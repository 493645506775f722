"""A Timing read as doses a week, and what of it says that a drug is taken every day. Knows no dose and no drug."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from service.fhir.elements import Json, child, codings, day, label, number, text, texts

# Days of a period unit (UCUM). A month counts as its shortest: what is taken a week is never understated.
_DAYS = {
    "s": Fraction(1, 86400),
    "min": Fraction(1, 1440),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "wk": Fraction(7),
    "mo": Fraction(28),
    "a": Fraction(365),
}
# HL7 v3 GTSAbbreviation, as R4 binds Timing.code: doses a week.
_CODES = {
    "QD": Fraction(7),
    "AM": Fraction(7),
    "PM": Fraction(7),
    "BED": Fraction(7),
    "BID": Fraction(14),
    "TID": Fraction(21),
    "QID": Fraction(28),
    "QOD": Fraction(7, 2),
    "WK": Fraction(1),
    **{f"Q{n}H": Fraction(168, n) for n in range(1, 25)},
}
_EVERY_DAY = frozenset(_CODES) - {"QOD", "WK"}


@dataclass(frozen=True, slots=True)
class Rate:
    """Doses a week as structured (`per_week` null: none), the highest that anything structured says (`most`), what
    says "every day" (`daily`), and why the structure cannot be read (`unread`)."""

    per_week: Fraction | None = None
    most: Fraction | None = None
    daily: tuple[str, ...] = ()
    unread: str | None = None
    says: str = ""


def read_timing(timing: Json) -> Rate:
    """The rate of a Timing (reading, sections 9, 12, 15): repeat, else code; events, counts and bounds give none."""
    repeat = child(timing, "repeat")
    repeated, why = _repeated(repeat)
    code = next((c.code.upper() for c in codings(timing.get("code")) if c.code.upper() in _CODES), None)
    coded = _CODES[code] if code else None
    daily = (*((f"timing code {code}",) if code in _EVERY_DAY else ()), *_by_times(repeat), *_by_events(timing))
    rates = [rate for rate in (repeated, coded) if rate is not None]
    most = max(rates, default=None)
    if why is None and len(set(rates)) > 1:
        why = f"the timing code {code} and the repeat disagree"
    return Rate(None if why or not rates else rates[0], most, daily, why, _says(repeat, code))


def _repeated(repeat: Json) -> tuple[Fraction | None, str | None]:
    """Doses a week of Timing.repeat, or why there is a rate that cannot be read."""
    frequency, period, unit = _frequency(repeat), number(repeat, "period"), text(repeat, "periodUnit")
    days, times = len(set(texts(repeat, "dayOfWeek"))), len(set(texts(repeat, "timeOfDay")))
    if _wrong(repeat, "frequency", "frequencyMax", "period"):
        return None, "the timing holds a number that is none, or not above zero"
    if period is not None and (unit or "") not in _DAYS:
        return None, f"the period unit {unit or 'is missing'} is not known"
    if days:
        a_day = frequency if frequency and period == 1 and unit == "d" else times or 1
        return Fraction(days) * a_day, None
    if period is not None:
        return (frequency or Fraction(1)) * 7 / (period * _DAYS[unit or ""]), None
    moments = max(times, len(set(texts(repeat, "when"))))
    if moments:
        return Fraction(7 * moments), None
    return None, "the timing has a frequency without a period" if frequency else None


def _frequency(repeat: Json) -> Fraction | None:
    given = [n for n in (number(repeat, "frequency"), number(repeat, "frequencyMax")) if n is not None]
    return max(given, default=None)


def _wrong(repeat: Json, *names: str) -> bool:
    """Whether a number is there that is no number above zero."""
    there = [name for name in names if repeat.get(name) is not None]
    return any((n := number(repeat, name)) is None or n <= 0 for name in there)


def _by_times(repeat: Json) -> tuple[str, ...]:
    if texts(repeat, "dayOfWeek") or repeat.get("period") is not None:
        return ()
    listed = (*texts(repeat, "when"), *texts(repeat, "timeOfDay"))
    return (f"every day at {', '.join(listed)}",) if listed else ()


def _by_events(timing: Json) -> tuple[str, ...]:
    """Events on five or more days within seven."""
    days = sorted({found for event in texts(timing, "event") if (found := day(event))})
    within = any(sum(_soon(first, other) for other in days) >= 5 for first in days)
    return (f"events on {len(days)} days from {days[0].isoformat()}",) if within else ()


def _soon(first: date, other: date) -> bool:
    return first <= other < first + timedelta(days=7)


def _says(repeat: Json, code: str | None) -> str:
    days = ", ".join(texts(repeat, "dayOfWeek"))
    if days:
        return f"on {days}"
    period, frequency = number(repeat, "period"), _frequency(repeat)
    if period is not None:
        return f"{frequency or 1} per {period if period != 1 else ''}{text(repeat, 'periodUnit') or ''}"
    return code or label(repeat)
