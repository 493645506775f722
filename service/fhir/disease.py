"""The stage and the course of a diagnosis, read off its Condition and off the order's own reason (reading 10, 15).

Knows no policy: which stage or course a criterion wants is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.case import Course
from service.determination import Evidence
from service.fhir.elements import Json, child, codings, text
from service.fhir.relapse import mentions_relapse, says_relapse
from service.fhir.stage import Staged, stage_in, stage_of
from service.fhir.wording import plain
from service.questions import DiagnosisQuestion
from service.terminology import Terminology
from service.terminology.lookup import ICD10CM

RELAPSED = "relapsed-or-refractory"
REMISSION = "remission"
_MEDICINES = "antineoplastic"  # the medicines that a text may name beside the disease
_CODE = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
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
    """The stage and course as told; null where none is told, or where what is told disagrees. `doubtful`: a stage is
    there that could not be read surely; `active`: by its clinicalStatus the Condition is just that."""

    stage: str | None = None
    stage_evidence: tuple[Evidence, ...] = ()
    course: Course | None = None
    course_evidence: tuple[Evidence, ...] = ()
    remission: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()
    doubtful: bool = False
    active: bool = False


def read_disease(sources: Iterable[Source], asked: DiagnosisQuestion, terms: Terminology) -> Disease:
    """What the sources tell, the Condition first; a Condition's stage and status go before any text."""
    listed = tuple(sources)
    stage, stage_evidence, doubts = _stage(listed, asked, terms)
    course, course_evidence, mentions = _course(listed, asked, terms)
    own = [(s, e) for source in listed if source.condition for s, e in _coded(source, terms)]
    remission = tuple(e for s, e in own if s == "remission") if course == "remission" else ()
    active = any("active" in statuses_of(s.condition, "clinicalStatus") for s in listed if s.condition)
    remarks = (*doubts, *mentions)
    return Disease(stage, stage_evidence, course, course_evidence, remission, remarks, bool(doubts), active)


def _stage(
    listed: tuple[Source, ...], asked: DiagnosisQuestion, terms: Terminology
) -> tuple[str | None, tuple[Evidence, ...], tuple[str, ...]]:
    beside = (*_names(asked), *terms.names(_MEDICINES))
    for source in listed:
        path = "Condition.stage.summary"
        found: Staged | None = stage_of(source.condition, terms) if source.condition else None
        if found is None:
            path = source.cited.path
            told = (stage_in(_uncoded(said, asked, terms), beside) for said in texts_of(source.concept))
            found = next((s for s in told if s), None)
        if found and found.group:
            cited = source.cited
            return found.group, (Evidence(cited.reference, path, f"Stage {found.group}", cited.date),), ()
        if found:
            return None, (), (f"“{found.says}” on {source.cited.reference} is no stage that could be read surely",)
    return None, (), ()


def _names(asked: DiagnosisQuestion) -> tuple[str, ...]:
    return (asked.name, *asked.texts, *asked.abbreviations)


def _uncoded(said: str, asked: DiagnosisQuestion, terms: Terminology) -> str:
    """A text with the diagnosis's own ICD-10-CM codes as a plain word; another disease's stay what they are."""
    return _CODE.sub(lambda code: "ICD" if asked.concept in terms.concepts(ICD10CM, code[0]) else code[0], plain(said))


def _course(
    listed: tuple[Source, ...], asked: DiagnosisQuestion, terms: Terminology
) -> tuple[Course | None, tuple[Evidence, ...], tuple[str, ...]]:
    """Relapse by status or code, before remission by status or code, before a text that says relapse; the first source
    that mentions a relapse decides, and every text of it must be plain."""
    told = [one for source in listed for one in _coded(source, terms)]
    courses: tuple[Course, ...] = ("relapse", "remission")
    for course in courses:
        if evidence := tuple(e for said, e in told if said == course):
            return course, evidence, ()
    names, medicines = _names(asked), terms.names(_MEDICINES)
    for source in listed:
        cited = source.cited
        mentions = tuple(filter(mentions_relapse, texts_of(source.concept)))
        doubts = [m for m in mentions if not says_relapse(_uncoded(m, asked, terms), names, medicines)]
        if doubts:
            return None, (), tuple(f"“{m}” on {cited.reference} does not surely say a relapse" for m in doubts)
        if mentions:
            return "relapse", (Evidence(cited.reference, cited.path, mentions[0], cited.date),), ()
    return None, (), ()


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
