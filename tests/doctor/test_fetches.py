"""What was asked of the EHR's FHIR server and failed."""

import pytest

from service.ehr.trouble import Trouble
from tests.doctor.desk import note, notes, request


@pytest.mark.parametrize(
    ("trouble", "hint"),
    [
        (Trouble.UNAUTHORIZED, "token was refused"),
        (Trouble.FORBIDDEN, "scope"),
        (Trouble.MISSING, "base URL"),
        (Trouble.REDIRECT, "follows no redirect"),
        (Trouble.LATE, "deadline"),
    ],
)
def test_a_failed_query_is_told_without_its_values_and_with_a_hint(trouble: Trouble, hint: str) -> None:
    found = note(request(), "fetch-failed", fetched={"Condition?patient=pat-1": trouble.says})
    assert found.at == "Condition?patient=…"
    assert trouble.says in found.says
    assert hint in found.mend


def test_a_read_that_failed_is_told_by_type_and_id() -> None:
    assert note(request(), "fetch-failed", fetched={"Medication/m1": "x"}).at == "Medication/m1"


def test_nothing_is_told_where_nothing_failed() -> None:
    assert notes(request(), "fetch-failed") == []
