"""What a medication can be: a brand for certain, several, the drug without a product, or another drug."""

from typing import Any

import pytest
from hypothesis import given

from service.fhir.product import Choice, Looked
from service.policy.library import load as policies
from service.terminology import load
from tests.charts import MEDICATIONS, _medication_concept
from tests.fhir.synthetic import any_resource

JSON = dict[str, Any]
QUESTIONS = policies().revision("CP.PHAR.134").questions
OTHER = "another drug"
GENERIC = "no product"


def choose(concept: JSON | None) -> Choice | None:
    return Looked(concept, QUESTIONS, load()).choose()


def named(*codes: str, text: str = "", displays: tuple[str, ...] = ()) -> str:
    """The brand in plain words; candidates between bars; GENERIC or OTHER."""
    found = choose(_medication_concept({"codes": codes, "text": text, "displays": displays}))
    if found is None:
        return OTHER
    ids = [p.id for p in found.products]
    if not ids:
        return GENERIC
    return ids[0] if found.sure else f"| {' | '.join(ids)} |"


@pytest.mark.parametrize("brand", ["otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo"])
def test_a_brands_code_and_its_name_each_name_it(brand: str) -> None:
    words = MEDICATIONS[brand]
    assert named(*words["codes"]) == named(text=words["text"]) == named(displays=(words["text"].upper(),)) == brand


@pytest.mark.parametrize(
    "code",
    ["54436-015", "54436-015-04", "54436-0015-04", "54436001504", "5443601504"],
)
def test_an_ndc_names_its_brand_in_every_spelling(code: str) -> None:
    assert named(f"ndc:{code}") == "otrexup"


@pytest.mark.parametrize(("text", "brand"), [("Oxtrexup", "otrexup"), ("RASUVOO", "rasuvo"), ("Ravuso", "rasuvo")])
def test_the_policys_own_misspellings_name_the_brand(text: str, brand: str) -> None:
    assert named(text=text) == brand


@pytest.mark.parametrize(
    "code", ["rxnorm:6851", "atc:L01BA01", "unii:YL5FZ2Y5U1", "sct:387381009", "hcpcs:J8610", "hcpcs:C9399"]
)
def test_a_code_that_names_no_product_leaves_the_brand_in_text(code: str) -> None:
    assert named(code, text="Otrexup 15 mg") == "otrexup"


def test_a_brands_code_goes_before_another_brands_name_in_text() -> None:
    found = choose(_medication_concept({"codes": ["rxnorm:2671462"], "text": "Xatmep 2.5 mg/mL oral solution"}))
    assert found is not None
    assert [p.id for p in found.products] == ["jylamvo"]
    assert found.remarks == ("Its code names Jylamvo, its text Xatmep: the code counts",)


@pytest.mark.parametrize(
    ("codes", "text", "wanted"),
    [
        (["ndc:54436-015", "rxnorm:1544383"], "", "| otrexup | rasuvo |"),
        (["ndc:54436-015", "rxnorm:1946772"], "", "| otrexup |"),
        (["ndc:54436-015", "rxnorm:1921592"], "", "| otrexup | xatmep |"),
        (["ndc:54436-015", "rxnorm:1441411"], "", "otrexup"),
        (["rxnorm:1594759", "rxnorm:1594757"], "", "otrexup"),
        (["ndc:54436-015", "rxnorm:2377333"], "", "| otrexup | rasuvo | reditrex |"),
        (["rxnorm:105585"], "Jylamvo", "| jylamvo |"),
        (["rxnorm:1441411"], "Otrexup", "otrexup"),
        (["rxnorm:1441416"], "Rasuvo", "rasuvo"),
        (["rxnorm:1544387"], "Otrexup", "| otrexup | rasuvo |"),
        (["rxnorm:1594757"], "Otrexup", "| otrexup |"),
        (["rxnorm:1921592"], "Jylamvo", "| jylamvo | xatmep |"),
        (["rxnorm:1921592"], "Xatmep", "xatmep"),
    ],
)
def test_codes_beside_a_brand_agree_with_it_or_leave_it_open(codes: list[str], text: str, wanted: str) -> None:
    assert named(*codes, text=text) == wanted


@pytest.mark.parametrize(
    ("codes", "text", "wanted"),
    [
        (["rxnorm:1441416"], "", "| otrexup | rasuvo |"),
        (["rxnorm:1441411"], "", "| otrexup |"),
        (["rxnorm:2377343"], "", "| reditrex |"),
        (["rxnorm:1921592"], "", "| xatmep |"),
        (["rxnorm:2377341"], "", "| reditrex |"),
        (["rxnorm:1441416", "rxnorm:1441411"], "", "| otrexup |"),
        (["rxnorm:1441411"], "Generic methotrexate 15 mg/0.4 mL auto-injector", GENERIC),
        (["rxnorm:1441411", "ndc:00093-1234-01"], "", GENERIC),
        (["rxnorm:1441411", "ndc:54436-015"], "", "otrexup"),
        ([], "Methotrexate 20 mg/0.4 mL auto-injector", "| otrexup | rasuvo |"),
        (["rxnorm:6851"], "Methotrexate 15 mg/0.3 mL autoinjector", "| rasuvo |"),
        ([], "Methotrexate 2 mg/mL oral solution", "| jylamvo |"),
    ],
)
def test_a_form_that_a_brand_comes_in_is_open_unless_it_is_a_generic(codes: list[str], text: str, wanted: str) -> None:
    assert named(*codes, text=text) == wanted


@pytest.mark.parametrize(
    ("codes", "text", "wanted"),
    [
        (["ndc:59137-520"], "", "| rasuvo |"),
        (["ndc:59137-520"], "Rasuvo 15 mg/0.3 mL", "rasuvo"),
        (["ndc:59137-520"], "Otrexup", "| otrexup | rasuvo |"),
        (["ndc:66220-0815-01"], "RediTrex", "reditrex"),
        (["ndc:66220-0207-30"], "Another medicine of that labeler", OTHER),
    ],
)
def test_a_code_not_verified_yet_names_no_brand_by_itself(codes: list[str], text: str, wanted: str) -> None:
    assert named(*codes, text=text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "not Otrexup",
        "switch from Otrexup",
        "generic for Otrexup",
        "Otrexup (generic)",
        "Otrexup equivalent",
        "Otrexup?",
    ],
)
def test_a_brand_denied_or_compared_is_open(text: str) -> None:
    assert named(text=text) == "| otrexup |"


def test_two_brands_in_text_are_open() -> None:
    assert named(text="Switch from Otrexup to Rasuvo 15 mg") == "| otrexup | rasuvo |"
    assert named(text="Rasuvo (was Trexall)") == "| rasuvo |"


@pytest.mark.parametrize("word", ["generic-injection", "generic-tablet", "trexall", "methotrexate"])
def test_a_generic_is_the_drug_without_a_product_by_code_and_by_text(word: str) -> None:
    words = MEDICATIONS[word]
    assert named(*words["codes"]) == named(text=words["text"]) == GENERIC


@pytest.mark.parametrize("text", ["Folic acid 1 mg, take while on methotrexate", "Lisinopril", "Xatmepharm", ""])
def test_another_drug_is_none_of_it(text: str) -> None:
    assert named(text=text) == OTHER


def test_no_medication_is_another_drug() -> None:
    assert choose(None) is None


@given(any_resource("x", "coding", "text"))
def test_any_json_never_raises(concept: JSON) -> None:
    found = choose(concept)
    assert found is None or len(found.products) >= found.sure


@pytest.mark.parametrize(
    ("codes", "text", "remark"),
    [
        ((), "Otrexup or Rasuvo", "It names more than one product: Otrexup or Rasuvo"),
        (("rxnorm:105585",), "Jylamvo", "It names Jylamvo, and a generic"),
    ],
)
def test_why_a_product_is_open_is_said(codes: tuple[str, ...], text: str, remark: str) -> None:
    found = choose(_medication_concept({"codes": codes, "text": text}))
    assert found is not None
    assert (found.sure, found.remarks) == (False, (remark,))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("generic for Otrexup", "| otrexup |"),
        ("Otrexup (methotrexate), generic name", "otrexup"),
        ("generic name methotrexate, Otrexup", "otrexup"),
        ("Otrexup, generic", "| otrexup |"),
        ("name generic Otrexup", "| otrexup |"),
        ("Otrexup generic, name of the drug methotrexate", "| otrexup |"),
    ],
)
def test_a_generic_of_a_brand_is_not_the_brand_but_its_generic_name_is(text: str, wanted: str) -> None:
    assert named(text=text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Otrexup, do not substitute generic", "otrexup"),
        ("Otrexup, no generic", "otrexup"),
        ("no a b c generic Otrexup", "otrexup"),
        ("no a b c d generic Otrexup", "| otrexup |"),
    ],
)
def test_a_generic_that_is_denied_is_none_up_to_four_words_before(text: str, wanted: str) -> None:
    assert named(text=text) == wanted


def test_a_brand_that_is_not_plainly_ordered_is_open_and_said() -> None:
    found = choose(_medication_concept({"codes": (), "text": "generic, no Otrexup"}))
    assert found is not None
    assert found.remarks == ("Its text does not plainly order Otrexup",)
