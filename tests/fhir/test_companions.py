"""Other medicines of a class, drafted or active beside an order."""

from typing import Any

import pytest
from hypothesis import given

from service.case import Companions, CouldNotAsk, Had, NothingThere
from service.determination import Evidence
from service.fhir.companions import read_companions
from service.terminology import load
from tests.fhir.synthetic import ATC, NDC, QUESTIONS, RXNORM, any_resource, chart_of, coded

JSON = dict[str, Any]
VINCRISTINE = coded(ATC, "L01CA02", "Vincristine 1 mg/mL injection")


def request(medicine: JSON = VINCRISTINE, status: str | None = "active", **more: Any) -> JSON:
    found = {
        "resourceType": "MedicationRequest",
        "id": "r",
        "status": status,
        "medicationCodeableConcept": medicine,
    }
    return {name: part for name, part in {**found, **more}.items() if part is not None}


def statement(medicine: JSON = VINCRISTINE, status: str | None = "active", **more: Any) -> JSON:
    return {**request(medicine, status, **more), "resourceType": "MedicationStatement", "id": "s"}


ORDER = request({"text": "Jylamvo 2 mg/mL oral solution"}, "draft", id="order-1")


def beside(*resources: JSON, drafts: tuple[JSON, ...] = (), **answers: Any) -> Companions:
    chart = chart_of(*resources, drafts=(ORDER, *drafts), answers=answers)
    return read_companions(ORDER, chart, QUESTIONS, load())


def counts(found: Companions) -> tuple[int, int]:
    return len(found.found), len(found.unclear)


def test_an_active_antineoplastic_is_evidence() -> None:
    found = beside(request(authoredOn="2026-02-01"))
    said = "Vincristine 1 mg/mL injection (L01CA02), active"
    path = "MedicationRequest.medicationCodeableConcept"
    assert found == Companions((Evidence("MedicationRequest/r", path, said, "2026-02-01"),), Had())


@pytest.mark.parametrize(
    ("medicine", "wanted"),
    [
        (VINCRISTINE, (1, 0)),
        (coded(ATC, "L01XF03"), (1, 0)),
        (coded(RXNORM, "233272"), (1, 0)),
        ({"text": "Bexarotene 75 mg capsule"}, (1, 0)),
        (coded(RXNORM, "0", "Targretin 75 mg oral capsule"), (1, 0)),
        (coded(ATC, "H02AB07", "Prednisone"), (0, 0)),
        (coded(ATC, "L03AB05", "Interferon alfa-2b"), (0, 0)),
        (coded(ATC, "L01BA01", "Methotrexate"), (0, 0)),
        (coded(ATC, "L01BA01"), (0, 0)),
        (coded(RXNORM, "105585"), (0, 0)),
        (coded(NDC, "54436-015"), (0, 0)),
        (coded(RXNORM, "314076", "Lisinopril 10 mg oral tablet"), (0, 0)),
        (coded(ATC, "C09AA03"), (0, 0)),
        (coded(RXNORM, "314076"), (0, 1)),
        ({}, (0, 1)),
        ({"text": "Mesna, given with doxorubicin"}, (0, 1)),
    ],
)
def test_an_antineoplastic_is_any_of_the_class_but_the_drug_itself(medicine: JSON, wanted: tuple[int, int]) -> None:
    assert counts(beside(request(medicine))) == wanted
    assert counts(beside(statement(medicine))) == wanted
    assert counts(beside(drafts=(request(medicine, "draft"),))) == wanted


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("active", (1, 0)),
        ("draft", (1, 0)),
        ("on-hold", (0, 1)),
        ("unknown", (0, 1)),
        ("intended", (0, 1)),
        (None, (0, 1)),
        ("stopped", (0, 0)),
        ("completed", (0, 0)),
        ("cancelled", (0, 0)),
        ("entered-in-error", (0, 0)),
        ("not-taken", (0, 0)),
    ],
)
def test_it_counts_while_it_is_drafted_or_active(status: str | None, wanted: tuple[int, int]) -> None:
    assert counts(beside(request(status=status))) == wanted
    assert counts(beside(statement(status=status))) == wanted
    assert counts(beside(drafts=(request(status=status),))) == wanted


def test_an_order_not_to_give_it_does_not_count() -> None:
    assert counts(beside(request(doNotPerform=True))) == (0, 0)


def test_the_order_itself_and_its_copy_in_the_chart_do_not_count() -> None:
    own = request(status="draft", id="own")
    chart = chart_of(request(id="own"), drafts=(own,))
    assert counts(read_companions(own, chart, QUESTIONS, load())) == (0, 0)
    assert counts(read_companions(dict(own), chart, QUESTIONS, load())) == (0, 0)
    assert counts(read_companions(ORDER, chart, QUESTIONS, load())) == (1, 0)


def test_another_patients_draft_does_not_count() -> None:
    other = request(status="draft", subject={"reference": "Patient/other"})
    assert counts(beside(drafts=(other,))) == (0, 0)


def test_a_medication_that_cannot_be_had_is_unclear_unless_the_reference_names_it() -> None:
    lost = {"reference": "Medication/x"}
    found = beside(request(medicationCodeableConcept=None, medicationReference=lost))
    assert found.unclear == ("MedicationRequest/r: Medication/x could not be had",)
    named = {**lost, "display": "Vincristine"}
    assert counts(beside(request(medicationCodeableConcept=None, medicationReference=named))) == (1, 0)


def test_a_request_that_the_models_refuse_is_unclear() -> None:
    assert counts(beside(request(statusReason="none"))) == (0, 1)


def test_whether_the_list_was_read_is_the_requests_answer() -> None:
    assert beside().listed == NothingThere()
    assert beside(MedicationRequest=CouldNotAsk("down")).listed == CouldNotAsk("down")
    assert beside(MedicationRequest=Had(complete=False)).listed == Had(complete=False)


def test_statements_that_could_not_be_had_are_named_and_change_nothing() -> None:
    found = beside(MedicationStatement=CouldNotAsk("down"))
    assert found == Companions((), NothingThere(), (), ("the MedicationStatements were not read whole: down",))


@given(
    any_resource("MedicationRequest", "id", "status", "medicationReference", "authoredOn", "doNotPerform"),
    any_resource("MedicationStatement", "status", "medicationCodeableConcept", "effectivePeriod"),
)
def test_any_json_never_raises(wild: JSON, taken: JSON) -> None:
    chart = chart_of({**request(), **wild}, {**statement(), **taken}, drafts=(wild,))
    read_companions(wild, chart, QUESTIONS, load())
    read_companions(ORDER, chart, QUESTIONS, load())


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ({"effectiveDateTime": "2026-01-02"}, "2026-01-02"),
        ({"effectivePeriod": {"start": "2026-01-03", "end": "2026-12-31"}}, "2026-01-03"),
        ({"dateAsserted": "2026-01-04"}, "2026-01-04"),
        ({"dateAsserted": "2026-01-04", "effectiveDateTime": "2026-01-02"}, "2026-01-02"),
        ({"effectivePeriod": {"start": "2026-01-03"}, "dateAsserted": "2026-01-04"}, "2026-01-03"),
        ({"effectiveDateTime": "2026", "dateAsserted": "2026-01-04"}, "2026-01-04"),
        ({}, None),
    ],
)
def test_a_statement_is_dated_by_when_it_was_taken_else_asserted(dates: JSON, told: str | None) -> None:
    (found,) = beside(statement(**dates)).found
    assert (found.reference, found.date) == ("MedicationStatement/s", told)


@pytest.mark.parametrize(
    ("medicine", "why"),
    [
        ({}, "MedicationRequest/r: the medicine has no name (no code either)"),
        (coded(RXNORM, "314076"), "MedicationRequest/r: the medicine has no name (314076)"),
        ({"text": "Mesna, given with doxorubicin"}, "MedicationRequest/r: Mesna, given with doxorubicin"),
    ],
)
def test_why_a_medicine_is_unclear_is_said(medicine: JSON, why: str) -> None:
    assert beside(request(medicine)).unclear == (why,)


def test_one_on_hold_is_named_with_its_status() -> None:
    assert beside(request(status="on-hold")).unclear == (
        "MedicationRequest/r: Vincristine 1 mg/mL injection (L01CA02), on-hold",
    )
    assert beside(request(status=None)).unclear == (
        "MedicationRequest/r: Vincristine 1 mg/mL injection (L01CA02), without a status",
    )


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_one_that_may_be_this_patients_and_was_not_read_is_unclear(kind: str) -> None:
    nameless = {"subject": {"display": "somebody"}}
    record = request(**nameless) if kind == "MedicationRequest" else statement(**nameless)
    found = beside(record)
    assert (found.found, found.unclear) == ((), (f"{kind}/{record['id']} was not read",))


def test_a_medicine_that_only_its_reference_names_is_evidence_there() -> None:
    named = {"reference": "Medication/x", "display": "Vincristine"}
    for record, kind in ((request, "MedicationRequest"), (statement, "MedicationStatement")):
        (found,) = beside(record(medicationCodeableConcept=None, medicationReference=named)).found
        assert (found.path, found.text) == (f"{kind}.medicationReference.display", "Vincristine, active")
    both = beside(request(medicationReference=named))
    assert both.found[0].path == "MedicationRequest.medicationCodeableConcept"
