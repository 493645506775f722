"""What a status reason says of a treatment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.outcome import read_outcome

FAILED = """
Inadequate response after 16 weeks
Insufficient response
Inadequate clinical response
Treatment failure
Treatment failure - no improvement
Patient failed therapy
Failed to respond
Lack of efficacy
Lack of clinical efficacy
Ineffective
Not effective
Wasn't effective
Not tolerated
Was not well tolerated
Did not tolerate
Could not tolerate
Couldn't tolerate it
GI intolerance
Intolerant
Adverse reaction
adverse effects
Side effects
Side-effect: nausea
Toxicity
Hepatotoxicity
Could not continue due to toxicity
Not continued because of side effects
No toxicity, failed after 12 weeks
Failed; no toxicity
No nausea but treatment failed
Patient did not fail therapy but had toxicity
"""
DENIED = """
Did not fail
Didn't fail
Never failed
No failure
Failure: no
No adverse effects
Adverse effects not reported
Tolerated well without toxicity
Denies side effects
Side effects: none
No nausea, vomiting, or toxicity
No flare, side effects or failure
Stopped, not due to side effects
Not ineffective
To avoid toxicity
Risk of side effects
Suspected intolerance
Failed?
"""
SILENT = """
Cost
Patient preference
No longer needed
No response
Not cost effective
Change of insurance
Renal failure
Failed to pick up
Failed prior authorization
Fax failed
Therapy completed
"""


def lines(said: str) -> list[str]:
    return said.strip().splitlines()


@pytest.mark.parametrize("text", lines(FAILED))
def test_a_plain_word_of_failure_says_so(text: str) -> None:
    assert read_outcome(text) == "failed"
    assert read_outcome(text.upper()) == "failed"


@pytest.mark.parametrize("text", lines(DENIED))
def test_a_denied_or_doubtful_word_of_failure_says_the_contrary(text: str) -> None:
    assert read_outcome(text) == "denied"


@pytest.mark.parametrize("text", lines(SILENT))
def test_other_words_say_nothing(text: str) -> None:
    assert read_outcome(text) is None


@given(st.text("notfailure adverse,.;?é\n ", max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert read_outcome(text) in ("failed", "denied", None)
