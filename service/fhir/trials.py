"""What was tried before, and how it ended.

Knows a policy's Questions; which medicine a CodeableConcept is, is asked of `medicine`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from service.case import Trial, Trials
from service.determination import Evidence
from service.fhir.chart import Chart
from service.fhir.companions import medication_of
from service.fhir.conditions import standing_allergies
from service.fhir.elements import Json, Span, child, code_of, codings, flag, items, label, span, text
from service.fhir.medicine import Medication
from service.fhir.outcome import read_outcome
from service.questions import Questions
from service.terminology import Terminology

_REASONS = {
    "MedicationRequest": "statusReason",
    "MedicationStatement": "statusReason",
    "MedicationDispense": "statusReasonCodeableConcept",
}
_FAILED = "failed-treatment"
_NO_RECORD = frozenset({"draft", "entered-in-error"})
_NEVER_TAKEN = frozenset({"cancelled", "not-taken", "intended", "preparation", "declined"})


class _Reason(NamedTuple):
    """A reason that a record names: whether it says failure, and what it says."""

    failed: bool
    said: str


class _Held(NamedTuple):
    """A record of the drug, with its medication and the concepts of that."""

    record: Json
    medication: Medication
    names: frozenset[str]


class _Holding:
    """The records of a chart that hold the drug: found on the first pass through them, remembered for the next."""

    def __init__(self, found: Iterator[_Held]) -> None:
        self._found = found
        self._known: list[_Held] = []

    def __iter__(self) -> Iterator[_Held]:
        yield from self._known
        for held in self._found:
            self._known.append(held)
            yield held


@dataclass(frozen=True, slots=True)
class _Search:
    """One drug looked for in one chart."""

    concept: str
    chart: Chart
    questions: Questions
    terms: Terminology
    on: date
    holding: _Holding

    def names(self, medicine: Json | None) -> frozenset[str]:
        return self.chart.shelf.look(medicine, self.questions, self.terms).concepts

    def says(self, names: frozenset[str]) -> str | None:
        """Why a medicine that holds the drug is not the one looked for; None for another drug, or that one itself."""
        drug, brands = (
            self.questions.drug,
            [p.name for p in self.questions.products if p.concept in names and p.concept != self.concept],
        )
        if drug.ingredient not in names or (self.concept in names and not brands):
            return None
        sought = self.terms.titles.get(self.concept, self.concept).lower()
        if brands:
            return f"is of {' or '.join(brands)}, a brand, which does not count as {sought}"
        others = [self.terms.titles.get(g, g).lower() for g in drug.generics if g in names]
        if others:
            return f"is of {others[0]}, which does not count as {sought}"
        return f"does not say that it was {sought}"


def read_trials(chart: Chart, questions: Questions, terms: Terminology, on: date) -> Mapping[str, Trials]:
    """For each drug that a policy wants tried first: its past on record (reading, sections 7 and 15), and what holds
    the same drug and does not count."""
    holding = _Holding(_held(chart, questions, terms))
    return {c: _trials(_Search(c, chart, questions, terms, on, holding)) for c in sorted(questions.trials)}


def _held(chart: Chart, questions: Questions, terms: Terminology) -> Iterator[_Held]:
    for kind in _REASONS:
        for record in chart.of(kind):
            medication = medication_of(record, chart)
            names = chart.shelf.look(medication.concept, questions, terms).concepts
            if questions.drug.ingredient in names and _recorded(record):
                yield _Held(record, medication, names)


def _trials(search: _Search) -> Trials:
    remarks: list[str] = []
    tried = [*_courses(search, remarks), *_allergies(search, remarks), *_events(search, remarks)]
    return Trials(tuple(tried), tuple(dict.fromkeys(remarks)))


def _courses(search: _Search, remarks: list[str]) -> Iterator[Trial]:
    passed: dict[str, list[str]] = {}
    for record, medication, names in search.holding:
        if why := search.says(names):
            passed.setdefault(why, []).append(search.chart.reference(record))
        elif trial := _course(record, medication, search, remarks):
            yield trial
    for why, records in passed.items():
        more = f" (and {len(records) - 1} more)" if len(records) > 1 else ""
        remarks.append(f"{records[0]}{more} {why}")


def _recorded(record: Json) -> bool:
    return code_of(record.get("status")) not in _NO_RECORD and flag(record, "doNotPerform") is not True


def _course(record: Json, medication: Medication, search: _Search, remarks: list[str]) -> Trial | None:
    where, starts = search.chart.reference(record), _starts(record)
    began = _first(starts)
    if began and began.first > search.on:
        remarks.append(f"{where} is dated after the evaluation and is no past trial")
        return None
    kind = str(record.get("resourceType"))
    reasons = [_read(reason, search.terms) for reason in items(record, _REASONS[kind])]
    failed = next((r.said for r in reasons if r.failed), None)
    if failed is None and code_of(record.get("status")) in _NEVER_TAKEN:
        remarks.append(f"{where} was never taken, by its status, and is no past trial")
        return None
    if not search.chart.sound(record):
        return None
    drug, on = _called(medication.concept, _title(search)), _day(began)
    dates = _dates(record, starts)
    if failed is not None:
        return Trial(True, Evidence(where, f"{kind}.{_REASONS[kind]}", f"{drug}: {failed}", on), dates)
    other = "; ".join(r.said for r in reasons if r.said)
    said = f"{drug}: {other}" if other else f"{drug}, without an outcome"
    return Trial(False, Evidence(medication.reference, medication.path, said, on), dates)


def _read(reason: Json, terms: Terminology) -> _Reason:
    """A code of failed treatment, or a text that says so; a text that denies it takes the code's word away."""
    outcomes = {read_outcome(said) for said in _words(reason)}
    coded = any(_FAILED in terms.concepts(c.system, c.code) for c in codings(reason))
    said = _called(reason, "failed or not tolerated") if coded else label(reason)
    return _Reason("denied" not in outcomes and (coded or "failed" in outcomes), said)


def _words(concept: Json | None) -> list[str]:
    return [said for said in (text(concept, "text"), *(c.display for c in codings(concept))) if said]


def _called(concept: Json | None, name: str) -> str:
    """How people call a CodeableConcept; by `name` where it has nothing but codes."""
    return label(concept) if _words(concept) else f"{name} ({label(concept)})"


def _starts(record: Json) -> tuple[str | None, ...]:
    """When the medicine was ordered, handed over or taken: never the day that a statement was asserted."""
    named = ("authoredOn", "whenHandedOver", "whenPrepared", "effectiveDateTime")
    return (*(text(record, n) for n in named), text(child(record, "effectivePeriod"), "start"))


def _first(whens: Iterable[str | None]) -> Span | None:
    return next((found for found in map(span, whens) if found), None)


def _day(days: Span | None) -> str | None:
    return days.first.isoformat() if days and days.first == days.last else None


def _dates(record: Json, starts: tuple[str | None, ...]) -> str:
    whens = (*starts, text(record, "dateAsserted"))
    began = next((said[:10] for said in whens if said and span(said)), "")
    ended = text(child(record, "effectivePeriod"), "end") or ""
    return f"{began} to {ended[:10]}" if began and span(ended) else began


def _allergies(search: _Search, remarks: list[str]) -> Iterator[Trial]:
    """An allergy coded to the very product rules it out; one to the whole drug does not (reading, section 7)."""
    for record in standing_allergies(search.chart):
        code, where = child(record, "code"), search.chart.reference(record)
        names = search.names(code)
        if search.questions.drug.ingredient not in names:
            continue
        coded = {name for c in codings(code) for name in search.terms.concepts(c.system, c.code)}
        if search.concept in coded and search.says(names) is None and search.questions.drug.ingredient not in coded:
            on = _day(span(text(record, "recordedDate") or text(record, "onsetDateTime")))
            said = f"{_called(code, _title(search))} is ruled out by an allergy or intolerance"
            yield Trial(True, Evidence(where, "AllergyIntolerance.code", said, on), on or "")
        else:
            remarks.append(f"{where} ({label(code)}) is not coded to {_title(search)} alone, and does not count")


def _title(search: _Search) -> str:
    return search.terms.titles.get(search.concept, search.concept).lower()


def _events(search: _Search, remarks: list[str]) -> Iterator[Trial]:
    for event in search.chart.of("AdverseEvent"):
        if code_of(event.get("actuality")) != "actual":
            continue
        where, happened = search.chart.reference(event), span(_when(event))
        for suspect in items(event, "suspectEntity"):
            names = search.names(_suspected(suspect, event, search.chart))
            if why := search.says(names):
                remarks.append(f"{where} {why}")
            elif search.concept not in names:
                continue
            elif _unlikely(suspect):
                remarks.append(f"{where} does not count: the record calls it unlikely that the medicine caused it")
            elif happened and happened.first > search.on:
                remarks.append(f"{where} is dated after the evaluation and does not count")
            else:
                on = _day(happened)
                said = f"Adverse event under {_title(search)}: {label(child(event, 'event')) or 'not described'}"
                yield Trial(True, Evidence(where, "AdverseEvent.suspectEntity.instance", said, on), on or "")
                break


def _when(event: Json) -> str | None:
    return text(event, "date") or text(event, "detected") or text(event, "recordedDate")


def _suspected(suspect: Json, event: Json, chart: Chart) -> Json | None:
    """The medicine of a suspect entity: a Medication, or a record that has one; else how the reference calls it."""
    instance = child(suspect, "instance")
    found = chart.resolve(instance, event)
    if found is None:
        return {"text": text(instance, "display") or ""}
    if found.get("resourceType") in ("Medication", "Substance"):
        return child(found, "code")
    return medication_of({**found, "contained": found.get("contained") or event.get("contained")}, chart).concept


def _unlikely(suspect: Json) -> bool:
    assessed = [child(causality, "assessment") for causality in items(suspect, "causality")]
    return any(word in label(a).lower() for a in assessed for word in ("unlikely", "unrelated", "not related"))
