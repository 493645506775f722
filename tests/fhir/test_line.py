"""The line of business that a Coverage is coded as."""

import pytest

from tests.fhir.members import PRODUCT, SOPT, classed, coverage, member, typed


@pytest.mark.parametrize(
    ("codes", "line"),
    [
        ([(PRODUCT, "medi")], "medicaid"),
        ([(PRODUCT, "medihmo"), (SOPT, "211")], "medicaid"),
        ([(PRODUCT, "qhp"), (SOPT, "512")], "him"),
        ([(PRODUCT, "commppo")], "commercial"),
        ([(SOPT, "5")], None),
        ([(SOPT, "3")], None),
        ([(SOPT, "14")], None),
        ([(SOPT, "14"), (PRODUCT, "medi")], None),
        ([(PRODUCT, "medi"), (PRODUCT, "qhp")], None),
        ([(PRODUCT, "medi"), (SOPT, "1")], None),
        ([("http://terminology.hl7.org/CodeSystem/v3-ActCode", "HMO")], None),
        ([("", "medi")], None),
        ([], None),
    ],
)
def test_codings_tell_the_line_or_leave_it_unknown(codes: list[tuple[str, str]], line: str | None) -> None:
    found = member(coverage(type=typed(*codes)))
    assert (found.line, found.outside) == (line, False)
    assert bool(found.evidence) is (line is not None)
    assert bool(found.remarks) is (line is None)


@pytest.mark.parametrize("code", [(SOPT, "1"), (SOPT, "111"), (PRODUCT, "mediadv"), (PRODUCT, "medid")])
def test_medicare_is_outside_the_lines_of_policies(code: tuple[str, str]) -> None:
    found = member(coverage(type=typed(code)))
    assert (found.line, found.outside) == (None, True)


def test_a_product_type_told_as_a_class_counts_and_is_evidence() -> None:
    found = member(classed({"type": typed((PRODUCT, "qhp")), "value": "Silver"}))
    assert found.line == "him"
    assert found.evidence[0].as_contract() == {
        "reference": "Coverage/c",
        "path": "Coverage.class.type",
        "text": "Health insurance marketplace (qhp)",
    }


def test_words_tell_no_line() -> None:
    found = member(coverage(type={"text": "Medicaid"}))
    assert found.line is None
    assert found.remarks == ("Coverage/c: the line of business is not known, its type, Medicaid, does not tell it",)
