"""A request as the doctor was given it: parsed as far as it goes, its chart, and where each resource stands.

Knows no chapter; a request that the service refuses is read all the same, for what can still be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.decide import Office
from service.doctor.discretion import Discretion
from service.fhir.answers import entries_of, unreadable_in
from service.fhir.chart import Chart
from service.fhir.elements import Json, child, text, texts
from service.hooks.discovery import SERVICES
from service.hooks.gather import gather
from service.hooks.request import HookRequest, Invalid, parse


@dataclass(frozen=True)
class Given:
    """One request on the doctor's desk. `refused` is why the service answers 400 to it, if it does; `places` says
    where each JSON object stands, by its identity."""

    body: Json
    request: HookRequest
    refused: Invalid | None
    chart: Chart
    office: Office
    today: date
    quotes: Discretion
    places: dict[int, str]

    def where(self, resource: Json) -> str:
        """A resource by type and id, else by where it stands in the request."""
        return self.quotes.identity(str(resource.get("resourceType")), resource.get("id"), self.place(resource))

    def place(self, part: Json) -> str:
        return self.quotes.place(self.places.get(id(part), "the request"))

    def codings(self, concept: Any) -> str:
        """The codings of a CodeableConcept as `system|code`, in the order sent; displays and texts are not told."""
        listed = concept.get("coding") if isinstance(concept, dict) else None
        coded = [c for c in (listed if isinstance(listed, list) else [listed]) if isinstance(c, dict)]
        return ", ".join(dict.fromkeys(f"{self._system(c)}|{self.quotes.code(c.get('code'))}" for c in coded))

    def _system(self, coding: Json) -> str:
        return self.quotes.system(coding.get("system")) if text(coding, "system") else "(no system)"


def lay_out(body: Json, office: Office, today: date) -> Given:
    """The request in a body that is a JSON object, whatever is wrong with it."""
    places = dict(_places(body))
    resources = [part for _, part in _objects(body) if isinstance(part.get("resourceType"), str)]
    request, refused = _read(body)
    chart = gather(request, office.library.resources())
    return Given(body, request, refused, chart, office, today, Discretion(body, resources), places)


def _read(body: Json) -> tuple[HookRequest, Invalid | None]:
    hook = text(body, "hook")
    service = next((s for s in SERVICES if s.hook == hook), None)
    try:
        return parse(body, service or SERVICES[0]), None
    except Invalid as error:
        return _leniently(body), error


def _leniently(body: Json) -> HookRequest:
    context, prefetch = child(body, "context"), body.get("prefetch")
    drafts = child(context, "draftOrders")
    selections = texts(context, "selections") if text(body, "hook") == "order-select" else None
    return HookRequest(
        instance=text(body, "hookInstance") or "",
        patient_id=text(context, "patientId") or "",
        user_id=text(context, "userId") or "",
        fhir_server=text(body, "fhirServer"),
        drafts=tuple(entries_of(drafts)),
        selections=None if selections is None else frozenset(selections),
        prefetch=prefetch if isinstance(prefetch, dict) else {},
        unreadable=unreadable_in(drafts),
    )


def _places(body: Json) -> Iterator[tuple[int, str]]:
    yield from ((id(part), place) for place, part in _objects(body))


def _objects(body: Json) -> Iterator[tuple[str, Json]]:
    """Every JSON object of a body with its path; not recursive, since a body may nest as deep as it parses."""
    waiting: list[tuple[str, Any]] = [("", body)]
    while waiting:
        place, here = waiting.pop()
        if isinstance(here, dict):
            yield place, here
            waiting.extend((f"{place}.{_plain(k)}".lstrip("."), v) for k, v in reversed(here.items()))
        elif isinstance(here, list):
            waiting.extend((f"{place}[{n}]", v) for n, v in reversed(list(enumerate(here))))


def _plain(member: str) -> str:
    """A member's name in a path; one that is no plain name may hold anything."""
    return member if len(member) <= 64 and member.replace("_", "").replace("-", "").isalnum() else "?"
