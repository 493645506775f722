"""A FHIR Timing as doses a week, and what in it says that a drug is taken every day.

Knows no drug and no amount. Structure only: the words of a code that is not HL7's are handed on, to be read as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from service.dose import say
from service.fhir.elements import Json, child, codings, day, number, text, texts
from service.fhir.units import Unread, days_in

# HL7 v3 GTSAbbreviation, as doses a week; hourly codes are reckoned.
_CODES = MappingProxyType(
    {
        **dict.fromkeys(("QD", "AM", "PM", "BED"), Fraction(7)),
        "BID": Fraction(14),
        "TID": Fraction(21),
        "QID": Fraction(28),
        "QOD": Fraction(7, 2),
        "WK": Fraction(1),
    }
)
_HOURLY = re.compile(r"Q([1-9]\d{0,2})H")
_HL7 = re.compile(r"gtsabbreviation|timing-abbreviation|2\.16\.840\.1\.113883\.5\.1022", re.IGNORECASE)
_NUMERIC = re.compile(r"\d{1,4}(\.\d{1,4})?")
_LOCAL_WORD = re.compile(r"[A-Za-z. ]+|[Qq]\d{1,3}[A-Za-z]+")
_DAYS_OF_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAILY = Fraction(7)
_EVENT_DAYS = 5
_ONCE = MappingProxyType({1: "once", 2: "twice"})


@dataclass(frozen=True, slots=True)
class Rate:
    """Doses a week: the most that is said, and the least where a span is said; `path` is where."""

    least: Fraction
    most: Fraction
    path: Literal["timing.repeat", "timing.code"]


@dataclass(frozen=True, slots=True)
class Timing:
    """What a Timing says. `rate` is null where it says none (a lone event, a count, bounds) or none that can be read
    (`fault` says why; `clash`: its parts plainly disagree). `count` is the highest rate seen anywhere in it, `daily`
    what says every day (path and words), `words` the text of its code."""

    rate: Rate | None = None
    fault: str | None = None
    clash: bool = False
    count: Fraction | None = None
    daily: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()


def read_timing(timing: Json) -> Timing:
    """The doses a week of a Timing (reading, section 9, 12 and 15; FHIR R4 Timing.repeat and Timing.code)."""
    repeat, concept = child(timing, "repeat"), child(timing, "code")
    repeated, coded = _repeated(repeat), _coded(concept, repeat)
    rates = [rate for rate in (repeated, *coded) if isinstance(rate, Rate)]
    clash = _disagreement(rates)
    faults = (clash, *(found.why for found in (repeated,) if isinstance(found, Unread)))
    fault = next((why for why in faults if why), None)
    return Timing(
        rate=rates[0] if rates and not fault else None,
        fault=fault,
        clash=clash is not None,
        count=max((*(rate.most for rate in rates), *_unlisted(repeat)), default=None),
        daily=(*_daily_repeat(repeat, repeated), *_daily_codes(concept, repeat), *_daily_events(timing)),
        words=_words(concept),
    )


def in_words(per_week: Fraction) -> str:
    """A number of doses a week, for people."""
    for doses, period in ((per_week / 7, "day"), (per_week, "week")):
        if doses.denominator == 1:
            return f"{_ONCE.get(doses.numerator) or f'{doses} times'} a {period}"
    if per_week.numerator == 1:
        return f"once every {per_week.denominator} weeks"
    return f"{say(per_week)} times a week"


def _disagreement(rates: list[Rate]) -> str | None:
    for rate in rates[1:]:
        first = rates[0]
        if not first.least <= rate.most <= first.most:
            return f"{first.path} says {in_words(first.most)} and {rate.path} says {in_words(rate.most)}"
    return None


def _repeated(repeat: Json) -> Rate | Unread | None:
    frequency, period, days = _frequency(repeat), _period(repeat), _weekdays(repeat)
    for part in (frequency, period, days):
        if isinstance(part, Unread):
            return part
    assert not isinstance(frequency, Unread)
    assert not isinstance(period, Unread)
    assert not isinstance(days, Unread)
    times = len(set(texts(repeat, "timeOfDay"))) or len(set(texts(repeat, "when")))
    if period is None:
        found = _without_period(days, times)
        return Rate(found, found, "timing.repeat") if found else None
    least, most = (_within(f, p, days, times) for f, p in zip(frequency or (Fraction(1),) * 2, period, strict=True))
    return Rate(min(least, most), most, "timing.repeat")


def _without_period(days: int, times: int) -> Fraction | None:
    if days:
        return Fraction(days * max(times, 1))
    return _DAILY * times if times else None


def _within(frequency: Fraction, period: Fraction, days: int, times: int) -> Fraction:
    """Doses a week of a frequency per period (in days). Within a day the listed times may say more than it does; of a
    longer period the listed days say all."""
    if period <= 1:
        return max(frequency / period, Fraction(times)) * (days or 7)
    return Fraction(days * max(times, 1)) if days else frequency * 7 / period


def _unlisted(repeat: Json) -> list[Fraction]:
    """The doses a week of frequency and period alone, numbers sent as text included, whatever days are listed beside
    them, and a unit without a period as one of it: it gives no dose, and the alert looks at it."""
    mended = {name: _numeric(repeat.get(name)) for name in ("frequency", "frequencyMax", "period", "periodMax")}
    lone = {"period": Decimal(1)} if repeat.get("periodUnit") and repeat.get("period") is None else {}
    loose = {**repeat, **lone, **{name: value for name, value in mended.items() if value is not None}}
    frequency, period = _frequency(loose), _period(loose)
    if isinstance(period, tuple) and not isinstance(frequency, Unread):
        days = _weekdays(repeat)
        listed = isinstance(days, int) and days > 0 and period[1] <= 1
        return [] if listed else [(frequency[1] if frequency else Fraction(1)) * 7 / period[1]]
    return []


def _numeric(value: object) -> Decimal | None:
    """A number that was sent as text."""
    return Decimal(value.strip()) if isinstance(value, str) and _NUMERIC.fullmatch(value.strip()) else None


def _frequency(repeat: Json) -> tuple[Fraction, Fraction] | Unread | None:
    """The least and the most; a period without a frequency is once (FHIR R4, meaning if missing)."""
    named = [name for name in ("frequency", "frequencyMax") if repeat.get(name) is not None]
    found = [number(repeat, name) for name in named]
    values = [value for value in found if value is not None and value > 0]
    if len(values) != len(named):
        return Unread("the frequency of the timing is no number above zero")
    return (min(values), max(values)) if values else None


def _period(repeat: Json) -> tuple[Fraction, Fraction] | Unread | None:
    """The longest and the shortest, in days: the shortest gives the most doses."""
    named = [name for name in ("period", "periodMax") if repeat.get(name) is not None]
    if not named:
        return Unread("the timing has a unit of its period and no period") if repeat.get("periodUnit") else None
    unit = days_in(text(repeat, "periodUnit"))
    found = [number(repeat, name) for name in named]
    values = [value for value in found if value is not None and value > 0]
    if len(values) != len(named) or unit is None:
        return Unread("the period of the timing is no length of time")
    return max(values) * unit, min(values) * unit


def _weekdays(repeat: Json) -> int | Unread:
    """How many days of the week are listed."""
    listed = repeat.get("dayOfWeek")
    named = listed if isinstance(listed, list) else [] if listed is None else [listed]
    found = [_weekday(name) for name in named]
    return len(set(found)) if None not in found else Unread("a day of the week of the timing is none")


def _weekday(name: object) -> str | None:
    word = name.strip().lower() if isinstance(name, str) else ""
    return next((day_name for day_name in _DAYS_OF_WEEK if len(word) >= 3 and day_name.startswith(word)), None)


def _coded(concept: Json, repeat: Json) -> list[Rate]:
    """The rates of HL7's codes; on listed days a code of so many doses a day counts on those days."""
    days = _weekdays(repeat)
    found = []
    for code in _abbreviations(concept):
        rate = _rate_of(code)
        on_days = rate / 7 * days if rate and isinstance(days, int) and days and rate >= 7 else rate
        if on_days:
            found.append(Rate(on_days, on_days, "timing.code"))
    return found


def _rate_of(code: str) -> Fraction | None:
    hours = _HOURLY.fullmatch(code)
    return Fraction(168, int(hours[1])) if hours else _CODES.get(code)


def _abbreviations(concept: Json) -> list[str]:
    return [c.code.upper() for c in codings(concept) if (not c.system or _HL7.search(c.system)) and c.code]


def _words(concept: Json) -> tuple[str, ...]:
    """The text of a code, and what a coding that is not HL7's says; a code of letters is a word, too."""
    foreign = [
        c for c in codings(concept) if not (_rate_of(c.code.upper()) and c.code.upper() in _abbreviations(concept))
    ]
    spelt = [c.code for c in foreign if _LOCAL_WORD.fullmatch(c.code)]
    named = (text(concept, "text"), *(c.display for c in foreign), *spelt)
    return tuple(dict.fromkeys(word for word in named if word))


def _daily_repeat(repeat: Json, rate: Rate | Unread | None) -> tuple[tuple[str, str], ...]:
    if not isinstance(rate, Rate) or _weekdays(repeat) or rate.most < _DAILY:
        return ()
    return (("timing.repeat", in_words(rate.most)),)


def _daily_codes(concept: Json, repeat: Json) -> tuple[tuple[str, str], ...]:
    """Codes of one or more doses a day, unless days of the week are listed beside them."""
    if _weekdays(repeat):
        return ()
    codes = [code for code in _abbreviations(concept) if (_rate_of(code) or 0) >= _DAILY]
    return tuple(("timing.code", f"{code}, {in_words(_rate_of(code) or _DAILY)}") for code in codes)


def _daily_events(timing: Json) -> tuple[tuple[str, str], ...]:
    """Events on five or more days within seven (reading, section 15, safety); they give no rate."""
    days = sorted({found for event in texts(timing, "event") if (found := day(event))})
    most = max((_within_seven(days, first) for first in days), default=0)
    return (("timing.event", f"events on {most} days within seven"),) if most >= _EVENT_DAYS else ()


def _within_seven(days: list[date], first: date) -> int:
    return sum(1 for found in days if 0 <= (found - first).days < 7)
