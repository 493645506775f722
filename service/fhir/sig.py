"""The text of an instruction, read in plain forms only: one amount, one rate. Whatever else it says is not sure.

Knows milligrams, millilitres, weeks and days; no drug and no resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

SigUnit = Literal["mg", "mg/m2", "mL"]

_NUMBERS = {
    "once": 1,
    "one": 1,
    "twice": 2,
    "two": 2,
    "three": 3,
    "thrice": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
}
_N = r"(?P<n>\d+|" + "|".join(_NUMBERS) + r")"
_TIMES = rf"(?:{_N}(?:\s*x|\s*times?)?)"
_A_WEEK = r"(?:weekly|(?:a|per|each|every|/)\s*(?:week|wk)|/\s*(?:week|wk))"
_A_DAY = r"(?:daily|(?:a|per|each|every)\s*day|/\s*day)"
_PARTS = r"(?:morning|evening|night|noon|afternoon)"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
_DAY_NAME = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)\w*")
# Each plain rate form, the longest first; the second member is doses a week for `n` (1 without).
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (rf"\b{_TIMES}[\s-]*{_A_WEEK}", "week"),
        (
            r"\bevery\s+(?P<n>\d+|two|three|four|six|eight)\s*(?:weeks|wks?)\b|\bq\s*(?P<m>\d+)\s*(?:weeks?|wks?)\b",
            "weeks",
        ),
        (r"\bevery\s+other\s+(?:week|wk)\b|\bfortnightly\b", "fortnight"),
        (r"\bevery\s+(?:7|seven)\s+days\b", "week"),
        (rf"\b{_A_WEEK}\b|\bq\s*-?\s*(?:week|weekly|wk)\b|(?<=\d)\s*/\s*(?:week|wk)\b", "week"),
        (r"\bevery\s+(?P<n>\d+)\s*(?:hours?|hrs?)\b|\bq\s*(?P<m>\d+)\s*h(?:ours?|rs?)?\b", "hours"),
        (r"\bevery\s+other\s+day\b|\bqod\b|\balternate\s+days\b", "other day"),
        (r"\bevery\s+(?P<n>\d+|two|three|four|five)\s*days\b", "days"),
        (rf"\b{_TIMES}[\s-]*{_A_DAY}", "day"),
        (r"\bb\.?i\.?d\b\.?", "2"),
        (r"\bt\.?i\.?d\b\.?", "3"),
        (r"\bq\.?i\.?d\b\.?", "4"),
        (rf"\b{_A_DAY}\b|\bq\.?d\b\.?|\bq\s*day\b|\bnightly\b|\bat\s+bedtime\b|\bqhs\b|\bqam\b|\bqpm\b", "day"),
        (rf"\b(?:every|each)\s+{_PARTS}\b", "day"),
        (r"\b(?:once|twice)?\s*(?:a|per|each|every)\s*month\b|\bmonthly\b", "month"),
    )
)
_RANGE = r"(?P<low>\d+(?:\.\d+)?|\.\d+)(?:\s*(?:-|–|to)\s*(?P<high>\d+(?:\.\d+)?))?"
_AMOUNT = re.compile(
    rf"(?<![\d.,/]){_RANGE}\s*(?P<unit>mg\s*(?:/|per)\s*(?:m2|m\^2|m²|sq\.?\s*m)|mg|milligrams?|ml|millilit(?:er|re)s?)\b(?!\s*/\s*kg)"
)
_STRENGTH = re.compile(r"\d+(?:\.\d+)?\s*mg\s*/\s*(?:\d*(?:\.\d+)?\s*)?ml\b")
_NEGATED = re.compile(r"\b(?:not|never|don't|dont|no|avoid)\b(?:\s+\w+){0,3}?\s+(?:daily|every\s*day|each\s*day)\b")
_UNSURE = re.compile(
    r"\b(?:then|taper\w*|titrat\w*|increas\w*|decreas\w*|reduc\w*|split|divided|alternat\w*|directed|or|except|hold|skip|"
    r"until|biweekly|bi-weekly|mg\s*/\s*kg|folic|leucovorin|months?ly?|unless|starting|load\w*)\b"
)
_NUMBER = re.compile(r"\d|\b(?:half|two|three|four|five|six|seven|eight|nine|ten)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """What a text plainly says. `most` and `daily` are of every rate it names, plain or not; `weekly`: a week or a
    weekday stands in it. `per_week` and `amount` are null where the text is not plain."""

    amount: Fraction | None = None
    unit: SigUnit | None = None
    per_week: Fraction | None = None
    most: Fraction | None = None
    daily: bool = False
    unsure: bool = False


def read_sig(text: str | None) -> Said:
    """The plain amount and rate of a text (reading, sections 9, 12 and 15); empty where it says neither."""
    if not text:
        return Said()
    plain = _NEGATED.sub(" ", re.sub(r"\s+", " ", text.lower().replace("’", "'")))
    rest, rates, daily = _rates(plain)
    amounts, left = _amounts(rest)
    unsure = bool(_UNSURE.search(left) or _NUMBER.search(left) or len(rates) > 1 or len(amounts) > 1)
    amount, unit = amounts[0] if len(amounts) == 1 and not unsure else (None, None)
    rate = rates[0] if len(rates) == 1 and not unsure else None
    weekly = bool(_DAY_NAME.search(plain) or re.search(r"week|wk", plain))
    alarms = [found for found in daily if not weekly]
    most = max([rate, *alarms] if rate is not None else alarms, default=None)
    return Said(amount, unit, rate, most, bool(alarms), unsure)


def _rates(text: str) -> tuple[str, list[Fraction], list[Fraction]]:
    """The text without its rates, the distinct rates that it names, and those of them that are of every day."""
    found: list[Fraction] = []
    daily: list[Fraction] = []
    for pattern, kind in _FORMS:
        for match in pattern.finditer(text):
            rate, every_day = _rate(match, kind)
            found.append(rate)
            daily += [rate] if every_day else []
        text = pattern.sub(" ", text)
    named = list(dict.fromkeys(_DAY_NAME.findall(text)))
    if named:
        text = re.sub(rf"\b(?:on\s+|every\s+|each\s+)*(?:{_WEEKDAY})\b(?:\s*(?:,|and|&|/)\s*)?", " ", text)
        found = [rate for rate in found if rate != len(named)]
        found.append(Fraction(len(named)))
    return text, list(dict.fromkeys(found)), daily


def _rate(match: re.Match[str], kind: str) -> tuple[Fraction, bool]:
    groups = match.groupdict()
    said = groups.get("n") or groups.get("m")
    n = Fraction(_count(said)) if said else Fraction(1)
    match kind:
        case "week":
            return n, n >= 7
        case "weeks":
            return 1 / n, False
        case "fortnight":
            return Fraction(1, 2), False
        case "hours":
            return Fraction(168) / n, n <= 24
        case "other day":
            return Fraction(7, 2), False
        case "days":
            return Fraction(7) / n, n <= 1
        case "day":
            return 7 * n, True
        case "month":
            return Fraction(7, 28), False
        case _:
            return Fraction(7 * int(kind)), True


def _count(said: str) -> int:
    return max(int(said), 1) if said.isdigit() else {**_NUMBERS, "eight": 8}[said]


def _amounts(text: str) -> tuple[list[tuple[Fraction, SigUnit]], str]:
    """The distinct amounts (a range's high end), and the text without them and without strengths."""
    text = _STRENGTH.sub(" ", text)
    found = [_amount(match) for match in _AMOUNT.finditer(text)]
    return list(dict.fromkeys(found)), _AMOUNT.sub(" ", text)


def _amount(match: re.Match[str]) -> tuple[Fraction, SigUnit]:
    value = Fraction(match["high"] or match["low"])
    unit = re.sub(r"\s", "", match["unit"])
    if unit.startswith("mg") and unit != "mg":
        return value, "mg/m2"
    return value, "mL" if unit.startswith(("ml", "millil")) else "mg"
