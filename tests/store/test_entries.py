"""What is taken from a determination, and what is left behind."""

from datetime import UTC, date, datetime

import pytest

from service.determination import Alert, Approval, Determination, Evidence, Finding, PolicyId, Referral, Result, Status
from service.hooks.feedback import Answer
from service.store import Criterion, Feedback, Term, Told
from service.store.entries import order_id

ON = date(2026, 3, 10)
SEEN = Evidence("Condition/ra", "Condition.code", "Rheumatoid arthritis of Jane Roe")
RUN = Approval(12, ON, date(2027, 3, 9), "12 months, as requested for Jane Roe")
DETERMINATION = Determination(
    order="MedicationRequest/order-1",
    policy=PolicyId("CP.PHAR.134", "2025-11"),
    evaluated_on=ON,
    product="jylamvo",
    indication="rheumatoid-arthritis",
    line=None,
    status=Status.APPROVABLE,
    pathway="I.B",
    findings=(Finding("I.B.1", Result.MET, (SEEN,), remarks=("Jane Roe",)),),
    approval={"commercial": RUN},
    referral=Referral("Jane Roe's use is not listed", {"medicaid": ("CP.PMN.53",)}),
    safety=(Alert("pregnancy", "critical", (SEEN,), "Jane Roe"),),
    remarks=("Jane Roe",),
    unread=("Jane Roe",),
)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("MedicationRequest/order-1", "order-1"),
        ("MedicationRequest/", None),
        ("MedicationRequest", None),
        ("urn:uuid:6b0f5c1e-0d52-5a0e-9a3c-6d1f3f5a7c21", None),
        ("https://ehr.example.org/fhir/MedicationRequest/order-1", None),
    ],
)
def test_an_order_has_an_id_only_where_its_reference_is_made_of_one(reference: str, found: str | None) -> None:
    assert order_id(reference) == found


def test_results_numbers_and_codes_of_a_determination_are_taken() -> None:
    told = Told.of(DETERMINATION, "digest", {"I.B.1": "0123456789abcdef"})
    assert told.order == "order-1"
    assert (told.policy, told.version, told.digest) == ("CP.PHAR.134", "2025-11", "digest")
    assert told.criteria == (Criterion("I.B.1", "met", "0123456789abcdef"),)
    assert told.approval == (Term("commercial", 12, ON, date(2027, 3, 9)),)
    assert told.referral == {"medicaid": ("CP.PMN.53",)}
    assert told.safety == ("pregnancy",)


def test_no_text_of_a_determination_is_taken() -> None:
    assert "Roe" in repr(DETERMINATION)
    assert "Roe" not in repr(Told.of(DETERMINATION, "digest", {"I.B.1": "0123456789abcdef"}))


def test_an_answer_to_a_card_is_taken_whole_with_the_client_it_came_from() -> None:
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    answer = Answer("card-1", "overridden", at, (), "urn:countersign:override-reason", "urgent", commented=True)
    taken = Feedback.of(answer, client="https://ehr.example.org", service="prior-auth-order-sign")
    assert taken == Feedback(
        client="https://ehr.example.org",
        service="prior-auth-order-sign",
        card="card-1",
        outcome="overridden",
        at=at,
        accepted=(),
        reason_system="urn:countersign:override-reason",
        reason_code="urgent",
        commented=True,
    )
