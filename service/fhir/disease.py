"""The stage and the course of a diagnosis, read off its Condition and off the order's own reason (READING 10, 15).

Knows no policy: which stage or course a criterion wants is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.case import Course, DiagnosisQuestion
from service.determination import Evidence
from service.fhir.elements import Json, child, codings, text
from service.fhir.indication import RELAPSE, joins_relapse
from service.fhir.stage import Staged, stage_in, stage_of
from service.fhir.wording import DOUBTS, outside, runs, tokens
from service.terminology import Terminology

RELAPSED = "relapsed-or-refractory"
REMISSION = "remission"
# FHIR R4, condition-clinical and condition-ver-status. A client's own codes beside them say nothing more.
_KNOWN = frozenset(
    {"active", "recurrence", "relapse", "inactive", "remission", "resolved"}
    | {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
)
_STATUSES: dict[str, Course] = {"relapse": "relapse", "recurrence": "relapse", "remission": "remission"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a diagnosis is told: a Condition (`condition`), or a reason of the order; and how it is cited."""

    concept: Json
    cited: Evidence
    condition: Json | None = None


@dataclass(frozen=True, slots=True)
class Disease:
    """The stage and course as told; null where none is told, or where what is told disagrees."""

    stage: str | None = None
    stage_evidence: tuple[Evidence, ...] = ()
    course: Course | None = None
    course_evidence: tuple[Evidence, ...] = ()
    remission: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


def read_disease(sources: Iterable[Source], asked: DiagnosisQuestion, terms: Terminology) -> Disease:
    """What the sources tell, the Condition first; a Condition's stage and status go before any text."""
    listed = tuple(sources)
    stage, stage_evidence, remarks = _stage(listed, terms)
    course, course_evidence = _course(listed, asked, terms)
    own = [(s, e) for source in listed if source.condition for s, e in _coded(source, terms)]
    remission = tuple(e for s, e in own if s == "remission") if course == "remission" else ()
    return Disease(stage, stage_evidence, course, course_evidence, remission, remarks)


def _stage(listed: tuple[Source, ...], terms: Terminology) -> tuple[str | None, tuple[Evidence, ...], tuple[str, ...]]:
    for source in listed:
        path = "Condition.stage.summary"
        found: Staged | None = stage_of(source.condition, terms) if source.condition else None
        if found is None:
            path = source.cited.path
            found = next((s for s in map(stage_in, texts_of(source.concept)) if s), None)
        if found and found.group:
            cited = source.cited
            return found.group, (Evidence(cited.reference, path, f"Stage {found.group}", cited.date),), ()
        if found:
            return None, (), (f"“{found.says}” on {source.cited.reference} is no stage that could be read surely",)
    return None, (), ()


def _course(
    listed: tuple[Source, ...], asked: DiagnosisQuestion, terms: Terminology
) -> tuple[Course | None, tuple[Evidence, ...]]:
    """Relapse by status or code, before remission by status or code, before a text that says relapse."""
    told = [one for source in listed for one in _coded(source, terms)]
    courses: tuple[Course, ...] = ("relapse", "remission")
    for course in courses:
        if evidence := tuple(e for said, e in told if said == course):
            return course, evidence
    for source in listed:
        if said := next((t for t in texts_of(source.concept) if _says_relapse(t, asked)), None):
            cited = source.cited
            return "relapse", (Evidence(cited.reference, cited.path, said, cited.date),)
    return None, ()


def _coded(source: Source, terms: Terminology) -> list[tuple[Literal["relapse", "remission"], Evidence]]:
    """The courses that a source's clinicalStatus and codes say."""
    cited = source.cited
    statuses = statuses_of(source.condition, "clinicalStatus") if source.condition else ()
    found = [
        (_STATUSES[s], Evidence(cited.reference, "Condition.clinicalStatus", f"{cited.text}: {s}", cited.date))
        for s in statuses
        if s in _STATUSES
    ]
    sets = frozenset[str]().union(*(terms.concepts(c.system, c.code) for c in codings(source.concept)))
    courses: tuple[tuple[str, Course], ...] = ((RELAPSED, "relapse"), (REMISSION, "remission"))
    return found + [(course, cited) for concept, course in courses if concept in sets]


def _says_relapse(said: str, asked: DiagnosisQuestion) -> bool:
    """Whether a text says relapsed, recurrent or refractory, beside nothing that puts it in doubt."""
    words = tokens(said)
    rest = outside([place for name in asked.texts for place in runs(tokens(name), words)], words)
    doubts = [w for n, w in enumerate(rest) if w in DOUBTS | {"remission"} and not joins_relapse(rest, n)]
    return not RELAPSE.isdisjoint(rest) and not doubts and "?" not in said


def texts_of(concept: Json) -> tuple[str, ...]:
    """A concept's own text and its displays."""
    own = text(concept, "text")
    displays = [c.display for c in codings(concept) if c.display]
    return tuple(dict.fromkeys([own, *displays] if own else displays))


def statuses_of(resource: Json, element: str) -> tuple[str, ...]:
    """The codes of a status element in lower case, FHIR's own where there are any, else its text: clients send a
    CodeableConcept, a code or words."""
    found = resource.get(element)
    if isinstance(found, str):
        return (found.strip().lower(),) if found.strip() else ()
    concept = child(resource, element)
    codes = tuple(c.code.lower() for c in codings(concept) if c.code)
    said = text(concept, "text")
    return tuple(code for code in codes if code in _KNOWN) or codes or ((said.lower(),) if said else ())
