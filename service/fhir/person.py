"""Who the order is for and who prescribes it: the patient's age, the prescriber's specialties.

Reads the chart's Patient, Practitioner, PractitionerRole; knows no policy. A date of birth never leaves this module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from service.case import Age, Prescriber, Specialty
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.elements import Coding, Json, child, codings, flag, items, label, span, text
from service.fhir.inquiry import split
from service.fhir.wording import tokens
from service.terminology import Terminology
from service.terminology.lookup import NUCC, canonical

WORD = "urn:countersign:specialty-word"
_OTHERS = frozenset({"Organization", "Patient", "RelatedPerson", "Device"})  # requesters without a specialty
_DEGREES = "/v2-0360"
_OLDEST = 130  # completed years; a birth date before that is a placeholder or a mistake


def read_age(chart: Chart, on: date) -> Age | None:
    """Completed years on the evaluation date (reading, sections 5 and 15): a range where the birth date is partial.

    None where there is no birth date, or one that lies in the future or too far back to be a patient's."""
    born = span(text(chart.patient, "birthDate"))
    if chart.patient is None or born is None or born.first > on:
        return None
    least, most = _completed(min(born.last, on), on), _completed(born.first, on)
    if most > _OLDEST:
        return None
    said = f"{least} to {most} years (the birth date on record is partial)" if least != most else _years(least)
    return Age(least, most, Evidence(chart.reference(chart.patient), "Patient.birthDate", said))


def _completed(born: date, on: date) -> int:
    """A birthday on 29 February comes on 1 March of a common year (reading, section 15)."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


class _Place(NamedTuple):
    """A resource, and the one in whose `contained` its local references are, and which evidence names."""

    resource: Json
    container: Json


class _Reference(NamedTuple):
    """A Reference, and the resource whose `contained` its local references mean."""

    element: Json
    within: Json


_ROLES = "PractitionerRole?practitioner="


@dataclass(frozen=True, slots=True)
class _Held:
    """A specialty on record: its CodeableConcept, where it stands, and why it no longer counts. Beside a `degree` only
    words that name a specialty are on record of one."""

    concept: Json
    reference: str
    path: str
    over: str | None
    degree: bool = False


def read_prescriber(order: Json, chart: Chart, terms: Terminology, specialties: frozenset[str], on: date) -> Prescriber:
    """The specialties of the order's requester (reading, sections 6 and 15); the hook's user's only where the order
    has no requester, or nothing is on record of the requester's. `seen` names the others on record."""

    def telling(person: _Reference) -> list[_Held]:
        held = _on_record(*person, chart, on)
        return [one for one in held if not one.degree or _named(one.concept, terms, specialties)]

    requester, user = _Reference(child(order, "requester"), order), _Reference({"reference": chart.user}, {})
    people = [(requester, telling(requester), "")]
    if all(one.over for one in people[0][1]) and not _unanswered(requester, chart):
        people.append((user, telling(user), ", of the user who is signed in"))
    counted: list[Specialty] = []
    seen: list[str] = []
    for person, held, whose in people:
        found = [(one, [] if one.over else _named(one.concept, terms, specialties)) for one in held]
        if not any(named for _, named in found):
            _seek(person, chart)
        counted += [
            Specialty(concept, _evidence(one, coding, terms.titles.get(concept, concept), whose))
            for one, named in found
            for concept, coding in named
        ]
        seen += [_seen(one) for one, named in found if not named and label(one.concept)]
    return Prescriber(tuple(dict.fromkeys(counted)), tuple(dict.fromkeys(seen)))


def _seek(person: _Reference, chart: Chart) -> None:
    """Have a person's own record and roles looked for: a specialty that is not in the chart may be there."""
    if _target(person.element).partition("/")[0] in _OTHERS:
        return
    found = chart.resolve(*person)
    practitioner = person.element
    if found and found.get("resourceType") == "PractitionerRole":
        practitioner = child(found, "practitioner")
        chart.resolve(practitioner, person.within)
    if _target(practitioner).startswith("Practitioner/"):
        chart.inquiry.seek(text(practitioner, "reference") or "", _ROLES)


def _unanswered(person: _Reference, chart: Chart) -> bool:
    """Whether a question about a person's own record or roles failed: what is on record is then not known."""
    found = chart.resolve(*person, seek=False)
    practitioner = child(found, "practitioner") if _is_role(found) else person.element
    own, of_practitioner = (text(one, "reference") or "" for one in (person.element, practitioner))
    asked = chart.inquiry
    return asked.unanswered(own) or asked.unanswered(of_practitioner) or asked.unanswered(of_practitioner, _ROLES)


def _is_role(found: Json | None) -> bool:
    return found is not None and found.get("resourceType") == "PractitionerRole"


def _target(reference: Json) -> str:
    return split(text(reference, "reference") or "")[1]


def _evidence(held: _Held, coding: Coding | None, title: str, whose: str) -> Evidence:
    said = label(held.concept)
    if coding is not None:
        said = f"{coding.display or text(held.concept, 'text') or title} ({coding.code})"
    return Evidence(held.reference, held.path, said + whose)


def _seen(held: _Held) -> str:
    return f"{label(held.concept)} ({held.over})" if held.over else label(held.concept)


def _named(concept: Json, terms: Terminology, specialties: frozenset[str]) -> list[tuple[str, Coding | None]]:
    """The specialties that a CodeableConcept names: by code, else in words (a NUCC code that is not listed is another
    specialty, and so is one marked for review: words do not overrule them)."""
    coded = codings(concept)
    members = [(coding, terms.concepts(coding.system, coding.code)) for coding in coded if coding.code]
    found: list[tuple[str, Coding | None]] = []
    found += [(name, coding) for coding, names in members for name in sorted(names & specialties)]
    if found or any(names for _, names in members) or any(canonical(c.system) == NUCC for c in coded):
        return list({name: (name, coding) for name, coding in reversed(found)}.values())
    words = [said for said in (text(concept, "text"), *(c.display for c in coded)) if said]
    return [(name, None) for name in sorted(specialties) if any(_says(said, name, terms) for said in words)]


def _says(said: str, specialty: str, terms: Terminology) -> bool:
    """Whether every word of a text belongs to a specialty or is neutral ("pediatric"), and one to this specialty."""
    words = [terms.concepts(WORD, word) for word in tokens(said)]
    return all(words) and any(specialty in meant for meant in words)


def _on_record(reference: Json, within: Json, chart: Chart, on: date) -> list[_Held]:
    """What is on record of a practitioner, reached by a Reference to one or to a role (an Organization has none)."""
    if _target(reference).partition("/")[0] in _OTHERS:
        return []
    place = _follow(reference, within, chart)
    kind = place.resource.get("resourceType") if place else "Practitioner"
    own: list[_Place] = []
    if place and kind == "PractitionerRole":
        own, reference, within = [place], child(place.resource, "practitioner"), place.container
    elif kind != "Practitioner":
        return []
    sought = _Reference(reference, within)
    others = [r for r in _roles(within, chart) if _same(_named_by(r), sought, chart)]
    held = [one for role in (*own, *others) for one in _of_role(role, chart, on)]
    return [*held, *_of_person(_follow(reference, within, chart), chart, on)]


def _follow(reference: Json, within: Json, chart: Chart) -> _Place | None:
    found = chart.resolve(reference, within, seek=False)
    if found is None:
        return None
    return _Place(found, within if (text(reference, "reference") or "").startswith("#") else found)


def _roles(within: Json, chart: Chart) -> Iterator[_Place]:
    for role in chart.of("PractitionerRole"):
        yield _Place(role, role)
    for role in items(within, "contained"):
        if role.get("resourceType") == "PractitionerRole":
            yield _Place(role, within)


def _of_role(role: _Place, chart: Chart, on: date) -> Iterator[_Held]:
    over = _over(role.resource, on)
    for specialty in items(role.resource, "specialty"):
        yield _Held(specialty, _stands(role, chart), "PractitionerRole.specialty", over)


def _of_person(place: _Place | None, chart: Chart, on: date) -> Iterator[_Held]:
    if place is None or place.resource.get("resourceType") != "Practitioner":
        return
    for qualification in items(place.resource, "qualification"):
        code = child(qualification, "code")
        systems = [c.system for c in codings(code)]
        degree = bool(systems) and all(_DEGREES in system for system in systems)
        over = _over(place.resource, on) or _over(qualification, on)
        told = {"text": text(code, "text") or ""} if degree else code
        yield _Held(told, _stands(place, chart), "Practitioner.qualification.code", over, degree)


def _stands(place: _Place, chart: Chart) -> str:
    return chart.reference(place.container or place.resource)


def _over(record: Json, on: date) -> str | None:
    """Why a role, a practitioner or a qualification does not count on that day."""
    period = child(record, "period")
    start, end = span(text(period, "start")), span(text(period, "end"))
    if flag(record, "active") is False:
        return "no longer active"
    if end and end.last < on:
        return "has ended"
    return "has not begun" if start and start.first > on else None


def _named_by(role: _Place) -> _Reference:
    return _Reference(child(role.resource, "practitioner"), role.container)


def _same(one: _Reference, other: _Reference, chart: Chart) -> bool:
    """Whether two references point at the same practitioner, also where the chart does not hold it."""
    first, second = chart.resolve(*one, seek=False), chart.resolve(*other, seek=False)
    if first is not None or second is not None:
        return first is second
    left, right = text(one.element, "reference"), text(other.element, "reference")
    if left is None or right is None or left.startswith("#") or right.startswith("#"):
        return False
    (base, key), (other_base, other_key) = split(left), split(right)
    if key != other_key or base == other_base:
        return key == other_key
    return any(_at(x.within, base or other_base, chart) for x in (one, other))


def _at(resource: Json, base: str | None, chart: Chart) -> bool:
    """Whether a resource is one of the server `base`, where its relative references point."""
    kind, identity = resource.get("resourceType"), text(resource, "id")
    return (
        bool(identity) and chart.resolve({"reference": f"{base}/{kind}/{identity}"}, resource, seek=False) is resource
    )
