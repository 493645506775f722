"""Whether a text says a relapse plainly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.relapse import mentions_relapse, says_relapse

NAMES = ("lymphomatoid papulosis", "LyP")
MEDICINES = ("rituximab", "brentuximab vedotin")
SAID = """
DLBCL, relapsed
Relapsed DLBCL
Relapsed/refractory (R/R) DLBCL
Relapsed or refractory diffuse large B-cell lymphoma
Relapsed and/or refractory lymphoma
Refractory non-Hodgkin lymphoma
Non-Hodgkin's lymphoma in first relapse
Follicular lymphoma grade 3A, 2nd relapse, stage IIIA
High-grade B-cell lymphoma, primary refractory
DLBCL, refractory to rituximab
DLBCL, relapsed after R-CHOP and brentuximab vedotin
Peripheral T-cell lymphoma, relapsed post autologous stem cell transplant
ALK-negative anaplastic large cell lymphoma, recurrent
Mantle cell lymphoma, relapsed x2 (2024)
Recurrent lymphomatoid papulosis, CD30-positive
LyP, chronic, recurrent
"""
NOT_SAID = """
DLBCL
DLBCL, monitoring for relapse
DLBCL surveillance for recurrence
DLBCL, recurrence surveillance
DLBCL, follow-up for recurrence
DLBCL r/o relapse
DLBCL R/O relapse
DLBCL w/o relapse
DLBCL without relapse
DLBCL, no relapse
DLBCL, zero relapses
DLBCL, 0 relapses
DLBCL, relapses: 0
DLBCL, relapse pending biopsy
DLBCL, awaiting restaging for relapse
DLBCL, fear of recurrence
DLBCL, high chance of relapse
DLBCL, at risk of relapse
DLBCL, relapse-free
DLBCL, non-relapsed
DLBCL, history of relapse
DLBCL, relapse in remission
DLBCL, relapse?
DLBCL, relapse (-)
DLBCL, relapse:
DLBCL, [ ] relapse
DLBCL, relapsing polychondritis
DLBCL with recurrent infections
DLBCL; relapsed Hodgkin lymphoma
DLBCL or relapsed follicular lymphoma
Lymphomatoid papulosis, monitoring for relapse
LyP w/o relapse
"""


def lines(said: str) -> list[str]:
    return said.strip().splitlines()


@pytest.mark.parametrize("text", lines(SAID))
def test_a_relapse_beside_words_of_the_disease_and_its_therapy_is_said(text: str) -> None:
    assert says_relapse(text, NAMES, MEDICINES)
    assert says_relapse(text.upper(), NAMES, MEDICINES)


@pytest.mark.parametrize("text", lines(NOT_SAID))
def test_a_relapse_beside_any_other_word_is_not_surely_said(text: str) -> None:
    assert not says_relapse(text, NAMES, MEDICINES)


def test_a_name_and_a_medicine_are_plain_only_where_they_are_passed_in() -> None:
    assert not says_relapse("Recurrent lymphomatoid papulosis", (), ())
    assert not says_relapse("Lymphoma refractory to rituximab", NAMES, ())


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert says_relapse(text, NAMES, MEDICINES) <= mentions_relapse(text)
