"""What is said beside the dose is set aside, and no more than that."""

import re

import pytest

from service.fhir import asides


@pytest.mark.parametrize(
    ("pattern", "text", "aside"),
    [
        (asides.FOLATE, "take folic acid 1 mg daily", "take folic acid 1 mg daily"),
        (asides.FOLATE, "folic acid weekly and 2.5 mg daily", "folic acid weekly"),
        (asides.FOLATE, "folic acid, daily", "folic acid"),
        (asides.FOLATE, "folic acid 1 mg daily 15 mg thursday", "folic acid 1 mg daily"),
        (asides.FOLATE, "2.5 mg with folic acid daily", None),
        (asides.FOLATE_WEEKLY, "daily with folic acid once weekly", "folic acid once weekly"),
        (asides.FOLATE_WEEKLY, "with folic acid daily", None),
        (asides.SUPPLY, "daily. refill weekly", "refill weekly"),
        (asides.SUPPLY, "dispense 4 daily", None),
        (asides.STARTS, "daily, start on monday", "start on monday"),
        (asides.STARTS, "start monday and thursday", None),
        (asides.VISIT, "daily, follow up on friday", "follow up on friday"),
        (asides.MONITORING, "daily. weekly cbc", "weekly cbc"),
        (asides.DENIED, "weekly. do not take daily", "do not take daily"),
        (asides.DENIED, "do not crush, daily", None),
    ],
)
def test_an_aside_is_found_as_far_as_it_goes(pattern: re.Pattern[str], text: str, aside: str | None) -> None:
    found = pattern.search(text)
    assert (found[0].strip() if found else None) == aside
