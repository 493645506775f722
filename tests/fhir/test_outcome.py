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
No improvement, side effects
No response, intolerance
No benefit and GI toxicity
Not controlled, adverse effects
Discontinued without improvement due to toxicity
Did not respond, toxicity
Lack of efficacy and toxicity
Non-adherence due to side effects
Reviewed with patient, stopped due to side effects
Complained about side effects
Dose reduced due to toxicity
Side effects (nausea, vomiting)
Stopped (side effects)
Side effects were not tolerated
Side effects not controlled
Intolerance: severe nausea, LFTs normal
Adverse reaction; labs normal
Failed - not responding
Failed MTX, RF negative
Not effective; no side effects
Nephrotoxicity
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
To reduce toxicity
Stopped for insurance change, w/o side effects
Stopped w/out toxicity
0 side effects
0 reported side effects
Zero toxicity
Minimal side effects
Lack of toxicity
Side effects - nil, patient request
Side effects (none)
Side effects: 0
Side effects n/a
Toxicity grade 0
Toxicity-free
adverse events negative
Toxicity labs negative
Lost to follow-up; toxicity labs normal
Completed; toxicity monitoring done
toxicity was not a problem
Intolerance (nausea) not present
Non-toxicity reasons
nontoxicity
Patient declined after reading about side effects
Counselled on side effects
No response or side effects
No improvement, nausea, or toxicity
No benefit and no toxicity
No benefit, possible toxicity
No adverse effect, toxicity
r/o toxicity
Adverse reaction: N
Side effects did not occur
Toxicity never occurred
Side effects were minimal
Stopped for cost rather than side effects
Other than side effects
Unrelated to toxicity
Anxious re side effects
Unable to assess toxicity
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


def test_a_text_too_long_for_a_reason_says_nothing_surely() -> None:
    text = "a " * 1000 + "Treatment failure"
    assert read_outcome(text[-2000:]) == "failed"
    assert read_outcome(text[-2001:]) == "denied"


@given(st.text("notfailure adverse,.;?é\n ", max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert read_outcome(text) in ("failed", "denied", None)
