"""Letters without which a pattern cannot match, so that a sig of one line is read quickly.

Knows the patterns and nothing of what they mean; a pattern that is not listed is always tried."""

from __future__ import annotations

import re
from types import MappingProxyType

from service.fhir import asides, ordinary, phrases

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = ("once", "twice", "thrice", "x", "time", "dose")
_PIECES = ("pen", "syr", "injector", "device", "tab", "tbl", "cap", "pill")
_PHRASES = (
    *("food", "meal", "same", "single", "at once", "dose of", "water", "daily use", "medic", "dosing only", "alcohol"),
    *("sun", "pregnan", "no other", "crush", "chew", "share", "freeze", "shake", "only"),
)
_CUES = MappingProxyType(
    {
        ordinary.PHRASES: _PHRASES,
        asides.MONITORING: ("blood", "lab", "cbc", "lft", "monitor", "check", "test", "visit"),
        asides.SUPPLY: ("dispens", "fill", "deliver", "weigh", "wt"),
        asides.VISIT: _DAYS,
        asides.STARTS: _DAYS,
        asides.DENIED: ("not", "never", "avoid", "don", "rather", "instead"),
        asides.FOLATE: ("fol", "leuco"),
        asides.FOLATE_WEEKLY: ("fol", "leuco"),
        phrases.DURATION: ("for", "x"),
        phrases.DISPENSED: ("disp", "qty", "quantity", "refill", "rfl", "supply", "#"),
        phrases.STRENGTH: ("/", "per", "in"),
        phrases.RANGE: ("to", "-"),
        phrases.COUNTED: _PIECES,
        phrases.CLOCK: ("at ",),
        phrases.DAY_RANGE: _DAYS,
        phrases.OTHER_DAYS: (*_DAYS, "weekend"),
        phrases.WORKDAYS: ("weekday", "m-", "m -", "mt", "m t"),
        phrases.WEEKEND: ("weekend",),
        phrases.WEEKDAY: _DAYS,
        phrases.RATES[0]: ("/",),
        phrases.RATES[1]: ("x",),
        phrases.RATES[2]: ("day", "night"),
        phrases.RATES[3]: _TIMES,
        phrases.RATES[4]: _TIMES,
        phrases.RATES[5]: ("every", "each", "q"),
        phrases.RATES[6]: ("every", "each"),
        phrases.RATES[7]: ("24",),
        phrases.RATES[8]: ("per", "/"),
        phrases.RATES[10]: ("q",),
    }
)


def can_match(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a text holds any of the letters that the pattern needs."""
    cues = _CUES.get(pattern)
    if cues is None:
        return True
    for cue in cues:  # noqa: SIM110 - a generator would take longer than the search that it saves
        if cue in text:
            return True
    return False
