"""What an order is for: the diagnoses that it names, else those of the problem list, with their stage and course.

Knows a policy's Questions; decides nothing, and names no diagnosis that it is not sure of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from service.case import Diagnoses, Diagnosis
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.disease import Disease, Source, read_disease, statuses_of
from service.fhir.elements import Json, child, codings, items, label, span, text
from service.fhir.indication import Indication, Indications
from service.questions import DiagnosisQuestion, Questions
from service.terminology import Terminology

_REFUSED = ("refuted", "entered-in-error")
_VERIFIED = frozenset({"confirmed", "provisional", "differential", "unconfirmed"})
_ONGOING = frozenset({"active", "recurrence", "relapse", "remission"})


@dataclass(slots=True)
class _Named:
    """What was found so far, in the order in which it is listed."""

    sources: list[tuple[DiagnosisQuestion, Source]] = field(default_factory=list)
    unlisted: list[Evidence] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    lost: bool = False

    def of(self, asked: DiagnosisQuestion) -> list[Source]:
        return [source for other, source in self.sources if other is asked]

    def add(self, found: Indication, concept: Json, cited: Evidence, condition: Json | None = None) -> None:
        self.remarks.extend(r for r in found.remarks if r not in self.remarks)
        for asked in found.listed:
            said = Evidence(cited.reference, cited.path, _says(concept, asked), cited.date)
            self.sources.append((asked, Source(concept, said, condition)))
        if found.other:
            self.unlisted.append(cited)
        if not found.says:
            self.remarks.append(f"{cited.reference} names no diagnosis in its {cited.path.split('.')[-1]}")


def read_diagnoses(
    order: Json,
    chart: Chart,
    *,
    on: date,
    questions: Questions,
    terms: Terminology,
    reader: Reader | None = None,
) -> Diagnoses:
    """The candidate diagnoses, as the order lists them (reading 4, 10, 15); from the problem list only where the
    order names none: a reason that it refers to and that cannot be read is named, though not known, and nothing is
    inferred in its place. A Condition without clinicalStatus that ended by `on` names nothing. The orders of a request
    share a `reader`."""
    reader = reader or Reader(chart, on, questions, terms)
    named = reader.of_order(order)
    inferred = not (named.sources or named.unlisted or named.lost)
    if inferred:
        found = reader.of_problem_list()
        named = _Named(found.sources, [], [*named.remarks, *found.remarks])
    asked = tuple(dict.fromkeys(question for question, _ in named.sources))
    return Diagnoses(
        candidates=tuple(reader.diagnosis(q, named.of(q), inferred) for q in asked),
        unlisted=tuple(named.unlisted),
        inferred=inferred and bool(asked),
        remarks=tuple(dict.fromkeys(named.remarks)),
    )


class Reader:
    """Reads orders' diagnoses off one chart as of one day; what the chart's own Conditions name is read once."""

    def __init__(self, chart: Chart, on: date, questions: Questions, terms: Terminology) -> None:
        self._chart = chart
        self._on = on
        self._terms = terms
        self._indications = Indications(questions, terms)
        self._named: dict[int, Indication] = {}
        self._listed: dict[str, list[Source]] = {}

    def of_order(self, order: Json) -> _Named:
        """What the order's references and reasons name; every one of them counts."""
        named = _Named()
        for element in ("reasonReference", "reasonCode"):
            if element in self._chart.refused(order):
                named.lost = True
                named.remarks.append(f"The order's {element} could not be read whole")
        for reference in items(order, "reasonReference"):
            self._by_reference(reference, order, named)
        own = self._chart.reference(order)
        for concept in items(order, "reasonCode"):
            found = self._indications.of(concept)
            named.add(found, concept, Evidence(own, "MedicationRequest.reasonCode", label(concept), None))
        return named

    def _by_reference(self, reference: Json, order: Json, named: _Named) -> None:
        condition = self._chart.resolve(reference, order)
        said = text(reference, "display") or text(reference, "reference") or "without a target"
        if condition is None:
            named.lost = True
            why = self._chart.inquiry.lost(text(reference, "reference") or "")
            because = f": {why}" if why else ""
            named.remarks.append(f"The reason that the order refers to ({said}) could not be had{because}")
        elif condition.get("resourceType") != "Condition":
            named.remarks.append(f"The order's reason {self._chart.reference(condition)} is no Condition")
        elif why := self._refused(condition):
            named.remarks.append(f"{self._names(condition)} {why} and names no diagnosis")
        elif not self._chart.sound(condition):
            named.lost = True
        else:
            named.add(self._indication(condition), child(condition, "code"), self._cited(condition), condition)

    def _refused(self, condition: Json) -> str | None:
        """Why a Condition that the order refers to is no diagnosis: only its verificationStatus takes it away."""
        statuses = statuses_of(condition, "verificationStatus")
        if taken := next((s for s in statuses if s in _REFUSED), None):
            return f"is {taken}"
        return None if _VERIFIED.issuperset(statuses) else f"has the verification status “{statuses[0]}”"

    def of_problem_list(self) -> _Named:
        """What the patient's ongoing and confirmed Conditions name; other diagnoses there are no reason to refer."""
        named = _Named()
        for condition in self._chart.of("Condition"):
            found = self._indication(condition)
            why = self._left_out(condition)
            if found.listed and why:
                named.remarks.append(f"{self._names(condition)} {why} and was not taken from the problem list")
            elif not why and (found.review or found.mentions or (found.other and found.remarks)):
                named.remarks.extend(found.remarks)
            elif found.listed and self._chart.sound(condition):
                named.add(found, child(condition, "code"), self._cited(condition), condition)
        if why := self._chart.lacking("Condition"):
            named.remarks.append(f"The problem list could not be read whole: {why}")
        return named

    def _left_out(self, condition: Json) -> str | None:
        if why := self._unconfirmed(condition):
            return why
        statuses = statuses_of(condition, "clinicalStatus")
        if not _ONGOING.issuperset(statuses):
            return f"is {next(s for s in statuses if s not in _ONGOING)}"
        ended = span(condition.get("abatementDateTime"))
        return "has ended" if not statuses and ended and ended.last <= self._on else None

    def _unconfirmed(self, condition: Json) -> str | None:
        """Why a Condition of the problem list tells no diagnosis, stage or course: it must be confirmed, or silent."""
        other = [s for s in statuses_of(condition, "verificationStatus") if s != "confirmed"]
        return f"is {other[0]}" if other else None

    def diagnosis(self, asked: DiagnosisQuestion, sources: list[Source], inferred: bool) -> Diagnosis:
        """One candidate: its evidence merged, its stage and course off the Condition chosen, then the order's text."""
        reasons = [s for s in sources if s.condition is None]
        referred = [] if inferred else [s for s in sources if s.condition is not None]
        # Of a problem list that was not read whole the newest Condition is not known.
        listed = [] if self._chart.cut("Condition") else self._on_problem_list(asked)
        chosen = _newest(referred or listed)
        disease = _agreed(
            [read_disease([c, *reasons], asked, self._terms) for c in chosen]
            or [read_disease(reasons, asked, self._terms)]
        )
        return Diagnosis(
            indication=asked.concept,
            name=asked.name,
            evidence=tuple(dict.fromkeys(s.cited for s in sources)),
            stage=disease.stage,
            stage_evidence=disease.stage_evidence,
            course=disease.course,
            course_evidence=disease.course_evidence,
            remission=disease.remission,
            remarks=disease.remarks,
        )

    def _on_problem_list(self, asked: DiagnosisQuestion) -> list[Source]:
        if asked.concept not in self._listed:
            self._listed[asked.concept] = self._conditions(asked)
        return self._listed[asked.concept]

    def _conditions(self, asked: DiagnosisQuestion) -> list[Source]:
        """The confirmed Conditions of a diagnosis on the problem list, whatever their clinicalStatus."""
        named = [c for c in self._chart.of("Condition") if asked in self._indication(c).listed]
        sound = [c for c in named if not self._unconfirmed(c) and self._chart.sound(c)]
        return [Source(child(c, "code"), self._cited(c, asked), c) for c in sound]

    def _indication(self, condition: Json) -> Indication:
        if id(condition) not in self._named:
            self._named[id(condition)] = self._indications.of(child(condition, "code"))
        return self._named[id(condition)]

    def _cited(self, condition: Json, asked: DiagnosisQuestion | None = None) -> Evidence:
        concept = child(condition, "code")
        said = _says(concept, asked) if asked else label(concept)
        return Evidence(self._chart.reference(condition), "Condition.code", said, _dated(condition)[0])

    def _names(self, condition: Json) -> str:
        said = label(child(condition, "code"))
        return f"{self._chart.reference(condition)} ({said})" if said else self._chart.reference(condition)


def _says(concept: Json, asked: DiagnosisQuestion) -> str:
    """A concept in words; a bare code takes the name of the diagnosis that it names."""
    if text(concept, "text") or any(c.display for c in codings(concept)):
        return label(concept)
    return f"{asked.name[:1].upper()}{asked.name[1:]} ({label(concept)})"


def _dated(condition: Json) -> tuple[str | None, date]:
    """When a Condition was recorded, else began: as it says it (a partial date stays partial), and its first day."""
    for element in ("recordedDate", "onsetDateTime"):
        if found := span(condition.get(element)):
            return str(condition[element])[:10], found.first
    return None, date.min


def _newest(sources: list[Source]) -> list[Source]:
    """The newest Condition; several where their dates are the same."""
    dated = [(s, _dated(s.condition)[1]) for s in sources if s.condition]
    newest = max((day for _, day in dated), default=date.min)
    return [s for s, day in dated if day == newest]


def _agreed(told: list[Disease]) -> Disease:
    """What Conditions of the same date tell together: silence disagrees with nothing, and nothing is told where they
    disagree, or where one says what cannot be read beside another's stage, or is active beside a remission."""
    stages = {one.stage for one in told if one.stage}
    courses = {one.course for one in told if one.course}
    remarks = tuple(dict.fromkeys(r for one in told for r in one.remarks))
    unread = bool(stages) and any(one.doubtful for one in told)
    ended = "remission" in courses and any(one.active and not one.course for one in told)
    if len(stages) > 1 or len(courses) > 1 or unread or ended:
        remark = "Conditions of the same date disagree on the stage or the course, and neither was used"
        return Disease(remarks=(*remarks, remark))
    return Disease(
        stage=next(iter(stages), None),
        stage_evidence=_merged(one.stage_evidence for one in told),
        course=next(iter(courses), None),
        course_evidence=_merged(one.course_evidence for one in told),
        remission=_merged(one.remission for one in told),
        remarks=remarks,
    )


def _merged(told: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence for each in told for evidence in each))
