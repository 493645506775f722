"""Stage groups, off a Condition's stages and off text."""

from typing import Any

import pytest
from hypothesis import given

from service.fhir.stage import stage_in, stage_of
from service.terminology import load
from tests.charts import concept
from tests.fhir.synthetic import any_resource

JSON = dict[str, Any]


def group(*summaries: JSON, kinds: tuple[str, ...] = ()) -> str | None:
    stages = [{"summary": summary} for summary in summaries]
    for entry, kind in zip(stages, kinds, strict=False):
        entry["type"] = {"text": kind}
    found = stage_of({"stage": stages}, load())
    assert found is not None
    return found.group


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("IB", "IB"),
        ("iia", "IIA"),
        ("3a", "IIIA"),
        ("IV-A", "IVA"),
        ("Stage IVA1", "IVA1"),
        ("stage 4A2", "IVA2"),
        ("Stage 1 (qualifier value)", "I"),
        ("AJCC 8th edition stage IIB", "IIB"),
        ("American Joint Committee on Cancer stage IIB (qualifier value)", "IIB"),
        ("Mycosis fungoides stage IB", "IB"),
        ("cTNM group IIA", None),
        ("Stage IIB (T3N0M0B0)", "IIB"),
        ("IV", "IV"),
        ("Stage III", "III"),
        ("IIIC", None),
        ("T4N0M0B2", None),
        ("tumor stage", None),
        ("stage IA-IIA", None),
        ("stage IA to IIA", None),
        ("stage IB?", None),
        ("not stage IB", None),
        ("possible stage IB", None),
        ("IVB1", None),
        ("IA1", None),
    ],
)
def test_a_stages_text_gives_a_group_where_it_says_one_surely(text: str, wanted: str | None) -> None:
    assert group({"text": text}) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mycosis fungoides, stage IB", "IB"),
        ("Sézary syndrome stage IV A", "IVA"),
        ("MF clinical stage IIA on bexarotene", "IIA"),
        ("MF, stage IIA, on bexarotene", "IIA"),
        ("previously stage IB, now IIB", None),
        ("stage IA progressed", None),
        ("MF IB", None),
        ("IV methotrexate", None),
        ("stage IA-IIA", None),
    ],
)
def test_a_plain_text_gives_a_group_only_after_the_word_stage(text: str, wanted: str | None) -> None:
    found = stage_in(text)
    assert (found.group if found else None) == wanted


def test_the_last_listed_stage_counts() -> None:
    assert group({"text": "IB"}, {"text": "IIB"}) == "IIB"
    assert group({"text": "IIB"}, {"text": "IB"}) == "IB"


def test_a_code_gives_its_verified_group_and_a_display_the_group_it_says() -> None:
    assert group(concept("sct:1222724007")) == "IA"
    assert group({"coding": [{"system": "http://snomed.info/sct", "code": "1", "display": "Stage IIIB"}]}) == "IIIB"
    assert group({"coding": [{"system": "urn:x", "code": "IVA1"}]}) == "IVA1"
    assert group(concept("sct:1222806003")) is None


def test_two_systems_that_disagree_give_none_and_that_agree_the_finer() -> None:
    assert group(concept("sct:1222724007 + local:IIB")) is None
    assert group({"text": "IA"}, {"text": "IB"}, kinds=("AJCC", "ISCL")) is None
    assert group({"text": "IA"}, {"text": "I"}, kinds=("AJCC", "summary")) == "IA"
    assert group({"text": "IA"}, {"text": "IB"}, kinds=("AJCC", "AJCC")) == "IB"


def test_a_stage_that_is_not_there_is_none() -> None:
    assert stage_of({}, load()) is None
    assert stage_of({"stage": [{"summary": "IB"}]}, load()) is None
    assert stage_in("Mycosis fungoides") is None


@given(any_resource("Condition", "stage"))
def test_any_json_never_raises(condition: JSON) -> None:
    found = stage_of(condition, load())
    assert found is None or found.group is None or found.group[0] == "I"
