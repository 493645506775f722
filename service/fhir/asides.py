"""What a dosage instruction says beside the dose: visits, monitoring, folic acid, refills, a denial of daily dosing.

Patterns over folded text: what they match is no rate of the medicine. Knows no amount and no product."""

from __future__ import annotations

import re

from service.fhir.phrases import NAMED_DAY

# Of a visit or a refill, not of the dose.
VISIT = re.compile(
    r"\b(?:follow(?:ing)?[\s-]*up|re-?check\w*|return\w*|appointment|appt|see\s+(?:me|us|md|dr)|visit\w*|clinic|labs?|refill\w*|call)\s+"
    rf"(?:(?:on|in|for|this|next|the)\s+)*{NAMED_DAY}\b"
)
_RATE = (
    r"(?:(?:once|twice)[\s-]+)?(?:daily|nightly|weekly|monthly|(?:every|each|per|a)\s+(?:single\s+)?(?:day|night|morning"
    r"|evening|week|month)|qd|bid|tid|qid)\b"
)
_TAKEN = "take|taken|use|used|give|given|inject|injected|administer|administered|dose|dosed"
# A denial reaches over "take it", "to be taken" and one further word, which may be the drug's name: "not crush, daily"
# denies nothing.
DENIED = re.compile(
    r"\b(?:(?:do|does)\s+not|not|never|avoid|don't|dont|rather\s+than|instead\s+of)"
    rf"(?:\s+(?:to|be|for|as|it|this|the|a|any|on|more\s+often\s+than|(?:{_TAKEN})(?:\s+(?!it|this|every|each|per)[a-z]+)?"
    rf"|medicine|medication|drug)){{0,6}}\s+{_RATE}"
)
_WATCHED = r"(?:blood\s*(?:work|tests?|counts?|draws?)|labs?|cbc|lfts?|monitor(?:ing)?|check-?ups?|tests?|visits?)"
MONITORING = re.compile(rf"\b{_RATE}\s+{_WATCHED}\b|\b{_WATCHED}\s+(?:[a-z]+\s+)?{_RATE}")

_WEEKLY = r"(?:once\s+)?(?:weekly|(?:every|each|a|per)\s+week)\b"
SUPPLY = re.compile(
    rf"\b(?:dispens\w*|refill\w*|fill(?:s|ed)?|deliver\w*|weigh\w*|weight|wt)\s+(?:[a-z]+\s+)?{_WEEKLY}"
    rf"|\b(?:dispensed|weight|wt)\s+check\w*\s+{_WEEKLY}"
)
STARTS = re.compile(
    rf"\b(?:start|begin)(?:s|ing|ning)?\s+(?:(?:on|this|next)\s+)*{NAMED_DAY}\b(?!\s*(?:and|or|then|,|&|/))"
)
_FOLATE = r"(?:folic\s+acid|folate|folinic\s+acid|leucovorin)\b"
# A clause of its own, as far as it says plainly how the vitamin is taken; what follows is the medicine's again.
FOLATE = re.compile(
    rf"(?:^|(?<=[.;,:(]))\s*(?:(?:and|also|take|with|use|give|plus|continue)\s+)*{_FOLATE}"
    r"(?:\s+\d+(?:\.\d+)?\s*(?:mg|mcg)\b)?"
    r"(?:\s+(?:tablet|tab|by|mouth|po|once|daily|weekly|(?:every|each|a|per)\s+(?:day|week)|on|the|other|days)\b)*"
)
DAILY = re.compile(r"\bdaily\b|\b(?:every|each|a|per)\s+day\b")
FOLATE_WEEKLY = re.compile(rf"\b{_FOLATE}\s+(?:\d\S*\s*mg\s+)?{_WEEKLY}")
