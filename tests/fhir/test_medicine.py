"""The product that a medication names, and the concepts that it belongs to."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from service.case import Product
from service.determination import Evidence
from service.fhir.medicine import concepts_of, recognise
from service.policy.library import load as policies
from service.terminology import load
from tests.charts import MEDICATIONS, _medication_concept
from tests.fhir.synthetic import any_resource

JSON = dict[str, Any]
QUESTIONS = policies().revision("CP.PHAR.134").questions
INJECTION = "generic-methotrexate-injection"
TABLET = "generic-methotrexate-oral"
INGREDIENT = "methotrexate-ingredient"


def product(*codes: str, text: str = "") -> Product | None:
    concept = _medication_concept({"codes": codes, "text": text})
    return recognise(concept, reference="Medication/m", path="Medication.code", questions=QUESTIONS, terms=load())


def concepts(*codes: str, text: str = "", displays: tuple[str, ...] = ()) -> frozenset[str]:
    concept = _medication_concept({"codes": codes, "text": text, "displays": displays})
    return concepts_of(concept, questions=QUESTIONS, terms=load())


def test_a_product_is_called_as_people_call_it_and_says_where_it_stands() -> None:
    found = product("rxnorm:2671462", text="Jylamvo 2 mg/mL oral solution")
    assert found is not None
    assert (found.id, found.candidates, found.drug) == ("jylamvo", (), "Jylamvo 2 mg/mL oral solution")
    assert found.evidence == (Evidence("Medication/m", "Medication.code", "Jylamvo 2 mg/mL oral solution (2671462)"),)


@pytest.mark.parametrize(
    ("codes", "text", "mg", "per_ml", "listed"),
    [
        (["ndc:54436-015"], "", "15", Fraction(75, 2), True),
        (["rxnorm:1441413"], "", None, None, None),
        (["rxnorm:1441413"], "Otrexup 15 mg/0.4 mL", "15", Fraction(75, 2), True),
        (["ndc:54436-015"], "Otrexup 20 mg/0.4 mL", None, None, True),
        (["ndc:54436-015"], "Rasuvo 20 mg/0.4 mL", "15", Fraction(75, 2), True),
        (["rxnorm:1441411"], "Otrexup", "15", Fraction(75, 2), True),
        (["rxnorm:2377338"], "", None, None, None),
        (["rxnorm:1594759", "rxnorm:1594757"], "", "7.5", None, False),
        (["rxnorm:1594757"], "Otrexup", "7.5", None, False),
        (["rxnorm:2671462"], "", None, Fraction(2), None),
        (["rxnorm:2671462"], "Xatmep 2.5 mg/mL", None, Fraction(2), None),
        (["hcpcs:J8611"], "", None, Fraction(2), None),
        (["rxnorm:105585"], "Methotrexate 2.5 mg oral tablet", "2.5", None, None),
    ],
)
def test_the_strength_is_the_one_that_a_verified_code_or_the_text_names(
    codes: list[str], text: str, mg: str | None, per_ml: Fraction | None, listed: bool | None
) -> None:
    found = product(*codes, text=text)
    assert found is not None
    assert (found.strength_mg, found.mg_per_ml, found.strength_listed) == (mg and Decimal(mg), per_ml, listed)


def test_a_billing_units_amount_is_no_strength() -> None:
    concept = {"coding": [{"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J9260"}]}
    concept["coding"][0]["display"] = "Methotrexate sodium, 50 mg"
    found = recognise(concept, reference="r", path="p", questions=QUESTIONS, terms=load())
    assert found is not None
    assert found.strength_mg is None


def test_an_open_brand_says_why_and_between_which() -> None:
    found = product("rxnorm:1441416")
    assert found is not None
    assert (found.id, found.candidates) == (None, ("otrexup", "rasuvo"))
    assert found.remarks == ("Its code is of a form that a brand comes in, and names no brand: Otrexup or Rasuvo",)


def test_another_drug_is_no_product() -> None:
    assert product(text="Folic acid 1 mg") is None
    assert recognise(None, reference="r", path="p", questions=QUESTIONS, terms=load()) is None


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (["rxnorm:1946772"], ""),
        (["ndc:16729-277-30"], ""),
        (["hcpcs:J9260"], ""),
        (["rxnorm:6851"], "Methotrexate 25 mg/mL injectable solution"),
        ([], "methotrexate vial 50 mg/2 mL, subcutaneous"),
        ([], "MTX injection"),
        ([], "Generic methotrexate 15 mg/0.4 mL auto-injector"),
        (["rxnorm:1441411"], "Generic methotrexate pen"),
        (["rxnorm:1441411", "ndc:00093-1234-01"], ""),
        (["rxnorm:6851"], "Allergy to methotrexate injection"),
    ],
)
def test_a_generic_injection_is_one_by_code_or_by_plain_text(codes: list[str], text: str) -> None:
    assert {INJECTION, INGREDIENT} <= concepts(*codes, text=text)


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (["rxnorm:1441411"], ""),
        (["rxnorm:6851"], "Methotrexate"),
        (["rxnorm:105585"], "Methotrexate 2.5 mg oral tablet"),
        (["ndc:54436-015"], "Otrexup injection"),
        (["hcpcs:J9260"], "Otrexup injection"),
        ([], "Rasuvo (methotrexate injection)"),
        ([], "Trexall"),
        ([], "methotrexate tablet, not the injection"),
        ([], "methotrexate, tablets or injection"),
    ],
)
def test_a_brand_a_tablet_and_what_is_in_doubt_are_no_generic_injection(codes: list[str], text: str) -> None:
    found = concepts(*codes, text=text)
    assert INJECTION not in found
    assert INGREDIENT in found


def test_a_tablet_and_a_tablets_brand_are_generic_tablets() -> None:
    assert TABLET in concepts("rxnorm:105585")
    assert TABLET in concepts(text="Trexall 10 mg")
    assert TABLET in concepts(text="MTX 2.5 mg tabs")


@pytest.mark.parametrize("brand", ["otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo"])
def test_a_brand_holds_the_ingredient(brand: str) -> None:
    assert {brand, INGREDIENT} <= concepts(*MEDICATIONS[brand]["codes"])


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (["atc:L01XF03"], ""),
        (["atc:L01"], ""),
        ([], "Vincristine 1 mg/mL injection"),
        (["local:77"], "BEXAROTENE 75 mg capsule"),
        ([], "5-fluorouracil 500 mg"),
    ],
)
def test_an_antineoplastic_is_one_by_code_group_or_name(codes: list[str], text: str) -> None:
    assert "antineoplastic" in concepts(*codes, text=text)


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (["atc:L01BA01"], "Methotrexate"),
        (["atc:L01BA01"], "Jylamvo"),
        (["atc:H02AB07"], "Prednisone 5 mg"),
        (["atc:L03AB05"], "Interferon alfa-2b"),
        ([], "Folic acid"),
        ([], "Ondansetron before vincristine"),
    ],
)
def test_the_drug_itself_a_steroid_and_an_interferon_are_no_antineoplastic(codes: list[str], text: str) -> None:
    assert "antineoplastic" not in concepts(*codes, text=text)


@given(any_resource("x", "coding", "text"))
def test_any_json_never_raises(concept: JSON) -> None:
    found = recognise(concept, reference="r", path="p", questions=QUESTIONS, terms=load())
    held = concepts_of(concept, questions=QUESTIONS, terms=load())
    assert (found is not None) <= (INGREDIENT in held)
