"""An operator's table asked about a Coverage."""

from datetime import date

import pytest

from tests.fhir.members import PRODUCT, classed, coverage, group, member, typed
from tests.fhir.synthetic import JSON

COMMERCIAL = '[[plan]]\npayor = "Health Plan"\nline = "commercial"\n'
SILVER = '[[plan]]\npayor = "health  plan"\nplan = "Silver"\nline = "him"\nstate = "IL"\n'


def test_the_table_goes_before_the_codings() -> None:
    assert member(coverage(type=typed((PRODUCT, "medi"))), plans=COMMERCIAL).line == "commercial"


def test_the_row_that_names_the_most_keys_wins() -> None:
    silver = classed(group("plan", "SILVER"))
    assert (member(silver, plans=SILVER + COMMERCIAL).line, member(silver, plans=SILVER).state) == ("him", "IL")
    assert member(classed(group("plan", "Gold")), plans=SILVER + COMMERCIAL).line == "commercial"
    assert member(classed(group("group", "Silver")), plans=SILVER).line is None


def test_a_row_that_says_less_takes_nothing_from_one_that_says_it() -> None:
    renewing = '[[plan]]\npayor = "Health plan"\nrenewal = 2026-12-31\nformulary = false\n'
    found = member(classed(group("plan", "Silver")), plans=SILVER + renewing)
    assert (found.line, found.renewal, found.formulary) == ("him", date(2026, 12, 31), False)


def test_rows_equal_in_keys_that_disagree_decide_nothing() -> None:
    plans = COMMERCIAL + COMMERCIAL.replace("commercial", "him")
    found = member(coverage(type=typed((PRODUCT, "medi"))), plans=plans)
    assert found.line == "medicaid"
    assert found.remarks == (
        "The operator's table does not decide the line of business of Coverage/c: rows say commercial, him",
    )


def test_a_line_of_none_puts_the_member_outside() -> None:
    found = member(coverage(type=typed((PRODUCT, "medi"))), plans=COMMERCIAL.replace("commercial", "none"))
    assert (found.line, found.outside) == (None, True)
    assert found.evidence


@pytest.mark.parametrize("key", ["group=7", "GROUP = 7"])
def test_a_class_is_matched_by_type_and_value(key: str) -> None:
    plans = f'[[plan]]\nclass = "{key}"\nline = "him"\n'
    assert member(classed(group("group", "7")), plans=plans).line == "him"
    assert member(classed(group("plan", "7")), plans=plans).line is None


@pytest.mark.parametrize(
    "payor",
    [
        {"reference": "Organization/o"},
        {"identifier": {"value": "Acme"}},
        {"reference": "https://other.example.org/Organization/acme", "display": "ACME"},
    ],
)
def test_a_payor_is_known_by_display_identifier_or_its_organization(payor: JSON) -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "Acme Health", "alias": ["Acme"]}
    plans = '[[plan]]\npayor = "acme"\nline = "him"\n'
    assert member(coverage(payor=[payor]), organization, plans=plans).line == "him"


def test_a_row_without_keys_fits_every_coverage_after_all_others() -> None:
    default = '[[plan]]\nline = "medicaid"\n'
    assert member(coverage(), plans=default).line == "medicaid"
    assert member(coverage(), plans=default + COMMERCIAL).line == "commercial"
