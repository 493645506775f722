"""What is counted, and that no client can make a series. Several processes: tests.test_server."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from service import labels, metrics
from service.determination import Determination, Finding, NotEvaluated, PolicyId, Result, Status

SERVICE, ISSUER, CODE, REFUSAL = "metrics-service", "https://metrics.example.org", "metrics-late", "metrics-replayed"
SYSTEM, REASON = "urn:metrics:reason", "metrics-clinical"


def declared() -> None:
    labels.declare("service", [SERVICE])
    labels.declare("client", [ISSUER])
    labels.declare("code", [CODE])
    labels.declare("refusal", [REFUSAL])
    labels.declare("reason", [f"{SYSTEM}|{REASON}"])


def value(name: str, **label: str) -> float:
    """The value of one series now; 0 where there is none."""
    body, _ = metrics.exposition()
    samples = [s for family in text_string_to_metric_families(body.decode()) for s in family.samples]
    return next((s.value for s in samples if s.name == f"countersign_{name}" and s.labels == label), 0)


def test_a_call_is_counted_and_timed_in_all_and_by_step() -> None:
    declared()
    under, upto = (value("step_seconds_bucket", step="parse", le=le) for le in ("0.0025", "0.005"))
    metrics.call(SERVICE, ISSUER, 200, 0.2, {"parse": 0.003, "decide": 0.1})
    metrics.call(SERVICE, ISSUER, 200, 0.02, {"parse": 0.004})
    assert value("calls_total", service=SERVICE, client=ISSUER, http_status="200") == 2
    assert value("call_seconds_count", service=SERVICE) == 2
    assert value("call_seconds_bucket", service=SERVICE, le="0.025") == 1
    assert value("step_seconds_bucket", step="parse", le="0.0025") == under
    assert value("step_seconds_bucket", step="parse", le="0.005") == upto + 2


def test_determinations_are_counted_by_policy_and_their_criteria_by_result() -> None:
    policy = PolicyId("CP.TEST", "2025-11")
    findings = (Finding("I.A.1", Result.MET), Finding("I.A.2", Result.UNKNOWN))
    found = Determination(
        "MedicationRequest/1", policy, date(2026, 3, 10), None, None, None, Status.REFER, None, findings
    )
    metrics.decided([found, NotEvaluated("MedicationRequest/2", "a drug", "no coding"), found])
    assert value("determinations_total", policy="CP.TEST", version="2025-11", status="refer") == 2
    assert value("criterion_results_total", policy="CP.TEST", criterion="I.A.2", result="unknown") == 2


def test_failures_to_fetch_are_counted_by_client_and_code() -> None:
    declared()
    metrics.fetch_failed(ISSUER, CODE, 3)
    metrics.fetch_failed("open", CODE)
    assert value("fetch_failures_total", client=ISSUER, code=CODE) == 3
    assert value("fetch_failures_total", client="open", code=CODE) == 1


def test_feedback_is_counted_by_a_reason_of_ours_another_or_none() -> None:
    declared()
    for system, code in ((SYSTEM, REASON), ("urn:other", REASON), (SYSTEM, "Doe"), (None, None)):
        metrics.answered(SERVICE, "overridden", system, code)
    counts = {
        r: value("feedback_total", service=SERVICE, outcome="overridden", reason=r) for r in (REASON, "other", "none")
    }
    assert counts == {REASON: 1, "other": 2, "none": 1}


def test_refused_tokens_are_counted_by_reason() -> None:
    declared()
    metrics.token_refused(REFUSAL)
    assert value("tokens_refused_total", refusal=REFUSAL) == 1


def test_the_build_is_named() -> None:
    body, kind = metrics.exposition()
    assert b"\ncountersign_build_info{version=" in body
    assert kind.startswith("text/plain; version=0.0.4")


@given(*[st.text(max_size=20)] * 3)
def test_no_client_can_make_a_series(one: str, two: str, three: str) -> None:
    marks = [f"Zqx7{text}" for text in (one, two, three)]
    metrics.call(marks[0], marks[1], 200, 0.1, {marks[2]: 0.1})
    metrics.fetch_failed(marks[0], marks[1])
    metrics.answered(marks[0], marks[1], marks[1], marks[2])
    metrics.token_refused(marks[0])
    assert b"Zqx7" not in metrics.exposition()[0]
