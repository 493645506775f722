"""What a request brought, gathered into a chart. Resources are read by their type, under whatever key they stand
(some clients name keys themselves); the key only tells which question was answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.case import CouldNotAsk, Had
from service.fhir.answers import Answered, Entry, read_answer
from service.fhir.chart import Chart
from service.hooks.discovery import KEYS
from service.hooks.request import HookRequest

_REFERRED = frozenset({"Medication", "Practitioner", "PractitionerRole", "Organization"})


def gather(request: HookRequest, resources: Iterable[str]) -> Chart:
    """The chart of a request, for policies that ask for these resource types."""
    asked = tuple(resources)
    own = {KEYS[kind] for kind in asked}
    others = [read_answer(value) for key, value in request.prefetch.items() if key not in own]
    wanted = _REFERRED | set(asked)
    extra = [e for found in others for e in found.entries if e.resource["resourceType"] in wanted]
    answered = {kind: _answered(kind, request.prefetch, extra) for kind in asked}
    return Chart(request.patient_id, request.fhir_server, request.drafts, answered, extra, request.user_id)


def _answered(kind: str, prefetch: Any, extra: list[Entry]) -> Answered:
    """The answer to a type's question; one that stands under another key is had, though not surely whole."""
    if KEYS[kind] in prefetch:
        return _of_kind(kind, read_answer(prefetch[KEYS[kind]]))
    if any(e.resource["resourceType"] == kind for e in extra):
        return Answered(Had(complete=False))
    return Answered(CouldNotAsk("not sent by the EHR"))


def _of_kind(kind: str, found: Answered) -> Answered:
    """An answer that holds other types in place of the one asked for was none; beside it they make it not whole."""
    kinds = {e.resource["resourceType"] for e in found.entries}
    if not isinstance(found.answer, Had) or kinds <= {kind}:
        return found
    if kind not in kinds:
        return Answered(CouldNotAsk(f"the EHR's answer holds no {kind}"), found.entries)
    whole = found.answer.complete and kinds <= {kind, *KEYS, *_REFERRED}
    return Answered(Had(complete=whole), found.entries)
