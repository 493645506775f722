"""What prescribers did with cards, reported by clients: kept, whatever card it is about, and no free text of it."""

from __future__ import annotations

from flask import Response

from service import metrics
from service.hooks.discovery import service
from service.hooks.feedback import Answer, parse_feedback
from service.hooks.request import decode
from service.store import Unkept
from service.store.entries import Feedback
from service.web.calls import admitted, is_json, read_body
from service.web.errors import answer, problem
from service.web.state import state

_RETRY = 5  # seconds


def feedback(service_id: str) -> Response:
    """Keep the feedback; what is acknowledged is on disk. A card of which nothing is on record is no error."""
    found = service(service_id)
    if found is None:
        return problem(404, "there is no such service")
    held, path = state(), f"/cds-services/{found.id}"
    caller = admitted(held, path, f"{path}/feedback")
    if not is_json():
        return problem(415, "the body must be application/json")
    answers = parse_feedback(decode(read_body()))
    client = caller.client.issuer if caller else None
    try:
        held.store.answer([_kept(one, client, found.id) for one in answers])
    except Unkept:
        return problem(503, "the feedback could not be kept; please send it again", retry_after=_RETRY)
    for one in answers:
        metrics.answered(found.id, one.outcome, one.reason_system, one.reason_code)
    return answer(b"{}")


def _kept(one: Answer, client: str | None, service_id: str) -> Feedback:
    return Feedback(
        client=client,
        service=service_id,
        card=one.card,
        outcome=one.outcome,
        at=one.at,
        accepted=one.accepted,
        reason_system=one.reason_system,
        reason_code=one.reason_code,
        commented=one.commented,
    )
