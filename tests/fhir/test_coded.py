"""Resources with the concepts of their codes."""

import pytest

from service.fhir.coded import Coded, coded, concepts_in
from service.terminology import load

HEIGHT = {"system": "http://loinc.org", "code": "8302-2"}
WEIGHT = {"system": "http://loinc.org", "code": "29463-7"}


def test_a_concept_belongs_to_what_any_of_its_codings_belongs_to() -> None:
    assert concepts_in({"coding": [HEIGHT, WEIGHT]}, load()) == {"body-height", "body-weight"}


@pytest.mark.parametrize("code", [None, "8302-2", 7, [], {"text": "height"}, {"coding": [{"code": "8302-2"}, 7]}])
def test_what_no_set_knows_is_of_no_concept(code: object) -> None:
    observation = {"resourceType": "Observation", "code": code}
    assert coded([observation], load()) == (Coded(observation, frozenset()),)


def test_resources_keep_their_order() -> None:
    listed = [{"code": {"coding": [code]}} for code in (WEIGHT, HEIGHT)]
    assert [found.resource for found in coded(listed, load())] == listed
