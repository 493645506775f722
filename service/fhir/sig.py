"""The plain text of a dosage instruction: an amount and a rate in plain forms only, and words that say every day.

Knows no drug, no product and no FHIR. Every number must be accounted for, and a word of doubt (a taper, a split, a
condition, a denial) leaves the text unread: what says every day is told all the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from service.fhir import asides, phrases
from service.fhir.cues import can_match
from service.fhir.ordinary import PHRASES, only_ordinary
from service.fhir.phrases import counted, days_of, plain_forms

Unit = Literal["mg", "mL", "mg/m2", "device", "tablet"]
_LONGEST = 1000  # characters: what goes on beyond is no plain instruction
_IN_ALL = frozenset({"per week", "per wk", "week", "wk"})

_Tell = Callable[[re.Match[str]], None]


@dataclass(frozen=True, slots=True)
class Sig:
    """What a text says. `amounts`: the plain amount, in mg or mg/m2, or in mg and mL, which must then agree; `rate`:
    plain doses a week. Empty and null where it says none, or none surely. `said`: every amount of a text that is read
    surely, counts of devices and tablets included; `strengths` (mg per mL) it names; `in_all`: its amount is a week's;
    `unsure`: it speaks of an amount or a rate, and not plainly. For the alert alone: `count`, the highest rate that is
    said at all, and `daily`, the words that say every day with no weekday and no "weekly" beside them (`by_night`: a
    time of day, or another medicine's, only); `most` is the highest rate whatever stands beside it."""

    amounts: tuple[tuple[Fraction, Unit], ...] = ()
    rate: Fraction | None = None
    count: Fraction | None = None
    daily: str | None = None
    said: tuple[tuple[Fraction, Unit], ...] = ()
    strengths: tuple[Fraction, ...] = ()
    in_all: bool = False
    unsure: bool = False
    by_night: bool = False
    most: Fraction | None = None


@dataclass(frozen=True, slots=True)
class _Rated:
    """A rate as found: doses a week, the days of its span (null for days of the week), and its words."""

    per_week: Fraction
    span: Fraction | None
    says: str

    @property
    def within_a_day(self) -> bool:
        return self.span is not None and self.span <= 1

    @property
    def of_weeks(self) -> bool:
        return self.span is None or (self.span == 7 and not self.says.startswith("a "))


@dataclass(slots=True)
class _Reader:
    """A text of which what is accounted for is blanked out, step by step."""

    rest: str
    amounts: list[tuple[Fraction, Unit]] = field(default_factory=list)
    rates: list[_Rated] = field(default_factory=list)
    strengths: list[Fraction] = field(default_factory=list)
    counts: list[tuple[Fraction, Unit]] = field(default_factory=list)
    amount_unsure: bool = False
    rate_unsure: bool = False
    by_night: bool = False
    shared: str | None = None

    def take(self, pattern: re.Pattern[str], tell: _Tell | None = None) -> list[re.Match[str]]:
        """Blank out each match, telling of it."""
        if not can_match(pattern, self.rest):
            return []
        matches = list(pattern.finditer(self.rest))
        for match in matches:
            first, end = match.span()
            self.rest = f"{self.rest[:first]}{'|' * (end - first)}{self.rest[end:]}"
            if tell:
                tell(match)
        return matches

    def amount(self, match: re.Match[str]) -> None:
        value = Fraction(match[1])
        unit: Unit = "mg/m2" if match["area"] else "mg" if match["mg"] else "mL"
        self.amount_unsure |= value <= 0
        self.amounts.append((value, unit))

    def span_of_amounts(self, match: re.Match[str]) -> None:
        low, high = Fraction(match[1]), Fraction(match["high"])
        unit: Unit = "mg/m2" if match["area"] else "mg" if match["mg"] else "mL"
        self.amount_unsure |= not 0 <= low < high
        self.amounts.append((high, unit))

    def units(self, match: re.Match[str]) -> None:
        """One device or tablet beside an amount holds that amount; of several it cannot be told."""
        value = Fraction(counted(match["word"])) if match["word"] else Fraction(match[1])
        self.amount_unsure |= value != 1
        if match["word"] not in ("a", "an"):
            self.counts.append((value, "device" if match["device"] else "tablet"))

    def folate(self, match: re.Match[str]) -> None:
        """Listed after the medicine, the vitamin may share its rate with it: "2.5 mg, folic acid 1 mg daily"."""
        daily = asides.DAILY.search(match[0])
        if daily and match.string[: match.start()].endswith(","):
            self.shared = daily[0]

    def strength(self, match: re.Match[str]) -> None:
        """A strength beside an amount is harmless where it is the product's own: that is for the reader of the sig."""
        volume = Fraction(match["volume"] or 1)
        self.amount_unsure |= not volume
        if volume:
            self.strengths.append(Fraction(match[1]) / volume)

    def rated(self, match: re.Match[str]) -> None:
        found = match.groupdict()
        times = counted(found.get("once") or found.get("n") or found.get("times") or "one")
        each = counted((found.get("each") or "one").removesuffix("th"))
        self.rate_unsure |= bool(found.get("low") or found.get("to")) or not (times and each)
        if times and each:
            span = days_of(match["span"]) * each
            on_days = span == 7 and "day" in match[0]
            self.rates.append(_Rated(times * 7 / span, None if on_days else span, match[0].strip(" /")))

    def abbreviated(self, match: re.Match[str]) -> None:
        often, span = (phrases.PER_DAY[match["often"]], 1) if match["often"] else (1, 2)
        self.rates.append(_Rated(Fraction(7 * often, span), Fraction(span), match[0]))


def read_sig(text: str, names: frozenset[str] = frozenset()) -> Sig:
    """Read one text (reading, section 9, 12 and 15); the medicine may be called by one of its `names`."""
    folded = plain_forms(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ?")
    reader = _Reader(folded)
    _set_aside(reader)
    _read_amounts(reader)
    _read_weekdays(reader)
    for form in phrases.RATES:
        reader.take(form, reader.rated)
    reader.take(phrases.ABBREVIATED, reader.abbreviated)
    if not reader.rates:
        _read_hints(reader)
    doubtful = not only_ordinary(reader.rest, names) or len(set(phrases.PARTS_OF_DAY.findall(folded))) > 1
    return _told(reader, sure=not doubtful)


def _set_aside(reader: _Reader) -> None:
    """Blank out what is no part of the dose."""
    for aside in (PHRASES, asides.MONITORING, asides.SUPPLY, asides.VISIT, asides.STARTS):
        reader.take(aside)
    reader.rate_unsure |= any("week" in match[0] for match in reader.take(asides.DENIED))
    reader.take(asides.FOLATE, reader.folate)
    reader.rate_unsure |= bool(reader.take(asides.FOLATE_WEEKLY))
    reader.take(phrases.DURATION)
    reader.take(phrases.DISPENSED)


def _read_hints(reader: _Reader) -> None:
    """A time of day beside a structured rate, but daily for the alert (reading, section 15, safety): no plain rate."""
    bedtime = phrases.BEDTIME.search(reader.rest)
    if says := bedtime[0] if bedtime else reader.shared:
        reader.rates.append(_Rated(Fraction(7), Fraction(1), says))
        reader.rate_unsure = reader.by_night = True


def _read_amounts(reader: _Reader) -> None:
    reader.take(phrases.STRENGTH, reader.strength)
    reader.take(phrases.RANGE, reader.span_of_amounts)
    reader.take(phrases.AMOUNT, reader.amount)
    reader.take(phrases.COUNTED, reader.units)
    reader.amount_unsure |= phrases.UNCOUNTED.search(reader.rest) is not None
    reader.take(phrases.CLOCK)


def _read_weekdays(reader: _Reader) -> None:
    """Days of the week are a rate where they recur: every one, a plural, or several of them."""
    spans = reader.take(phrases.DAY_RANGE)
    reader.rate_unsure |= bool(reader.take(phrases.OTHER_DAYS))
    single = list(phrases.WEEKDAY.finditer(reader.rest))
    plain = [m for m in single if m["name"] not in ("sat", "sun") or m["every"] or m["on"]]
    listed = [range(5) for _ in reader.take(phrases.WORKDAYS)] + [range(5, 7) for _ in reader.take(phrases.WEEKEND)]
    if not (plain or spans or listed):
        return
    reader.take(phrases.WEEKDAY)
    days = {_weekday(m["name"]) for m in single}
    for first, last in ((_weekday(m["first"]), _weekday(m["last"])) for m in spans):
        days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    days = days.union(*listed)
    recurs = len(days) > 1 or any(m["every"] or m["name"].endswith("days") for m in single)
    says = " ".join(m[0].strip() for m in (*spans, *single)) or "weekdays"
    reader.rates.append(_Rated(Fraction(len(days)), None, says))
    reader.rate_unsure |= not recurs and phrases.WEEKLY.search(reader.rest) is None


def _weekday(name: str) -> int:
    return phrases.DAY_NAMES.index(name[:3])


def _told(reader: _Reader, *, sure: bool) -> Sig:
    rates = {rate.per_week for rate in reader.rates}
    beside = any(rate.of_weeks for rate in reader.rates)
    loud = [rate for rate in reader.rates if not (beside and rate.within_a_day)]
    daily = [rate.says for rate in loud if rate.within_a_day]
    sure &= len(rates) <= 1 and not (reader.rate_unsure and reader.rates)
    amounts = _settled(reader) if sure else ()
    return Sig(
        amounts=amounts,
        rate=next(iter(rates)) if sure and rates else None,
        count=max((*(rate.per_week for rate in loud), *_on_days(reader.rates)), default=None),
        daily=", ".join(dict.fromkeys(daily)) or None,
        said=(*reader.amounts, *reader.counts) if sure else (),
        strengths=tuple(reader.strengths),
        in_all=any(rate.says in _IN_ALL for rate in reader.rates),
        unsure=not sure and bool(reader.rates or reader.amounts or reader.counts),
        by_night=reader.by_night,
        most=max(rates, default=None),
    )


def _on_days(rates: list[_Rated]) -> list[Fraction]:
    """The doses a week of so many a day on the days of the week that are named."""
    days = [rate.per_week for rate in rates if rate.span is None]
    return [rate.per_week / 7 * listed for listed in days for rate in rates if rate.within_a_day]


def _settled(reader: _Reader) -> tuple[tuple[Fraction, Unit], ...]:
    """The amount, where it is one: said once, or once in mg and once in mL."""
    units = sorted(unit for _, unit in reader.amounts)
    one = len(units) == 1 or units == ["mL", "mg"]
    return tuple(reader.amounts) if one and not reader.amount_unsure else ()
