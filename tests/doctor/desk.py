"""Requests put before the doctor, and what it says of them."""

import json
from datetime import date
from typing import Any

from service.decide import Office
from service.doctor import Report, examine
from service.doctor.report import Note
from service.plans import parse
from service.policy import library
from service.terminology import load
from tests.charts import TODAY, build

JSON = dict[str, Any]


def request(**case: Any) -> JSON:
    """A request of the policy cases: an approvable order of an oral solution, unless `base` says otherwise."""
    return build({"name": "doctor", "base": "jylamvo-ra", **case})


def examined(body: Any, *, plans: str = "", **words: Any) -> Report:
    """The report on a body: bytes as they are, anything else as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    office = Office(library.load(), load(), parse(plans))
    return examine(sent, office, date.fromisoformat(TODAY), **words)


def notes(body: Any, code: str, **words: Any) -> list[Note]:
    """The notes of a kind."""
    return [note for note in examined(body, **words).notes() if note.code == code]


def note(body: Any, code: str, **words: Any) -> Note:
    """The one note of a kind."""
    (found,) = notes(body, code, **words)
    return found


def order_of(body: JSON) -> JSON:
    found = next(e["resource"] for e in body["context"]["draftOrders"]["entry"])
    assert found["resourceType"] == "MedicationRequest"
    return found  # type: ignore[no-any-return]
