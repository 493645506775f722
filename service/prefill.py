"""What `service.fhir.shown` reads of a chart, as SDC's expressions: an app that fills a form in reads the same from its
EHR. Queries (x-fhir-query) name the resources, FHIRPath picks and tells them.

Knows value sets and no form. A code's membership is one regular expression for each code system: exact codes, and the
roots of subtrees. Only a system's preferred URI is known to it, and no aliases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from service.fhir.elements import Json
from service.questions import Shows
from service.terminology import Terminology
from service.terminology.lookup import ATC, ICD10CM, NDC

_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
_VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
_LAUNCH = "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext"
_OURS = "urn:countersign:"  # systems of words, which no chart codes with
_CONTEXT = (("patient", "Patient", "Patient"), ("user", "User", "Practitioner"))
_PAGE = 200  # records, of which a server may give fewer
_MEDICATIONS = {
    "statements": "MedicationStatement",
    "requests": "MedicationRequest",
    "dispenses": "MedicationDispense",
}

_SOUND = "modifierExtension.empty() and implicitRules.empty()"
_NAME = "({0}.text | {0}.coding.display | {0}.coding.code).first()"
_DAY = "toString().substring(0, 10)"
_AMOUNT = "value.toString() & iif(unit.exists(), unit, code).select(' ' & $this)"
_STAGES = (
    "stage.where(modifierExtension.empty()).summary"
    ".select((text | coding.display | coding.code).first()).join(', ').select(', stage: ' & $this)"
)
_ONE_DOSE = "doseAndRate.dose.ofType(Quantity)"
_RATE = (
    "timing.repeat.where(children().count() = 3 and frequency.exists() and period.exists() and periodUnit.exists())"
    ".select(', ' & frequency.toString() & ' × per ' & period.toString() & ' ' & periodUnit)"
)
_DOSAGES = (
    "dosage.combine(dosageInstruction).where(modifierExtension.empty())"
    f".where(text.exists() or (doseAndRate.count() = 1 and {_ONE_DOSE}.value.exists()))"
    f".select(iif(text.exists(), text, {_ONE_DOSE}.select({_AMOUNT}) & {_RATE}))"
    ".join(', ').select(': ' & $this)"
)
_CONDITION = (
    "%conditions.entry.resource"
    f".where({_SOUND} and verificationStatus.coding.where(code = 'refuted' or code = 'entered-in-error').empty())"
    ".where(code.coding.where({0}).exists())"
    f".select({_NAME.format('code')}"
    " & clinicalStatus.coding.code.first().select(' (' & $this & ')')"
    f" & {_STAGES}"
    " & (onset.ofType(dateTime) | recordedDate).first()"
    f".select(', since ' & {_DAY}))"
)
_MEDICATION = (
    "%statements.entry.resource.combine(%requests.entry.resource).combine(%dispenses.entry.resource)"
    f".where({_SOUND} and status.where($this = 'draft' or $this = 'entered-in-error').empty())"
    ".where(doNotPerform.where($this = true).empty())"
    ".where(medication.coding.where({0}).exists())"
    f".select({_NAME.format('medication')}"
    " & status.select(' (' & $this & ')')"
    " & (effective.ofType(dateTime) | effective.start | authoredOn | whenHandedOver | whenPrepared).first()"
    f".select(', ' & {_DAY})"
    f" & effective.end.select(' to ' & {_DAY})"
    f" & {_DOSAGES})"
)
_MEASURE = (
    "{0}"
    f".select(entry.resource.where({_SOUND}).first())"
    f".where(value.ofType(Quantity).value.exists()).select({_NAME.format('code')}"
    f" & ' ' & value.ofType(Quantity).select({_AMOUNT})"
    " & (effective.ofType(dateTime) | effective.ofType(instant) | effective.start).first()"
    f".select(' (' & {_DAY} & ')'))"
)
_CUT = f"iif(length() > {Shows.LONGEST}, substring(0, {Shows.LONGEST - 2}) & ' …', $this)"
_BORN = "%patient.birthDate.first().select('Date of birth on record: ' & toString())"


def context(shows: Iterable[Shows], terms: Terminology) -> list[Json]:
    """The extensions of a Questionnaire for what its questions show: who it is launched for, and the queries used."""
    wanted = list(shows)
    used = {name: query for one in wanted for name, query in _queries(one, terms)}
    return [*map(_launched, *zip(*_CONTEXT, strict=True)), *map(_variable, used, used.values())] if wanted else []


def initial(shows: tuple[Shows, ...], terms: Terminology) -> list[Json]:
    """The extension of a text item that finds its initial value; none where a chart shows nothing of it."""
    if not shows:
        return []
    told = _combined(_told(one, terms) for one in shows)
    return [_expression(f"{_SDC}initialExpression", "text/fhirpath", f"{told}.join('; ').select({_CUT})")]


def _combined(expressions: Iterable[str]) -> str:
    first, *others = expressions
    return first + "".join(f".combine({one})" for one in others)


def _expression(url: str, language: str, expression: str, name: str | None = None) -> Json:
    named = {"name": name} if name else {}
    return {"url": url, "valueExpression": {**named, "language": language, "expression": expression}}


def _launched(code: str, display: str, kind: str) -> Json:
    coding = {"system": _LAUNCH, "code": code, "display": display}
    return {
        "url": f"{_SDC}launchContext",
        "extension": [{"url": "name", "valueCoding": coding}, {"url": "type", "valueCode": kind}],
    }


def _variable(name: str, query: str) -> Json:
    return _expression(_VARIABLE, "application/x-fhir-query", query, name)


def _queries(shows: Shows, terms: Terminology) -> Iterator[tuple[str, str]]:
    match shows.kind:
        case "condition":
            yield "conditions", _of_patient("Condition", f"_count={_PAGE}")
        case "medication":
            yield from ((name, _of_patient(kind, f"_count={_PAGE}")) for name, kind in _MEDICATIONS.items())
        case "measure":
            for concept in shows.concepts:
                codes = ",".join(f"{system}|{code}" for system, code in sorted(_listed(concept, terms.exact)))
                narrowed = f"code={codes}&status=final,amended,corrected&_sort=-date&_count=1"
                yield _name(concept), _of_patient("Observation", narrowed)
        case "birth-date":
            return
        case _:
            assert_never(shows.kind)


def _of_patient(kind: str, narrowed: str) -> str:
    return f"{kind}?patient={{{{%patient.id}}}}&{narrowed}"


def _told(shows: Shows, terms: Terminology) -> str:
    match shows.kind:
        case "condition":
            return _CONDITION.format(_membership(shows.concepts, terms))
        case "medication":
            return _MEDICATION.format(_membership(shows.concepts, terms))
        case "measure":
            return _MEASURE.format(_combined(f"%{_name(concept)}" for concept in shows.concepts))
        case "birth-date":
            return _BORN
        case _:
            assert_never(shows.kind)


def _name(concept: str) -> str:
    """`body-weight` as a name of FHIRPath: `bodyWeight`."""
    first, *others = concept.split("-")
    return first + "".join(word.capitalize() for word in others)


def _membership(concepts: tuple[str, ...], terms: Terminology) -> str:
    """Whether the coding at hand is of the concepts; those that leave nothing out share a test for each system."""
    left_out = {c for c in concepts if _systems((c,), terms.excluded, terms.excluded_subtree)}
    plain = tuple(c for c in concepts if c not in left_out)
    tests = [test for group in (plain, *((c,) for c in sorted(left_out))) for test in _tests(group, terms)]
    return " or ".join(tests)


def _tests(concepts: tuple[str, ...], terms: Terminology) -> Iterator[str]:
    excluded = _systems(concepts, terms.excluded, terms.excluded_subtree)
    for system, pattern in sorted(_systems(concepts, terms.exact, terms.subtree).items()):
        barred = f" and code.matches('{excluded[system]}').not()" if system in excluded else ""
        yield f"system = '{system}' and code.matches('{pattern}'){barred}"


_Index = Mapping[tuple[str, str], set[str]]


def _systems(concepts: tuple[str, ...], exact: _Index, subtree: _Index) -> dict[str, str]:
    """For each code system the pattern of the codes and roots of concepts; some EHRs send stray spaces around them."""
    spelled: dict[str, set[str]] = {}
    for index, rest in ((exact, ""), (subtree, ".*")):
        for system, code in (found for concept in concepts for found in _listed(concept, index)):
            spelled.setdefault(system, set()).add(_spelled(system, code) + rest)
    return {system: f"^ *({'|'.join(sorted(codes))}) *$" for system, codes in spelled.items()}


def _listed(concept: str, index: _Index) -> Iterator[tuple[str, str]]:
    return (key for key, concepts in index.items() if concept in concepts and not key[0].startswith(_OURS))


def _spelled(system: str, code: str) -> str:
    """A normal form's spellings as a pattern, in which no backslash is needed: ICD-10-CM with or without the dot; an
    NDC hyphenated or not, with or without leading zeros, of any package."""
    match system:
        case _ if system == ICD10CM and len(code) > 3:
            return f"{code[:3]}[.]?{code[3:]}"
        case _ if system == NDC:
            labeler, product = (part.lstrip("0") for part in code.split("-"))
            return f"0*{labeler}-0*{product}(-[0-9]+)?|0*{labeler}0*{product}[0-9][0-9]?"
        case _ if system in (ICD10CM, ATC):
            return code
        case _:
            return re.sub(r"([.+*?()\[\]{}|^$])", r"[\1]", code)
