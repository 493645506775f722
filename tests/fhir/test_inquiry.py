"""What was asked for beside a chart's lists, and what came of it. That charts seek by it: tests/fhir/test_chart.py."""

import pytest

from service.case import NOT_SENT, Answer, CouldNotAsk, Had, NothingThere
from service.fhir.inquiry import Inquiry, split

BASE = "https://ehr.example.org/fhir"
ROLES = "PractitionerRole?practitioner="


@pytest.mark.parametrize(
    ("target", "base", "key"),
    [
        ("Patient/p", None, "Patient/p"),
        (f"{BASE}/Patient/p", BASE, "Patient/p"),
        (f"{BASE}/Patient/p/_history/1", BASE, "Patient/p"),
        ("Patient/p/_history/1", None, "Patient/p"),
        ("p", None, "p"),
    ],
)
def test_a_reference_splits_into_server_and_key(target: str, base: str | None, key: str) -> None:
    assert split(target) == (base, key)


@pytest.mark.parametrize(
    ("target", "base", "key"),
    [
        ("Condition/c/_history/1/_history/2", None, "Condition/c"),
        ("https://x.example.org/fhir//Condition/c/", "https://x.example.org/fhir", "Condition/c"),
        ("/fhir/Condition/c", "/fhir", "Condition/c"),
    ],
)
def test_a_version_and_stray_slashes_are_no_part_of_a_reference(target: str, base: str | None, key: str) -> None:
    assert split(target) == (base, key)


@pytest.mark.parametrize(
    ("answer", "unanswered", "why"),
    [
        (CouldNotAsk("refused"), True, "refused"),
        (NOT_SENT, False, "not sent by the EHR"),
        (NothingThere(), False, "the EHR's FHIR server has none"),
        (Had(), False, None),
        (Had(complete=False, why="cut"), True, None),
    ],
)
def test_a_read_is_lost_or_unanswered_by_its_answer(answer: Answer, unanswered: bool, why: str | None) -> None:
    found = Inquiry(BASE, {"Practitioner/gp": answer})
    for target in ("Practitioner/gp", f"{BASE}/Practitioner/gp"):
        assert (found.unanswered(target), found.lost(target)) == (unanswered, why)
    assert not found.unanswered("Practitioner/other")


def test_a_search_is_apart_from_the_read_that_it_goes_by() -> None:
    found = Inquiry(BASE, {f"{ROLES}Practitioner/gp": CouldNotAsk("refused")})
    assert found.unanswered("Practitioner/gp", ROLES)
    assert not found.unanswered("Practitioner/gp")
    assert found.failures(()) == ("PractitionerRole: refused",)


def test_what_is_gone_on_with_apart_seeks_for_itself() -> None:
    first = Inquiry(BASE, {})
    first.seek("Medication/a")
    again = first.again()
    again.seek("Medication/b")
    assert (list(first.sought), list(again.sought)) == (["Medication/a"], ["Medication/a", "Medication/b"])
    assert first.failures(()) == ("Medication/a: not sent by the EHR",)
