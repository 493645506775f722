"""The plain English forms that a dosage instruction's text is read for, as patterns over folded text.

Patterns and the numbers of their words only: what a match means to a dose is said in `sig`."""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from service.fhir.units import MONTH, days_in

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
PER_DAY = MappingProxyType({"qday": 1, "qd": 1, "qam": 1, "qpm": 1, "qhs": 1, "bid": 2, "tid": 3, "qid": 4})
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def counted(word: str) -> int:
    """The number that a word or digits say."""
    return int(word) if word.isdecimal() else _COUNTS[word]


def days_of(word: str) -> Fraction:
    """The days of a span of time that a pattern below captures."""
    return _SPANS.get(word) or days_in(word) or Fraction(1)


_NUMBER = r"(?<![\d.,/-])(\d{1,4}(?:\.\d{1,4})?)(?![\d,]|\.\d)"
_WORD = "|".join(_WORDS)
_MG = r"(?:mgs?|milligrams?)"
_ML = r"(?:mls?|cc|millilit(?:er|re)s?)"
_AREA = r"\s*(?:/|\bper\b)\s*(?:m\^?2|sq\.?\s?m|square\s+met(?:er|re)s?)"
_UNIT = rf"[\s-]*(?:(?P<area>{_MG}{_AREA})|(?P<mg>{_MG})|(?P<ml>{_ML}))(?![a-z0-9^])"
_NO_QUOTIENT = r"(?!\s*(?:/|\bper\b)(?!\s*(?:day|d|week|wk|month)\b))(?!\s+each\b(?!\s+(?:day|week|mo)))"

STRENGTH = re.compile(rf"{_NUMBER}[\s-]*{_MG}\s*(?:/|\bper\b|\bin\b)\s*(?:\d[\d.]*)?\s*{_ML}\b")
RANGE = re.compile(
    rf"{_NUMBER}(?:\s*(?:{_MG}(?:{_AREA})?|{_ML}))?\s*(?:\bto\b|-)\s*(?P<high>\d{{1,4}}(?:\.\d{{1,4}})?){_UNIT}{_NO_QUOTIENT}"
)
AMOUNT = re.compile(rf"{_NUMBER}{_UNIT}{_NO_QUOTIENT}")

SPELT_OUT = re.compile(rf"(?<![\d.,/-])(?P<digits>\d{{1,2}})\s*\((?P<word>{_WORD})\)")
HARMLESS = re.compile(r"\bwith\s+or\s+without\s+food\b")
_DEVICE = r"(?:pen|syringe|(?:auto-?)?injector|device)"
_PILL = r"(?:tablet|tab|tbl|capsule|cap|pill)"
COUNTED = re.compile(
    rf"(?:{_NUMBER}|\b(?P<word>{_WORD}|an?))\s*(?:(?:pre-?filled|oral|full)\s+)?(?:{_DEVICE}|{_PILL})(?:\(s\)|s)?(?![a-z0-9])"
)
UNCOUNTED = re.compile(rf"\b(?:{_PILL}(?:\(s\)|s)?|{_DEVICE}(?:\(s\)|s))(?![a-z0-9])")
DURATION = re.compile(r"\b(?:for|x)\s*\d{1,3}\s*(?:days?|weeks?|wks?|months?)\b(?!\s*(?:/|\b(?:a|per|each|every)\b))")
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
        rf"(?:(?P<n>(?<![\d.,/-])[1-7]|\b(?:{_WORD})))\s*(?:days?|nights?)\s*(?:/|\b(?:a|per|each|every)\b)\s*(?P<span>week|wk)\b",
        rf"{_TIMES}[\s,-]*(?:/|\b(?:in\s+)?(?:an?|per|each|every|q)\b)\s*(?P<span>hour|day|night|week|wk|month)\b",
        rf"{_TIMES}[\s,-]*{_ADVERB}",
        rf"(?:\b(?:once|one\s+time|one\s+dose|1\s+dose)\s+)?\b(?:every|each|q)\s*(?P<each>\d{{1,3}}|other|second|third"
        rf"|alternate|(?:{_WORD})\b)(?P<to>\s*(?:-|to)\s*\d{{1,3}})?[\s-]*(?P<span>{_SPAN})",
        r"\b(?:every|each)\s+(?:single\s+)?(?P<span>hour|day|night|morning|evening|am|pm|bedtime|week|wk|month)\b",
        r"(?:\bper\s+|/\s*)(?P<span>hour|day|night|week|wk|month)\b",
        r"\bq\s*(?P<span>week|wk|w|month|hour|h|day|d|am|pm)\b",
        _ADVERB,
    )
)
ABBREVIATED = re.compile(rf"\b(?P<often>{'|'.join(PER_DAY)})\b|\bqod\b")
WEEKLY = re.compile(r"\b(?:weekly|(?:every|each|per|a|q)\s*(?:week|wk)|qwk?)\b")
BEDTIME = re.compile(r"\bat\s+bedtime\b")
PARTS_OF_DAY = re.compile(r"\b(?:morning|breakfast|noon|lunch|evening|dinner|supper|night|bedtime|[ap]m)\b")

# "sat" and "sun" are days only beside another day, or after "on" or "every": sun exposure is none.
_WEEKDAY = (
    "(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|mon|tues?|weds?|thu(?:rs?)?|fri"
    r"|(?:sat|sun)(?!\s+(?:exposure|light|protection|screen)))"
)
DAY_RANGE = re.compile(rf"\b(?P<first>{_WEEKDAY})\b\s*(?:-|\bto\b|\bthrough\b|\bthru\b)\s*\b(?P<last>{_WEEKDAY})\b")
OTHER_DAYS = re.compile(
    r"\b(?:except|excluding|but\s+not|not|other\s+than|skip(?:ping)?|start\w*|begin\w*|from|until|since)\s+"
    rf"(?:(?:on|for|every|this|next)\s+)*{_WEEKDAY}\b(?:\s*(?:and|or|,|&)\s*{_WEEKDAY}\b)*"
)
# Of a visit or a refill, not of the dose.
VISIT = re.compile(
    r"\b(?:follow(?:ing)?[\s-]*up|re-?check\w*|return\w*|appointment|visit\w*|clinic|labs?|refill\w*|call)\s+"
    rf"(?:(?:on|in|for|this|next|the)\s+)*{_WEEKDAY}\b"
)
WEEKDAY = re.compile(rf"(?P<every>\b(?:every|each|q)\s+)?(?P<on>\bon\s+)?\b(?P<name>{_WEEKDAY})\b")

_RATE = (
    r"(?:(?:once|twice)[\s-]+)?(?:daily|nightly|weekly|monthly|(?:every|each|per|a)\s+(?:single\s+)?(?:day|night|morning"
    r"|evening|week|month)|qd|bid|tid|qid)\b"
)
_TAKEN = "take|taken|use|used|give|given|inject|injected|administer|administered|dose|dosed"
# A denial reaches over "take it", "to be taken" and one further word, which may be the drug's name: "not crush, daily"
# denies nothing.
DENIED = re.compile(
    r"\b(?:not|never|avoid|don't|dont|rather\s+than|instead\s+of)"
    rf"(?:\s+(?:to|be|for|as|it|this|the|a|any|on|more\s+often\s+than|(?:{_TAKEN})(?:\s+(?!it|this|every|each|per)[a-z]+)?"
    rf"|medicine|medication|drug)){{0,6}}\s+{_RATE}"
)
_WATCHED = r"(?:blood\s*(?:work|tests?|counts?|draws?)|labs?|cbc|lfts?|monitor(?:ing)?|check-?ups?|tests?|visits?)"
MONITORING = re.compile(rf"\b{_RATE}\s+{_WATCHED}\b|\b{_WATCHED}\s+(?:[a-z]+\s+)?{_RATE}")
DOUBT = re.compile(
    r"[?<>~]|\d|\b(?:then|taper\w*|titrat\w*|increas\w*|decreas\w*|reduc\w*|escalat\w*|split\w*|divid\w*|direct\w*"
    r"|instruct\w*|except|excluding|unless|if|or|until|since|from|alternat\w*|hold|held|stop\w*|discontinu\w*|max\w*"
    r"|minimum|exceed\w*|up|at\s+(?:least|most)|more|less|about|approx\w*|start\w*|begin\w*|initial\w*|first|second|third"
    r"|last|next|other|load\w*|protocol|cycles?|not|no|never|don't|dont|without|avoid|instead|rather|previous\w*|prior"
    r"|was|old|new|chang\w*|switch\w*|bi-?weekly|bi-?monthly|semi-?\w+|half|double|triple|quarter|both|every|extra|plus"
    rf"|additional|repeat\w*|skip\w*|unsure|unknown|unclear|tbd|varies|variable|{_WORD})\b"
)
