"""What a CodeableConcept names: listed diagnoses, a known other one, or nothing that is sure."""

from typing import Any

import pytest
from hypothesis import given

from service.fhir.indication import REVIEW, Indication, read_indication
from service.policy.library import load as policies
from service.terminology import load
from tests.charts import concept
from tests.fhir.synthetic import any_resource

JSON = dict[str, Any]
QUESTIONS = policies().revision("CP.PHAR.134").questions
RA, PSO, JIA = "rheumatoid-arthritis", "psoriasis", "polyarticular-jia"
LEUKEMIA, MF, SEZARY, NHL = (
    "acute-lymphoblastic-leukemia",
    "mycosis-fungoides",
    "sezary-syndrome",
    "non-hodgkin-lymphoma",
)
LPD = "primary-cutaneous-cd30-lymphoproliferative-disorder"


def read(word: str) -> Indication:
    return read_indication(concept(word), QUESTIONS, load())


def listed(word: str) -> list[str]:
    return [q.concept for q in read(word).listed]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("icd:M06.9", RA),
        ("icd:M069", RA),
        ("icd:m05.79", RA),
        ("sct:69896004", RA),
        ("icd:L40.0", PSO),
        ("icd:M08.3", JIA),
        ("icd:M08.00", JIA),
        ("icd:M08.09", JIA),
        ("icd:C91.01", LEUKEMIA),
        ("icd:C84.0A", MF),
        ("icd:C84.1A", SEZARY),
        ("icd:C86.31", "subcutaneous-panniculitis-like-t-cell-lymphoma"),
        ("icd:C86.61", LPD),
        ("icd:C83.30", NHL),
        ("sct:31047003", "lymphomatoid-papulosis"),
        ("sct:773995001", "primary-cutaneous-alcl"),
        ("icd:T45.AX5A", "immunotherapy-toxicity"),
        ("icd:C86.60 + sct:773995001", "primary-cutaneous-alcl"),
        ("sct:118601006 + icd:C84.00", MF),
        ("icd:M06.9 / rule out something", RA),
        ("icd:M06.9 + icd:M32.9", RA),
    ],
)
def test_a_code_names_its_diagnosis(word: str, wanted: str) -> None:
    assert listed(word) == [wanted]


@pytest.mark.parametrize(
    "word", ["icd:M08.011", "icd:M08.80", "icd:M06.20", "icd:C83.50", "sct:404111002", "sct:404126000", "sct:404127009"]
)
def test_a_code_for_review_names_nothing_and_is_told(word: str) -> None:
    found = read(word)
    assert (found.listed, found.other, found.review) == ((), False, True)
    assert found.remarks == (f"{found.says} needs a person's reading: it names no diagnosis by itself",)


@pytest.mark.parametrize("word", ["icd:M32.9", "icd:R13.10", "icd:M06.1", "sct:239872002", "icd:M32.9 / Psoriasis"])
def test_another_code_of_the_two_systems_is_a_known_diagnosis(word: str) -> None:
    found = read(word)
    assert (found.listed, found.other) == ((), True)


@pytest.mark.parametrize("word", ["icd:N/A", "sct:unknown", "local:4711", "local:4711 / Lupus nephritis", "text:Lupus"])
def test_what_matches_nothing_is_no_diagnosis_and_is_quoted(word: str) -> None:
    found = read(word)
    assert (found.listed, found.other) == ((), False)
    assert found.says in found.remarks[0]


@pytest.mark.parametrize("word", ["icd:L40.50", "icd:L40.54", "sct:156370009"])
def test_psoriatic_arthritis_is_told_to_be_no_psoriasis(word: str) -> None:
    found = read(word)
    assert (found.listed, found.other) == ((), True)
    assert found.remarks == (f"{found.says} is psoriatic arthritis, not psoriasis",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Rheumatoid arthritis, seropositive", [RA]),
        ("RHEUMATOID ARTHRITIS", [RA]),
        ("Rheumatoid arthritis, RF negative", [RA]),
        ("Rheumatoid arthritis (M06.9)", [RA]),
        ("RA", [RA]),
        ("Severe plaque psoriasis of the scalp", [PSO]),
        ("Rheumatoid arthritis and psoriasis", [RA, PSO]),
        ("Polyarticular JIA", [JIA]),
        ("pJIA", [JIA]),
        ("polyarticular juvenile rheumatoid arthritis", [JIA]),
        ("ALL in remission", [LEUKEMIA]),
        ("Mycosis fungoides, stage IB", [MF]),
        ("Mycosis fungoides (non-Hodgkin lymphoma)", [MF]),
        ("Sézary's disease, stage IVA1", [SEZARY]),
        ("Relapsed or refractory non-Hodgkin’s lymphoma", [NHL]),
        ("LyP", ["lymphomatoid-papulosis"]),
    ],
)
def test_a_plain_text_names_its_diagnoses(text: str, wanted: list[str]) -> None:
    assert listed(f"text:{text}") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "rule out RA",
        "r/o rheumatoid arthritis",
        "no evidence of rheumatoid arthritis",
        "family history of psoriasis",
        "history of rheumatoid arthritis",
        "history of rheumatoid arthritis, resolved?",
        "suspected rheumatoid arthritis",
        "?RA",
        "RA?",
        "not rheumatoid arthritis",
        "rheumatoid arthritis ruled out",
        "rheumatoid arthritis unlikely",
        "rheumatoid arthritis negative",
        "rheumatoid arthritis in mother",
        "RA vs psoriatic arthritis",
        "juvenile rheumatoid arthritis",
        "psoriatic arthritis",
        "psoriasis with arthropathy",
        "psoriasis-like dermatitis",
        "psoriasis (L40.50)",
        "systemic onset JIA",
        "oligoarticular JIA",
        "extended oligoarticular to polyarticular JIA",
        "uveitis in rheumatoid arthritis",
        "Hodgkin lymphoma",
        "primary cutaneous lymphoma",
        "ALL joints painful",
        "PSORIASIS ALL SITES",
        "all",
        "brain",
    ],
)
def test_a_text_in_doubt_names_nothing(text: str) -> None:
    assert listed(f"text:{text}") == []


def test_text_counts_only_where_no_code_names_a_diagnosis() -> None:
    assert listed("icd:M06.9 / Psoriasis") == [RA]
    assert listed("icd:M08.80 / Polyarticular JIA") == [JIA]
    assert listed("local:4711 / Psoriasis") == [PSO]


def test_a_display_counts_as_text_where_there_is_no_other() -> None:
    local: JSON = {"coding": [{"system": "urn:x", "code": "7", "display": "Rheumatoid arthritis"}]}
    assert [q.concept for q in read_indication(local, QUESTIONS, load()).listed] == [RA]
    assert read_indication({**local, "text": "rule out RA"}, QUESTIONS, load()).listed == ()


def test_no_code_of_a_listed_diagnosis_is_also_for_review() -> None:
    terms = load()
    asked = {q.concept for q in QUESTIONS.diagnoses}
    both = [key for key in terms.exact if (found := terms.concepts(*key)) & asked and REVIEW in found]
    assert both == []


@given(any_resource("x", "coding", "text"))
def test_any_json_never_raises(found: JSON) -> None:
    indication = read_indication(found, QUESTIONS, load())
    assert not (indication.listed and (indication.other or indication.mentions))


@pytest.mark.parametrize(
    ("said", "mentions", "remark"),
    [
        ("rule out psoriasis", True, "does not surely name a diagnosis"),
        ("something else", False, "names no diagnosis that could be read"),
    ],
)
def test_a_text_that_names_nothing_surely_is_quoted_with_why(said: str, mentions: bool, remark: str) -> None:
    found = read_indication({"text": said}, QUESTIONS, load())
    assert (found.listed, found.mentions) == ((), mentions)
    assert any(remark in one for one in found.remarks)


def test_what_a_concept_says_is_kept_beside_what_it_names() -> None:
    assert read("icd:M06.9 / Seropositive RA").says == "Seropositive RA (M06.9)"
    by_text = read_indication({"text": "Rheumatoid arthritis"}, QUESTIONS, load())
    assert ([q.concept for q in by_text.listed], by_text.says) == ([RA], "Rheumatoid arthritis")
    assert (by_text.review, by_text.mentions, by_text.remarks) == (False, False, ())
