"""The plain English forms that a dosage instruction's text is read for, as patterns over folded text.

Patterns, the numbers of their words and the folding only: what a match means to a dose is said in `sig`."""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from service.fhir.units import MONTH, days_in
from service.fhir.wording import fold

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = MappingProxyType(
    {"once": 1, "twice": 2, "thrice": 3, "a": 1, "an": 1, "other": 2, "second": 2, "alternate": 2, "third": 3}
    | {word: n for n, word in enumerate(_WORDS, 1)}
)
_SPANS = MappingProxyType(
    {
        **dict.fromkeys(
            ("daily", "nightly", "night", "nights", "morning", "evening", "am", "pm", "bedtime"), Fraction(1)
        ),
        **dict.fromkeys(("weekly", "w", "wks"), Fraction(7)),
        **dict.fromkeys(("fortnightly", "fortnight", "fortnights"), Fraction(14)),
        "monthly": MONTH,
        "hourly": Fraction(1, 24),
    }
)
PER_DAY = MappingProxyType(
    {**dict.fromkeys(("qday", "qd", "qam", "qpm", "qhs", "q hs", "qdaily", "od"), 1)}
    | {"bid": 2, "bd": 2, "tid": 3, "tds": 3, "qid": 4, "qds": 4}
)
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")
_REWRITTEN = (
    ("every", re.compile(r"\bevery-?day\b"), "every day"),
    ("q.", re.compile(r"\bq\. ?(?=[a-z0-9])"), "q"),
    ("wkly", re.compile(r"\bwkly\b"), "weekly"),
    ("dly", re.compile(r"\bdly\b"), "daily"),
    ("(1", re.compile(r"\bonce \(1 time\)"), "once"),
    ("(1", re.compile(r"\bone \(1\)"), "one"),
)


def counted(word: str) -> int:
    """The number that a word or digits say."""
    return int(word) if word.isdecimal() else _COUNTS[word]


def days_of(word: str) -> Fraction:
    """The days of a span of time that a pattern below captures."""
    return _SPANS.get(word) or days_in(word) or Fraction(1)


def plain_forms(text: str) -> str:
    """The text in lower case and single spaces, b.i.d. without its dots, "7 (seven)" as 7."""
    dotless = " ".join(fold(text).split())
    if "." in dotless:
        dotless = _DOTTED.sub(lambda match: match[0].replace(".", ""), dotless)
    for cue, form, plain in _REWRITTEN:
        if cue in dotless:
            dotless = form.sub(plain, dotless)
    if "(" not in dotless:
        return dotless
    return SPELT_OUT.sub(
        lambda match: match["digits"] if counted(match["digits"]) == counted(match["word"]) else match[0], dotless
    )


_NUMBER = r"(?<![\d.,/-])(\d{1,4}(?:\.\d{1,4})?)(?![\d,]|\.\d)"
_WORD = "|".join(_WORDS)
_MG = r"(?:mgs?|milligrams?)"
_ML = r"(?:mls?|cc|millilit(?:er|re)s?)"
_AREA = r"\s*(?:/|\bper\b)\s*(?:m\^?2|sq\.?\s?m|square\s+met(?:er|re)s?)"
_UNIT = rf"[\s-]*(?:(?P<area>{_MG}{_AREA})|(?P<mg>{_MG})|(?P<ml>{_ML}))(?![a-z0-9^])"
_NO_QUOTIENT = r"(?!\s*(?:/|\bper\b)(?!\s*(?:day|d|week|wk|month)\b))(?!\s+each\b(?!\s+(?:day|week|mo)))"

STRENGTH = re.compile(
    rf"{_NUMBER}[\s-]*{_MG}\s*(?:/|\bper\b|\bin\b)\s*(?P<volume>\d{{1,4}}(?:\.\d{{1,4}})?)?\s*{_ML}\b(?:\s*:)?"
)
RANGE = re.compile(
    rf"{_NUMBER}(?:\s*(?:{_MG}(?:{_AREA})?|{_ML}))?\s*(?:\bto\b|-)\s*(?P<high>\d{{1,4}}(?:\.\d{{1,4}})?){_UNIT}{_NO_QUOTIENT}"
)
AMOUNT = re.compile(rf"{_NUMBER}{_UNIT}{_NO_QUOTIENT}")

SPELT_OUT = re.compile(rf"(?<![\d.,/-])(?P<digits>\d{{1,2}})\s*\((?P<word>{_WORD})\)")
_DEVICE = r"(?:pen|syringe|(?:auto-?)?injector|device)"
_PILL = r"(?:tablet|tab|tbl|capsule|cap|pill)"
COUNTED = re.compile(
    rf"(?:{_NUMBER}|\b(?P<word>{_WORD}|an?))\s*(?:(?:pre-?filled|oral|full)\s+)?(?:(?P<device>{_DEVICE})|{_PILL})"
    r"(?:\(s\)|s)?(?![a-z0-9])"
)
UNCOUNTED = re.compile(rf"\b(?:{_PILL}(?:\(s\)|s)?|{_DEVICE}(?:\(s\)|s))(?![a-z0-9])")
_RATED = (
    r"(?![\s,]*(?:/|\b(?:an?|per|each|every|once|twice|in|q\w*|(?:bi-?|semi-?|tri-?)?weekly|daily|monthly|times|x)\b))"
)
DURATION = re.compile(
    rf"\b(?:(?:for|x)\s*(?:up\s+to\s+)?\d{{1,3}}+|for\s+(?:an?|{_WORD})\b)\s*(?:days?|weeks?|wks?|months?)\b{_RATED}"
    rf"|(?:(?<=weekly)|(?<=week)|(?<=wk))[\s,]*(?:for|x)\s*\d{{1,2}}+\s*doses?\b{_RATED}"
)
_PACKED = (
    r"mls?|ea|each|pens?|syringes?|tab(?:let)?s?|(?:auto-?)?injectors?|cartons?|box(?:es)?|bottles?|refills?|doses?"
)
DISPENSED = re.compile(
    rf"(?:\b(?:dispense|disp|qty|quantity|refills?|rfl|supply)\b|#)\s*[:=#]?\s*\d{{1,4}}+(?:\.\d+)?+"
    rf"(?:\s*(?:{_PACKED})(?:\(s\))?(?![a-z0-9]))?+(?![a-z0-9]){_RATED}|\b\d{{1,2}}\s+refill(?:s\b|\(s\)|\b)"
)
CLOCK = re.compile(r"\bat\s+\d{1,2}(?::\d\d)?\s*(?:[ap]m)?\b(?!\s*(?:m[gl]|hour|dose|time))")

_DIGITS = r"(?<![\d.,/-])\d{1,2}"
_TIMES = (
    rf"(?:\b(?P<once>once|twice|thrice)|(?P<low>{_DIGITS}\s*(?:-|\bto\b|\bor\b)\s*)?"
    rf"(?P<n>(?(low)\d{{1,2}}|{_DIGITS})|\b(?:{_WORD}))\s*(?:x|times?|doses?)(?![a-z]))"
)
_SPAN = r"(?:hours?|hrs?|h|days?|d|nights?|weeks?|wks?|w|months?|fortnights?)\b"
_ADVERB = r"\b(?P<span>daily|nightly|weekly|fortnightly|monthly|hourly)\b"
# The longer forms first: what one has taken, no other sees.
RATES = tuple(
    re.compile(form)
    for form in (
        r"(?:\bx\s*(?P<n>[1-9]\d?)|(?P<times>(?<![\d.,/-])[1-9]\d?)(?:\s*x)?)\s*/\s*(?P<span>day|d|week|wk|w)\b",
        r"(?<![\d.,/-])(?P<n>[1-9]\d?)\s*x\s*(?P<span>day|d|week|wk|w)\b",
        rf"(?:(?P<n>(?<![\d.,/-])[1-7]|\b(?:{_WORD})))\s*(?:days?|nights?)\s*(?:/|\b(?:a|per|each|every)\b)\s*(?P<span>week|wk)\b",
        rf"{_TIMES}[\s,-]*(?:/|\b(?:in\s+)?(?:an?|per|each|every|q)\b)\s*(?P<span>hour|day|d|night|week|wk|month)\b",
        rf"{_TIMES}[\s,-]*{_ADVERB}",
        rf"(?:\b(?:once|one\s+time|one\s+dose|1\s+dose)\s+)?\b(?:every|each|q)\s*(?P<each>\d{{1,3}}(?:th)?|other|second|third"
        rf"|alternate|(?:{_WORD})\b)(?P<to>\s*(?:-|to)\s*\d{{1,3}})?[\s-]*(?P<span>{_SPAN})",
        r"\b(?:every|each)\s+(?:single\s+)?(?P<span>hour|day|night|morning|evening|am|pm|bedtime|week|wk|month)\b",
        r"(?:\bper\s+|/\s*)(?P<each>24)\s*(?P<span>hours?|hrs?|h)\b",
        r"(?:\bper\s+|/\s*)(?P<span>hour|day|d|night|week|wk|month)\b",
        r"(?<!\bin )(?<!\bfor )(?<!\bwithin )(?<!\bafter )\ba\s+(?P<span>day|night|week|wk|month)\b",
        r"\bq\s*(?P<span>week|wk|w|month|hour|h|day|d|am|pm)\b",
        _ADVERB,
    )
)
ABBREVIATED = re.compile(rf"\b(?P<often>{'|'.join(PER_DAY)})\b|\bqod\b")
WEEKLY = re.compile(r"\b(?:weekly|(?:every|each|per|a|q)\s*(?:week|wk)|qwk?)\b")
BEDTIME = re.compile(r"\bat\s+bedtime\b|\bhs\b")
WORKDAYS = re.compile(r"\b(?:(?:every|each)\s+)?weekdays?\b|\bm\s?(?:-|to|thru|through)\s?f(?:ri)?\b")
WEEKEND = re.compile(r"\bweekends?\b")
PARTS_OF_DAY = re.compile(r"\b(?:morning|breakfast|noon|lunch|evening|dinner|supper|night|bedtime|[ap]m)\b")

# "sat" and "sun" are days only beside another day, or after "on" or "every": sun exposure is none.
NAMED_DAY = (
    "(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|mon|tues?|weds?|thu(?:rs?)?|fri"
    r"|(?:sat|sun)(?!\s+(?:exposure|light|protection|screen)))"
)
DAY_RANGE = re.compile(rf"\b(?P<first>{NAMED_DAY})\b\s*(?:-|\bto\b|\bthrough\b|\bthru\b)\s*\b(?P<last>{NAMED_DAY})\b")
OTHER_DAYS = re.compile(
    r"\b(?:except|excluding|but\s+not|not|none|no|off|other\s+than|skip(?:ping)?|hold(?:ing)?|start\w*|begin\w*|from|until|since)\s+"
    rf"(?:(?:on|for|every|this|next)\s+)*(?:weekends?|{NAMED_DAY}\b(?:\s*(?:and|or|,|&)\s*{NAMED_DAY}\b)*)"
)
WEEKDAY = re.compile(
    rf"(?P<every>\b(?:(?:every|each|q)\s+|q(?=[mtwfs])))?(?P<on>\bon\s+)?(?:(?<=q)|\b)(?P<name>{NAMED_DAY})\b"
    rf"(?:[\s,]*(?:and|&|/)\s*(?=(?:on\s+|every\s+|each\s+)?{NAMED_DAY}\b))?"
)
