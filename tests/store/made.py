"""Calls, determinations and feedback as tests of the records need them, each with one difference from a plain one."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.store import Call, CardSent, Criterion, Feedback, FormSent, OrderKey, Subject, Term, Told

AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ON = date(2026, 3, 10)
SUBJECT = Subject("https://ehr.example.org", "clinic-7", "https://ehr.example.org/fhir", "pat-1")
APPROVED = Told(
    order="order-1",
    policy="CP.PHAR.134",
    version="2025-11",
    digest="d" * 64,
    evaluated_on=ON,
    product="jylamvo",
    indication="rheumatoid-arthritis",
    line="commercial",
    status="approvable",
    pathway="I.B",
    criteria=(Criterion("I.B.1", "met", "0" * 16), Criterion("I.B.2", "met", "1" * 16)),
    approval=(Term(None, 12, ON, date(2027, 3, 9)),),
)
CARD = CardSent("9f0c7d2e-9a55-4b2e-8a3f-1c2d3e4f5a6b", "coverage-info", "info", 0)
FORM = FormSent(
    "token-1" * 5, AT + timedelta(days=3), OrderKey("order-1", "20 mg"), "CP.PHAR.134", "2025-11", "form-1", b"sealed"
)


def call(*told: Told, **differs: Any) -> Call:
    """A call of order-sign with these determinations."""
    plain = Call(
        id=uuid.uuid4(),
        at=AT,
        correlation="correlation-1",
        service="prior-auth-order-sign",
        hook="order-sign",
        instance="instance-1",
        subject=SUBJECT,
        body_sha256=b"\x01" * 32,
        determinations=told,
        took={"total": 12.5, "decide": 4.25},
    )
    return replace(plain, **differs)


def feedback(**differs: Any) -> Feedback:
    """An acceptance of CARD by SUBJECT's client."""
    plain = Feedback(SUBJECT.client, "prior-auth-order-sign", CARD.uuid, "accepted", AT, ("suggestion-1",))
    return replace(plain, **differs)
