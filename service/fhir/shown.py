"""What a chart already shows of a question, in words: a plain reading, the same for everyone, that decides nothing.

The form's own expressions (`service.prefill`) read the same in an app that fills it in from the EHR. By these rules:

- condition: each Condition with a coding of the concepts, neither refuted nor entered in error: its name, its clinical
  status in brackets, `, stage:` the names of its stages, `, since` its onset, else when it was recorded.
- medication: each MedicationStatement, MedicationRequest, then MedicationDispense with a coding of the concepts on
  itself, neither a draft nor entered in error, nor a request not to give it: its name, its status in brackets, when it
  began (a statement's effective time, when a request was written, when a dispense was handed over, else prepared) `to`
  when it ended, then its dosages: of each the text, else the one dose that it gives as a quantity, with the rate where
  that is no more than times per period.
- measure: of each concept the newest Observation that is final, amended or corrected: its name, value, unit, and day.
- birth-date: the Patient's, as partial as it is.

A name is the text of a code, else its first display, else its first code. A date is told as written, without its time.
Whatever has a modifier, or is not surely this patient's, is not read (see `Chart.of`); nor is a part that has one.
What is longer than a field takes is cut, and ends in an ellipsis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from service.dose import say
from service.fhir.chart import Chart
from service.fhir.coded import concepts_in
from service.fhir.elements import Json, child, codings, flag, items, number, text
from service.questions import Shows
from service.terminology import Terminology

_REFUSED = frozenset({"refuted", "entered-in-error"})
_NO_RECORD = frozenset({"draft", "entered-in-error"})
_MEASURED = frozenset({"final", "amended", "corrected"})
_MEDICATIONS = ("MedicationStatement", "MedicationRequest", "MedicationDispense")
_DOSAGES = ("dosage", "dosageInstruction")
_RATE = frozenset({"frequency", "period", "periodUnit"})
_BEGAN = ("effectiveDateTime", "authoredOn", "whenHandedOver", "whenPrepared")


def shown(shows: tuple[Shows, ...], chart: Chart, terms: Terminology) -> str | None:
    """What the chart shows, in the order in which it lists it, joined by semicolons; None where it shows nothing."""
    said = "; ".join(said for one in shows for said in _listed(one, chart, terms))
    return (said if len(said) <= Shows.LONGEST else f"{said[: Shows.LONGEST - 2]} …") or None


def _listed(shows: Shows, chart: Chart, terms: Terminology) -> Iterator[str]:
    match shows.kind:
        case "condition":
            yield from _conditions(frozenset(shows.concepts), chart, terms)
        case "medication":
            yield from _medications(frozenset(shows.concepts), chart, terms)
        case "measure":
            for concept in shows.concepts:
                yield from _measure(concept, chart, terms)
        case "birth-date":
            born = text(chart.patient, "birthDate")
            yield from [f"Date of birth on record: {born}"] if born else []
        case _:
            assert_never(shows.kind)


def _conditions(wanted: frozenset[str], chart: Chart, terms: Terminology) -> Iterator[str]:
    for condition, concepts in chart.coded("Condition", terms):
        said = {coding.code for coding in codings(child(condition, "verificationStatus"))}
        if wanted & concepts and not said & _REFUSED:
            status = next((c.code for c in codings(child(condition, "clinicalStatus")) if c.code), None)
            since = text(condition, "onsetDateTime") or text(condition, "recordedDate")
            told = _named(child(condition, "code")) + _bracketed(status) + _staged(condition)
            yield told + (f", since {since[:10]}" if since else "")


def _staged(condition: Json) -> str:
    summaries = (child(stage, "summary") for stage in _unmodified(condition, "stage"))
    named = ", ".join(name for summary in summaries if (name := _named(summary)))
    return f", stage: {named}" if named else ""


def _unmodified(record: Json, name: str) -> Iterator[Json]:
    return (part for part in items(record, name) if not part.get("modifierExtension"))


def _medications(wanted: frozenset[str], chart: Chart, terms: Terminology) -> Iterator[str]:
    for kind in _MEDICATIONS:
        for record in chart.of(kind):
            concept, status = child(record, "medicationCodeableConcept"), text(record, "status")
            real = status not in _NO_RECORD and flag(record, "doNotPerform") is not True
            if real and wanted & concepts_in(concept, terms):
                yield _named(concept) + _bracketed(status) + _lasted(record) + _dosed(record)


def _lasted(record: Json) -> str:
    period = child(record, "effectivePeriod")
    began = text(record, _BEGAN[0]) or text(period, "start")
    began = began or next((said for name in _BEGAN[1:] if (said := text(record, name))), None)
    ended = text(period, "end")
    return (f", {began[:10]}" if began else "") + (f" to {ended[:10]}" if ended else "")


def _dosed(record: Json) -> str:
    dosages = (dosage for name in _DOSAGES for dosage in _unmodified(record, name))
    told = ", ".join(said for dosage in dosages if (said := text(dosage, "text") or _one_dose(dosage)))
    return f": {told}" if told else ""


def _one_dose(dosage: Json) -> str | None:
    given = items(dosage, "doseAndRate")
    amount = _quantity(child(given[0], "doseQuantity")) if len(given) == 1 else None
    return amount and amount + _rate(child(child(dosage, "timing"), "repeat"))


def _rate(repeat: Json) -> str:
    """How often, where nothing else narrows or widens it: days of the week, bounds, or a range of times."""
    frequency, period, unit = number(repeat, "frequency"), number(repeat, "period"), text(repeat, "periodUnit")
    if repeat.keys() != _RATE or frequency is None or period is None or unit is None:
        return ""
    return f", {say(frequency)} × per {say(period)} {unit}"


def _quantity(quantity: Json) -> str | None:
    value, unit = number(quantity, "value"), text(quantity, "unit") or text(quantity, "code")
    return None if value is None else say(value) + (f" {unit}" if unit else "")


def _measure(concept: str, chart: Chart, terms: Terminology) -> Iterator[str]:
    listed = [o for o, found in chart.coded("Observation", terms) if concept in found and _final(o)]
    newest = max(listed, key=lambda o: _observed(o) or "", default=None)
    amount = _quantity(child(newest, "valueQuantity"))
    if newest is not None and amount is not None:
        on = _observed(newest)
        yield f"{_named(child(newest, 'code'))} {amount}" + _bracketed(on and on[:10])


def _final(observation: Json) -> bool:
    return text(observation, "status") in _MEASURED


def _observed(observation: Json) -> str | None:
    told = text(observation, "effectiveDateTime") or text(observation, "effectiveInstant")
    return told or text(child(observation, "effectivePeriod"), "start")


def _named(concept: Json) -> str:
    coded = codings(concept)
    display = next((c.display for c in coded if c.display), None)
    return text(concept, "text") or display or next((c.code for c in coded if c.code), "")


def _bracketed(said: str | None) -> str:
    return f" ({said})" if said else ""
