"""Stage groups, off a Condition's stages and off text."""

from typing import Any

import pytest
from hypothesis import given

from service.fhir.stage import Staged, stage_in, stage_of
from service.terminology import load
from tests.charts import concept
from tests.fhir.synthetic import any_resource

JSON = dict[str, Any]
NAMES = ("mycosis fungoides", "Sézary syndrome", "bexarotene")


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
    found = stage_in(text, NAMES)
    assert (found.group if found else None) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Mycosis fungoides, CKD stage III",
        "Mycosis fungoides and chronic kidney disease stage 3",
        "Mycosis fungoides, stage 3 chronic kidney disease",
        "Mycosis fungoides, kidney disease stage IIIA",
        "Mycosis fungoides; pressure ulcer stage II",
        "Mycosis fungoides, skin cancer stage II",
        "Mycosis fungoides, N18.30, stage 3",
        "Mycosis fungoides r/o stage IB",
        "Mycosis fungoides without stage IB",
        "Mycosis fungoides, tumor stage 3",
        "Mycosis fungoides, blood stage 2",
        "Mycosis fungoides, stage > IB",
        "Mycosis fungoides, stage IB (-)",
        "Sezary syndrome r/o stage IVA",
        "Sezary syndrome, Ann Arbor stage IVA",
        "Sezary syndrome, Lugano stage IVA",
        "Sezary syndrome, lymphoma stage IVA",
    ],
)
def test_a_stage_beside_a_word_of_something_else_is_not_surely_read(text: str) -> None:
    assert stage_in(text, NAMES) == Staged(None, text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mycosis fungoides (cutaneous T-cell lymphoma), stage IB (T2bN0M0B0)", "IB"),
        ("Refractory mycosis fungoides, AJCC 8th edition stage IIB with tumors", "IIB"),
        ("American Joint Committee on Cancer stage IIA mycosis fungoides, plaques, BSA 30%", "IIA"),
        ("Sézary syndrome – pathologic stage IVA2", "IVA2"),
    ],
)
def test_words_of_the_disease_its_extent_and_its_staging_take_no_stage_away(text: str, wanted: str) -> None:
    assert stage_in(text, NAMES) == Staged(wanted, text)


ANN_ARBOR = {"text": "Ann Arbor"}


@pytest.mark.parametrize(
    "kind",
    [
        ANN_ARBOR,
        {"text": "Lugano staging system"},
        {"text": "Lymphoma staging"},
        {"text": "Not AJCC"},
        {"text": "AJCC?"},
        concept("sct:254372002"),
        concept("sct:254372002 / Clinical staging"),
        concept("sct:897275008 / Ann Arbor"),
        concept("sct:385388004 / Lymphoma stage"),
        concept("local:77"),
        {"coding": [concept("sct:897275008")["coding"][0], concept("sct:254374001")["coding"][0]]},
        [concept("sct:897275008"), ANN_ARBOR],
    ],
)
def test_a_stage_of_another_or_an_unknown_kind_answers_nothing_and_is_quoted(kind: Any) -> None:
    found = stage_of({"stage": [{"summary": {"text": "Stage IVA"}, "type": kind}]}, load())
    assert found is not None
    assert found.group is None
    assert found.says.startswith("Stage IVA by ")


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"text": "AJCC 8"},
        {"text": "ISCL/EORTC"},
        {"text": "Cutaneous lymphoma staging (ISCL/EORTC)"},
        {"text": "American Joint Committee on Cancer, Cancer Staging Manual, 8th edition"},
        concept("sct:897275008"),
        concept("sct:260998006 / Clinical staging"),
        concept("sct:399537006"),
        concept("local:77 / Pathologic TNM stage grouping"),
    ],
)
def test_a_stage_of_the_stage_groups_answers(kind: JSON) -> None:
    found = stage_of({"stage": [{"summary": {"text": "Stage IVA"}, "type": kind}]}, load())
    assert found == Staged("IVA", found.says if found else "")


@pytest.mark.parametrize(
    ("summary", "wanted"),
    [
        (concept("sct:30440004 / Stage I"), None),
        ({"coding": [{"system": "urn:x", "code": "s", "display": "Stage IVA"}], "text": "Ann Arbor IVA"}, None),
        ({"coding": [{"system": "urn:x", "code": "s", "display": "Stage IVA"}], "text": "Stage IVA"}, "IVA"),
    ],
)
def test_a_code_or_a_text_of_other_staging_takes_the_group_away(summary: JSON, wanted: str | None) -> None:
    assert group(summary) == wanted


@pytest.mark.parametrize(
    ("own", "other", "wanted"),
    [("IB", "II", None), ("IB", "I", "IB"), ("IV", "IVA", "IV"), ("IVA1", "T4", "IVA1")],
)
def test_a_stage_of_another_kind_can_only_disagree(own: str, other: str, wanted: str | None) -> None:
    entries = [{"summary": {"text": own}}, {"summary": {"text": other}, "type": ANN_ARBOR}]
    for listed in (entries, entries[::-1]):
        found = stage_of({"stage": listed}, load())
        assert found is not None
        assert found.group == wanted


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
    assert stage_in("Mycosis fungoides", NAMES) is None


@given(any_resource("Condition", "stage"))
def test_any_json_never_raises(condition: JSON) -> None:
    found = stage_of(condition, load())
    assert found is None or found.group is None or found.group[0] == "I"


def local(system: str, code: str) -> JSON:
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mycosis fungoides IB", "IB"),
        ("Sezary syndrome IVA2", "IVA2"),
        ("Mycosis fungoides 2A", "IIA"),
        ("Sezary syndrome IV", None),
        ("Mycosis fungoides 2", None),
    ],
)
def test_beside_the_disease_only_a_group_with_its_letter_is_plain(text: str, wanted: str | None) -> None:
    assert group({"text": text}) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("MF stage pathologic IIA", "IIA"),
        ("MF IA IB", None),
        ("stage mycosis IB", None),
        ("stage I IA", "IA"),
        ("stage IB? MF", None),
    ],
)
def test_a_group_follows_the_word_stage_with_nothing_else_between(text: str, wanted: str | None) -> None:
    found = stage_in(text, NAMES)
    assert (found.group if found else None) == wanted
    assert found is None or found.says == text


def test_a_local_number_is_no_group() -> None:
    assert group(local("urn:x", "3")) is None
    assert group(local("urn:x", "3A")) == "IIIA"
    assert group(local("http://snomed.info/sct", "IIIA")) is None


def test_the_system_is_that_of_the_type_else_of_the_code_else_not_said() -> None:
    assert group(local("urn:a", "IA"), local("urn:b", "IB")) is None
    assert group(local("urn:a", "IA"), local("urn:a", "IB")) == "IB"
    assert group({"text": "IA"}, {"text": "IB"}, kinds=("AJCC", "ajcc")) == "IB"
    assert group({"text": "IA"}, {"text": "IB"}, kinds=("AJCC",)) == "IB"
    assert group({"text": "IA"}, local("urn:a", "IB")) == "IB"


def test_the_type_of_a_stage_may_be_coded() -> None:
    def typed(one: str, two: str) -> str | None:
        entries = [("IA", one), ("IB", two)]
        kinds = [{**local("urn:x", kind), "text": "stage group"} for _, kind in entries]
        stages = [{"summary": {"text": e[0]}, "type": kind} for e, kind in zip(entries, kinds, strict=True)]
        found = stage_of({"stage": stages}, load())
        return found.group if found else None

    assert (typed("clinical", "clinical"), typed("clinical", "pathologic")) == ("IB", None)


@pytest.mark.parametrize("text", ["IB mycosis fungoides", "mycosis fungoides", "MF IB"])
def test_a_text_without_the_word_stage_says_none(text: str) -> None:
    assert stage_in(text, NAMES) is None


def test_a_display_that_leaves_a_doubt_takes_the_text_with_it() -> None:
    shown = {"coding": [{"system": "urn:x", "code": "x", "display": "possible stage IB"}], "text": "IB"}
    plain = {"coding": [{"system": "urn:x", "code": "x", "display": "Stage IB"}], "text": "IB"}
    assert (group(shown), group(plain)) == (None, "IB")


@pytest.mark.parametrize("part", ["skin", "patch", "plaque"])
def test_a_stage_of_a_part_is_none_of_the_disease(part: str) -> None:
    text = f"mycosis fungoides {part} stage IB"
    assert stage_in(text, NAMES) == Staged(None, text)
    apart = f"mycosis fungoides stage IB, {part}"
    assert stage_in(apart, NAMES) == Staged("IB", apart)
