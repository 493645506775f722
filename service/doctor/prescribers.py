"""The prescriber's specialty: found, or what was seen instead, and by which references it was looked for."""

from __future__ import annotations

from collections.abc import Iterator

from service.doctor.given import Given
from service.doctor.orders import governed
from service.doctor.report import Note
from service.fhir.coded import concepts_in
from service.fhir.elements import Json, child, items, text
from service.fhir.order import evaluated_on
from service.fhir.person import read_prescriber

_MEND = (
    "Send a PractitionerRole whose practitioner is the requester and whose specialty is coded (NUCC or SNOMED CT): "
    "contained in the order with requester '#id', in prefetch under any key, or on fhirServer."
)


def prescribers(given: Given) -> Iterator[Note]:
    """The notes on the prescriber of each governed order."""
    for order, revisions in governed(given):
        specialties = frozenset(s for revision in revisions for s in revision.questions.specialties)
        yield from _of(given, order, specialties)


def _of(given: Given, order: Json, specialties: frozenset[str]) -> Iterator[Note]:
    where, on = given.where(order), evaluated_on(order, given.today)
    found = read_prescriber(order, given.chart, given.office.terms, specialties, on)
    if found.specialties:
        named = ", ".join(dict.fromkeys(s.concept for s in found.specialties))
        yield Note("fine", "specialty", where, f"specialty of the prescriber: {named}")
        return
    seen = "; ".join(_seen(given, order)) or "no PractitionerRole and no Practitioner in the request"
    looked = f"requester {_target(given, order)}; userId {_user(given)}"
    said = f"no specialty that a criterion asks for. Looked for by {looked}. Seen: {seen}"
    yield Note("look", "specialty-none", where, said, _MEND)


def _target(given: Given, order: Json) -> str:
    requester = child(order, "requester")
    if not requester:
        return "(none)"
    if text(requester, "reference") is None:
        return "(without a reference)"
    return f"{given.quotes.reference(text(requester, 'reference'))} ({_sent(given, requester, order)})"


def _user(given: Given) -> str:
    user = given.request.user_id
    return f"{given.quotes.reference(user)} ({_sent(given, {'reference': user}, {})})" if user else "(none)"


def _sent(given: Given, reference: Json, within: Json) -> str:
    return "in the request" if given.chart.resolve(reference, within) is not None else "not in the request"


def _seen(given: Given, order: Json) -> Iterator[str]:
    """The specialties and qualifications of every role and practitioner of the request, as codes."""
    contained = [c for c in items(order, "contained") if isinstance(c.get("resourceType"), str)]
    everyone = [*contained, *given.chart.of("PractitionerRole"), *given.chart.of("Practitioner")]
    for one in everyone:
        if one["resourceType"] == "PractitionerRole":
            concepts = items(one, "specialty")
            by = given.quotes.reference(text(child(one, "practitioner"), "reference"))
            yield f"{given.where(one)} of {by}: {_told(given, concepts) or 'no specialty'}"
        elif one["resourceType"] == "Practitioner":
            concepts = [child(q, "code") for q in items(one, "qualification")]
            yield f"{given.where(one)}: {_told(given, concepts) or 'no qualification'}"


def _told(given: Given, concepts: list[Json]) -> str:
    return ", ".join(_one(given, concept) for concept in concepts)


def _one(given: Given, concept: Json) -> str:
    meant = sorted(concepts_in(concept, given.office.terms))
    said = given.codings(concept) or "words alone"
    return f"{said} ({', '.join(meant)})" if meant else f"{said} (in no list)"
