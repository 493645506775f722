"""The plain text of a dosage instruction: an amount and a rate in plain forms only, and words that say every day.

Knows no drug, no product and no FHIR. Every number must be accounted for, and a word of doubt (a taper, a split, a
condition, a denial) leaves the text unread: what says every day is told all the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from service.fhir import phrases
from service.fhir.phrases import counted, days_of
from service.fhir.wording import fold

Unit = Literal["mg", "mL", "mg/m2"]
_LONGEST = 1000  # characters: what goes on beyond is no plain instruction
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")


_Tell = Callable[[re.Match[str]], None]


@dataclass(frozen=True, slots=True)
class Sig:
    """What a text says. `amounts`: the plain amount, in mg or mg/m2, or in mg and mL, which must then agree; `rate`:
    plain doses a week. Empty and null where it says none, or none surely. For the alert alone: `count`, the highest
    rate that is said at all, and `daily`, the words that say every day with no weekday and no "weekly" beside them."""

    amounts: tuple[tuple[Fraction, Unit], ...] = ()
    rate: Fraction | None = None
    count: Fraction | None = None
    daily: str | None = None


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
        return self.span is None or self.span % 7 == 0


@dataclass(slots=True)
class _Reader:
    """A text of which what is accounted for is blanked out, step by step."""

    rest: str
    amounts: list[tuple[Fraction, Unit]] = field(default_factory=list)
    rates: list[_Rated] = field(default_factory=list)
    amount_unsure: bool = False
    rate_unsure: bool = False

    def take(self, pattern: re.Pattern[str], tell: _Tell | None = None) -> list[re.Match[str]]:
        """Blank out each match, telling of it."""
        matches = list(pattern.finditer(self.rest))
        self.rest = pattern.sub(lambda match: "|" * len(match[0]), self.rest)
        if tell:
            for match in matches:
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
        self.amount_unsure |= counted(match["word"]) != 1 if match["word"] else Fraction(match[1]) != 1

    def rated(self, match: re.Match[str]) -> None:
        found = match.groupdict()
        times = counted(found.get("once") or found.get("n") or "one")
        each = counted(found.get("each") or "one")
        self.rate_unsure |= bool(found.get("low") or found.get("to")) or not (times and each)
        if times and each:
            span = days_of(match["span"]) * each
            self.rates.append(_Rated(times * 7 / span, span, match[0].strip(" /")))

    def abbreviated(self, match: re.Match[str]) -> None:
        often, span = (phrases.PER_DAY[match["often"]], 1) if match["often"] else (1, 2)
        self.rates.append(_Rated(Fraction(7 * often, span), Fraction(span), match[0]))


def read_sig(text: str) -> Sig:
    """Read one text (READING, sections 9, 12 and 15)."""
    folded = _plain_forms(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ?")
    reader = _Reader(folded)
    reader.take(phrases.HARMLESS)
    reader.take(phrases.MONITORING)
    reader.take(phrases.VISIT)
    reader.take(phrases.DENIED)
    _read_amounts(reader)
    _read_weekdays(reader)
    for form in phrases.RATES:
        reader.take(form, reader.rated)
    reader.take(phrases.ABBREVIATED, reader.abbreviated)
    if not reader.rates and (bedtime := phrases.BEDTIME.search(reader.rest)):
        # A time of day beside a structured rate, but daily for the alert (READING, section 15, safety): no plain rate.
        reader.rates.append(_Rated(Fraction(7), Fraction(1), bedtime[0]))
        reader.rate_unsure = True
    doubtful = phrases.DOUBT.search(reader.rest) or len(set(phrases.PARTS_OF_DAY.findall(folded))) > 1
    return _told(reader, sure=not doubtful)


def _plain_forms(text: str) -> str:
    """The text in lower case and single spaces, b.i.d. without its dots, "7 (seven)" as 7."""
    dotless = _DOTTED.sub(lambda match: match[0].replace(".", ""), " ".join(fold(text).split()))
    return phrases.SPELT_OUT.sub(
        lambda match: match["digits"] if counted(match["digits"]) == counted(match["word"]) else match[0], dotless
    )


def _read_amounts(reader: _Reader) -> None:
    reader.amount_unsure |= bool(reader.take(phrases.STRENGTH))
    reader.take(phrases.RANGE, reader.span_of_amounts)
    reader.take(phrases.AMOUNT, reader.amount)
    reader.take(phrases.COUNTED, reader.units)
    reader.amount_unsure |= phrases.UNCOUNTED.search(reader.rest) is not None
    reader.take(phrases.DURATION)
    reader.take(phrases.CLOCK)


def _read_weekdays(reader: _Reader) -> None:
    """Days of the week are a rate where they recur: every one, a plural, or several of them."""
    spans = reader.take(phrases.DAY_RANGE)
    reader.rate_unsure |= bool(reader.take(phrases.OTHER_DAYS))
    single = list(phrases.WEEKDAY.finditer(reader.rest))
    plain = [m for m in single if m["name"] not in ("sat", "sun") or m["every"] or m["on"]]
    if not plain and not spans:
        return
    reader.take(phrases.WEEKDAY)
    days = {_weekday(m["name"]) for m in single}
    for first, last in ((_weekday(m["first"]), _weekday(m["last"])) for m in spans):
        days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    recurs = len(days) > 1 or any(m["every"] or m["name"].endswith("days") for m in single)
    says = " ".join(m[0].strip() for m in (*spans, *single))
    reader.rates.append(_Rated(Fraction(len(days)), None, says))
    reader.rate_unsure |= not recurs and phrases.WEEKLY.search(reader.rest) is None


def _weekday(name: str) -> int:
    return phrases.DAY_NAMES.index(name[:3])


def _told(reader: _Reader, *, sure: bool) -> Sig:
    said = {rate.per_week for rate in reader.rates}
    beside = any(rate.of_weeks for rate in reader.rates)
    loud = [rate for rate in reader.rates if not (beside and rate.within_a_day)]
    daily = [rate.says for rate in loud if rate.within_a_day]
    sure &= len(said) <= 1 and not (reader.rate_unsure and reader.rates)
    return Sig(
        amounts=_settled(reader) if sure else (),
        rate=said.pop() if sure and said else None,
        count=max((rate.per_week for rate in loud), default=None),
        daily=", ".join(dict.fromkeys(daily)) or None,
    )


def _settled(reader: _Reader) -> tuple[tuple[Fraction, Unit], ...]:
    """The amount, where it is one: said once, or once in mg and once in mL."""
    units = sorted(unit for _, unit in reader.amounts)
    one = len(units) == 1 or units == ["mL", "mg"]
    return tuple(reader.amounts) if one and not reader.amount_unsure else ()
