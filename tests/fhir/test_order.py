"""An order as such: skipped, dated, or kept from being evaluated."""

from datetime import date
from typing import Any

import pytest

from service.fhir.answers import Entry
from service.fhir.chart import Chart
from service.fhir.order import addressed, evaluated_on, obstacle, skipped

TODAY = date(2026, 3, 10)
CHART = Chart("p", None, (), {})


def order(**members: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": "o", "subject": {"reference": "Patient/p"}, **members}


@pytest.mark.parametrize("status", ["cancelled", "stopped", "completed", "entered-in-error", " Stopped "])
def test_an_order_that_is_over_is_skipped(status: str) -> None:
    assert skipped(order(status=status))


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "unknown", "zzz", None, 7])
def test_any_other_status_is_evaluated(status: Any) -> None:
    assert not skipped(order(status=status))


def test_an_order_not_to_perform_is_skipped() -> None:
    assert skipped(order(doNotPerform=True))
    assert not skipped(order(doNotPerform=False))
    assert not skipped(order(doNotPerform="true"))


@pytest.mark.parametrize(
    ("authored", "on"),
    [
        ("2026-03-09", date(2026, 3, 9)),
        ("2026-03-10T23:59:59-08:00", TODAY),
        ("2026-03-11", TODAY),
        ("2026-03", TODAY),
        ("10.03.2026", TODAY),
        (None, TODAY),
        (7, TODAY),
        ("2020-02-29T00:00:00Z", date(2020, 2, 29)),
        ("1900-01-01", date(1900, 1, 1)),
        ("0001-01-01", TODAY),
    ],
)
def test_an_order_is_evaluated_on_its_day_unless_that_lies_ahead(authored: Any, on: date) -> None:
    assert evaluated_on(order(authoredOn=authored), TODAY) == on


def test_a_sound_order_of_this_patient_has_no_obstacle() -> None:
    assert obstacle(order(), CHART) is None
    bare = order()
    del bare["subject"]
    assert obstacle(bare, CHART) is None
    assert obstacle(order(dosageInstruction=["15 mg"], requester="x", reasonCode=["M06.9"], status=7), CHART) is None


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"modifierExtension": [{"url": "x"}]}, "modifier"),
        ({"doNotPerform": "perhaps"}, "its doNotPerform could not be read"),
    ],
)
def test_what_keeps_an_order_from_being_evaluated_is_said(members: Any, said: str) -> None:
    drafted = order(**members)
    assert said in (obstacle(drafted, Chart("p", None, [Entry(None, drafted)], {})) or "")


def test_an_order_of_another_patient_is_not_this_patients() -> None:
    assert addressed(order(), CHART)
    assert not addressed(order(subject={"reference": "Patient/q"}), CHART)
    assert not addressed(order(subject="Patient/p"), CHART)
    bare = order()
    del bare["subject"]
    assert addressed(bare, CHART)


def test_an_obstacle_is_said_in_plain_words() -> None:
    drafted = order(modifierExtension=[{"url": "x"}])
    found = obstacle(drafted, Chart("p", None, [Entry(None, drafted)], {}))
    assert found == "it carries a modifier that this service does not know"
    other = order(doNotPerform="perhaps", medicationCodeableConcept="x")
    said = obstacle(other, Chart("p", None, [Entry(None, other)], {})) or ""
    assert sorted(said.removeprefix("its ").removesuffix(" could not be read").split(", ")) == [
        "doNotPerform",
        "medicationCodeableConcept",
    ]
