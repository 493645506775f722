"""A pattern is passed over only where it could not have matched."""

import re

from hypothesis import given
from hypothesis import strategies as st

from service.fhir import asides, ordinary, phrases
from service.fhir.cues import can_match

PATTERNS = (
    *(ordinary.PHRASES, asides.MONITORING, asides.SUPPLY, asides.VISIT, asides.STARTS, asides.DENIED, asides.FOLATE),
    *(asides.FOLATE_WEEKLY, phrases.DURATION, phrases.DISPENSED, phrases.STRENGTH, phrases.RANGE, phrases.AMOUNT),
    *(phrases.COUNTED, phrases.CLOCK, phrases.DAY_RANGE, phrases.OTHER_DAYS, phrases.WORKDAYS, phrases.WEEKEND),
    *(phrases.WEEKDAY, *phrases.RATES, phrases.ABBREVIATED),
)
WORDS = st.sampled_from(
    re.split(
        r"\|",
        "15 mg|2 mg/ml|7.5 ml|10 to|1|3|x|/|-|per|in|a|every|each|q|day|week|weekly|daily|once|twice|times|two|doses"
        "|for|days|weeks|on|monday|mon|sat|weekdays|m-f|weekends|not|do|don't|never|take|avoid|dispense|refill|qty|#"
        "|4|folic acid|leucovorin|with|or|without|food|same|single|dose|at once|alcohol|start|visit|labs|cbc|weigh"
        "|pens|tablet|an|syringe|at|8|24|hours|except|am|no|other",
    )
)


@given(st.lists(WORDS, min_size=1, max_size=8).map(" ".join))
def test_no_cue_hides_a_match(text: str) -> None:
    assert [p.pattern for p in PATTERNS if p.search(text) and not can_match(p, text)] == []


def test_a_pattern_is_passed_over_where_its_letters_are_missing() -> None:
    assert not can_match(phrases.WEEKDAY, "15 mg weekly")
    assert can_match(phrases.WEEKDAY, "15 mg on monday")
