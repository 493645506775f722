"""The gate of `fhir.resources`: what decides is validated with the R4B models, element by element that is read.

Only the elements that are read are validated, after repairs that real clients need (objects for lists, stray spaces,
dateTimes without a zone): a fault in a part that nobody reads refuses nothing. Members unknown to R4 are ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_core.fhirabstractmodel import FHIRAbstractModel

FHIRAbstractModel.set_global_model_config(extra="ignore")

from fhir.resources.R4B.condition import Condition  # noqa: E402  (the configuration goes before the models)
from fhir.resources.R4B.medicationrequest import MedicationRequest  # noqa: E402
from fhir.resources.R4B.patient import Patient  # noqa: E402

from service.fhir.elements import Json  # noqa: E402

_CONCEPT, _REFERENCE = "medicationCodeableConcept", "medicationReference"
_MODELS: dict[str, Any] = {"Patient": Patient, "Condition": Condition, "MedicationRequest": MedicationRequest}
_READ = {
    "Patient": ("birthDate", "address"),
    "Condition": (
        "clinicalStatus",
        "verificationStatus",
        "code",
        "stage",
        "recordedDate",
        "onsetDateTime",
    ),
    "MedicationRequest": (
        "status",
        "statusReason",
        "doNotPerform",
        "medicationCodeableConcept",
        "medicationReference",
        "authoredOn",
        "requester",
        "reasonCode",
        "reasonReference",
        "dosageInstruction",
        "dispenseRequest",
    ),
}
# Of a request that is no draft: what it stands as, and what of. (Its dosage is read element by element in any case.)
_RECORDED = ("status", "statusReason", "doNotPerform", "medicationCodeableConcept", "medicationReference", "authoredOn")
_REQUIRED: dict[str, Json] = {
    "Patient": {},
    "Condition": {"subject": {"reference": "Patient/0"}},
    "MedicationRequest": {
        "subject": {"reference": "Patient/0"},
        "status": "unknown",
        "intent": "order",
        _CONCEPT: {"text": "none"},
    },
}
_LISTS = frozenset(
    {
        "address",
        "coding",
        "dayOfWeek",
        "doseAndRate",
        "dosageInstruction",
        "event",
        "line",
        "reasonCode",
        "reasonReference",
        "stage",
        "timeOfDay",
        "when",
        "additionalInstruction",
        "assessment",
    }
)
_DATES = frozenset({"birthDate", "recordedDate", "onsetDateTime", "authoredOn", "start", "end", "event"})
_FHIR_DATE = re.compile(
    r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?",
)
_SKIPPED = frozenset({"extension", "modifierExtension", "meta", "id", "version", "userSelected"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model said: the elements it refused (empty: sound), and what was repaired before asking it."""

    refused: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()


Element = tuple[str, str, str]  # a resource type, the name of an element, its value as sent


def examine(resource: Json, *, drafted: bool = True, sound: set[Element] | None = None) -> Verdict:
    """Validate what is read of a Patient, Condition or MedicationRequest (all that is read of a draft; of one on
    record what it stands as); other types are not validated.

    `sound` holds the elements of a chart that the models took as they were sent; new ones are added. They are not
    asked again: a chart repeats statuses, codes and medications, and no element's soundness hangs on another's."""
    kind = str(resource.get("resourceType"))
    model = _MODELS.get(kind)
    if model is None:
        return Verdict()
    repairs: list[str] = []
    try:
        read = _READ[kind] if drafted or kind != "MedicationRequest" else _RECORDED
        doubtful = _doubtful(resource, read, kind, set() if sound is None else sound)
        picked = {name: _mend(name, resource[name], kind, repairs) for name in doubtful}
        kept = {name: value for name, value in picked.items() if value is not None}
        chosen = _chosen(kept, concept_taken=_CONCEPT in resource and _CONCEPT not in doubtful)
        if chosen:
            model.model_validate({"resourceType": kind, **_required(kind, chosen), **chosen})
        if sound is not None and not repairs:
            sound.update(element for name in chosen if (element := doubtful[name]))
    except Exception as error:  # the library raises KeyError and RecursionError, too: none of them may end the call
        return Verdict(_places(error) or (kind,), tuple(repairs))
    return Verdict((), tuple(repairs))


def _doubtful(resource: Json, read: tuple[str, ...], kind: str, sound: set[Element]) -> dict[str, Element | None]:
    """The elements that the models are to be asked of, and what each is known by."""
    present = {name: resource[name] for name in read if name in resource}
    asked = {name: _element(kind, name, value) for name, value in present.items() if not _in_calendar(name, value)}
    return {name: element for name, element in asked.items() if element not in sound}


def _element(kind: str, name: str, value: Any) -> Element | None:
    """What an element is known by; None for one that nests too deep to be written out."""
    try:
        return kind, name, repr(value)
    except RecursionError:
        return None


def _chosen(kept: Json, *, concept_taken: bool) -> Json:
    """Of both forms of a medication the concept alone, also where it was taken before."""
    passed = _REFERENCE if concept_taken or _CONCEPT in kept else ""
    return {name: value for name, value in kept.items() if name != passed}


def _required(kind: str, chosen: Json) -> Json:
    """What a model requires beside what is asked: one form of the medication (a draft without it yet is read, too)."""
    passed = _CONCEPT if _REFERENCE in chosen else ""
    return {name: value for name, value in _REQUIRED[kind].items() if name != passed}


def _in_calendar(name: str, value: Any) -> bool:
    """Whether an element is a day of the calendar, which the models take of every date and dateTime."""
    if name not in _DATES or not isinstance(value, str) or len(value) != len("2026-01-01"):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _places(error: Exception) -> tuple[str, ...]:
    errors = getattr(error, "errors", None)
    if errors is None:
        return ()
    found = errors(include_input=False, include_url=False, include_context=False)
    return tuple(dict.fromkeys(str(e["loc"][0]) for e in found if e.get("loc")))


def _mend(name: str, value: Any, path: str, repairs: list[str]) -> Any:
    here = f"{path}.{name}"
    if name in _LISTS and not isinstance(value, list):
        repairs.append(f"{here} is no list")
        value = [value]
    if not isinstance(value, list):
        return _mend_one(name, value, here, repairs)
    mended = [_mend_one(name, v, here, repairs) for v in value]
    return [v for v in mended if v is not None] or None


def _mend_one(name: str, value: Any, here: str, repairs: list[str]) -> Any:
    if isinstance(value, dict):
        members = {k: _mend(k, v, here, repairs) for k, v in value.items() if k not in _SKIPPED}
        return {k: v for k, v in members.items() if v is not None} or None
    if name in _DATES:
        return _mend_date(value, here, repairs)
    if isinstance(value, str) and value != value.strip():
        repairs.append(f"{here} has stray spaces")
    return (value.strip() or None) if isinstance(value, str) else value


def _mend_date(value: Any, here: str, repairs: list[str]) -> str | None:
    if isinstance(value, str) and _FHIR_DATE.fullmatch(value):
        return value
    repairs.append(f"{here} is no FHIR date")
    first = value.strip()[:10] if isinstance(value, str) else ""
    return first if _FHIR_DATE.fullmatch(first) else None


_SAMPLES: tuple[Json, ...] = (
    {
        "resourceType": "Patient",
        "birthDate": "1970-01-01",
        "address": [{"use": "home", "state": "IL", "country": "US"}],
    },
    {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "urn:x", "code": "x", "display": "x"}], "text": "x"},
        "stage": [{"summary": {"text": "IA"}}],
        "recordedDate": "2026-01-01",
    },
    {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "medicationCodeableConcept": {"text": "x"},
        "authoredOn": "2026-01-01T00:00:00Z",
        "requester": {"reference": "Practitioner/x"},
        "reasonCode": [{"text": "x"}],
        "reasonReference": [{"reference": "Condition/x"}],
        "dosageInstruction": [
            {
                "text": "x",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}, "code": {"text": "x"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg", "code": "mg"}}],
            }
        ],
        "dispenseRequest": {
            "validityPeriod": {"start": "2026-01-01"},
            "expectedSupplyDuration": {"value": 1, "unit": "d"},
        },
    },
)


def warm() -> None:
    """Pay the models' first-use cost (40 to 80 ms each: element models are imported at first use) at start."""
    for sample in _SAMPLES:
        if refused := examine(sample).refused:
            raise RuntimeError(f"the sample {sample['resourceType']} is refused: {refused}")
