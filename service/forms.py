"""A form as a FHIR R4 Questionnaire (SDC): a criterion's number is its item's linkId, by which answers are read back.

Knows forms and no order; nothing of a patient is in a Questionnaire. With the value sets it says how an app finds in a
chart what that shows already (`service.prefill`); without, whoever fills it in is on their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote
from uuid import UUID

from service.policy.form import Branch, Choice, Form, Part, Question, questions
from service.prefill import context, initial
from service.terminology import Terminology

Json = dict[str, Any]

_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
_CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
_CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
_CATEGORY = "http://hl7.org/fhir/StructureDefinition/questionnaire-displayCategory"
_CATEGORIES = "http://hl7.org/fhir/questionnaire-display-category"
_DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
_PURPOSE = {"system": "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp", "code": "withpa"}
EXPLAINED = 4000  # characters of a question's details
_CHOICES = "urn:countersign:criterion"


def canonical(form: Form, base: str) -> str:
    """The versioned canonical of a form at a service; `base` is the service's own URL."""
    return f"{_url(form, base)}|{form.policy.document.version}"


def _url(form: Form, base: str) -> str:
    return f"{base}/fhir/Questionnaire/{quote(form.name, safe='')}"


def questionnaire(form: Form, base: str, terms: Terminology | None = None) -> Json:
    """The Questionnaire of a form; given the value sets, with expressions that find initial values in a chart."""
    document = form.policy.document
    reads = context((s for asked in questions(form.parts) for s in asked.shows), terms) if terms else []
    told = f"{document.title}. {form.title}. Questions in our own words, with the policy's numbers."
    profiles = ["sdc-questionnaire", *(["sdc-questionnaire-pop-exp"] if reads else [])]
    return {
        "resourceType": "Questionnaire",
        "id": form.name,
        "meta": {"profile": [f"{_SDC}{profile}" for profile in profiles]},
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(told)}</div>'},
        **({"extension": reads} if reads else {}),
        "url": _url(form, base),
        "version": document.version,
        "name": "PriorAuthorization",
        "title": f"{document.id}, section {form.section}, {form.title}: what is not on record yet",
        "status": "active",
        "subjectType": ["Patient"],
        "date": document.in_force.isoformat(),
        "effectivePeriod": {"start": document.in_force.isoformat()},
        "publisher": "Countersign",
        "description": told,
        "item": [item for part in form.parts for item in _items(part, form, terms)],
    }


def _items(part: Part, form: Form, terms: Terminology | None) -> Iterator[Json]:
    match part:
        case Question():
            yield _question(part, form, terms)
        case Choice():
            yield _choice(part)
            yield from (_branch(branch, part, form, terms) for branch in part.branches)


def _question(asked: Question, form: Form, terms: Terminology | None) -> Json:
    """A criterion with what would document it: yes or no, the reason in words, and a copy."""
    found = initial(asked.shows, terms) if terms else []
    wanted = f"What documents it: {asked.asks}" if asked.asks else asked.says
    told = f"{wanted}. Clause {asked.ref} of {form.policy.document.id}."
    inner: list[Json] = [
        {
            "linkId": asked.ref,
            "type": "boolean",
            "text": asked.question,
            "required": True,
            "item": [_help(asked.ref, told)],
        },
        {
            "linkId": f"{asked.ref}#explanation",
            "type": "text",
            "text": "Details",
            "maxLength": EXPLAINED,
            **({"extension": found} if found else {}),
        },
    ]
    if asked.documents:
        inner.append({"linkId": f"{asked.ref}#document", "type": "attachment", "text": "A copy of the note or result"})
    return {"linkId": f"{asked.ref}#group", "type": "group", "text": f"{asked.ref} {asked.says}", "item": inner}


def _help(ref: str, told: str) -> Json:
    """What stands beside a question. Some renderers know how it is to be shown, others only what it is for."""
    category = {"url": _CATEGORY, "valueCodeableConcept": {"coding": [{"system": _CATEGORIES, "code": "instructions"}]}}
    return {"linkId": f"{ref}#help", "type": "display", "text": told, "extension": [_control("help"), category]}


def _control(code: str) -> Json:
    """How an item is to be shown, of R4's questionnaire-item-control."""
    return {"url": _CONTROL, "valueCodeableConcept": {"coding": [{"system": _CONTROLS, "code": code}]}}


def _choice(asked: Choice) -> Json:
    """Which branch is answered; all are seen at once, since few are offered and each is a sentence."""
    options = [
        {"valueCoding": {"system": _CHOICES, "code": branch.ref, "display": branch.says}} for branch in asked.branches
    ]
    return {
        "linkId": f"{asked.ref}#choice",
        "type": "choice",
        "text": f"Which of these can be documented ({asked.ref})?",
        "required": True,
        "extension": [_control("radio-button")],
        "answerOption": options,
    }


def _branch(branch: Branch, of: Choice, form: Form, terms: Terminology | None) -> Json:
    """A branch is asked where it was chosen."""
    chosen = {"system": _CHOICES, "code": branch.ref}
    return {
        "linkId": f"{branch.ref}#branch",
        "type": "group",
        "text": branch.says,
        "enableWhen": [{"question": f"{of.ref}#choice", "operator": "=", "answerCoding": chosen}],
        "item": [item for part in branch.parts for item in _items(part, form, terms)],
    }


def package(
    form: Form, base: str, subject: str, beside: tuple[str, ...], on: str, terms: Terminology, version: str, draft: UUID
) -> Json:
    """The Bundle of a form: the Questionnaire first, then a response to fill in, about `subject` (a Patient reference)
    and what else it is in the context of (the Coverage and the order). `on` is an instant, `version` DTR's, `draft`
    made for this response alone: it is nowhere yet, and its id is for the server that keeps it to give."""
    asked = questionnaire(form, base, terms)
    response: Json = {
        "resourceType": "QuestionnaireResponse",
        "extension": circumstances(beside, version),
        "questionnaire": canonical(form, base),
        "status": "in-progress",
        "subject": {"reference": subject},
        "authored": on,
    }
    entries = [{"fullUrl": asked["url"], "resource": asked}, {"fullUrl": draft.urn, "resource": response}]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": on, "entry": entries}


def circumstances(beside: Iterable[str], version: str) -> list[Json]:
    """What a response is for, and in whose context (references to the Coverage and the order), as a version of DTR
    has it: 2.2 names Coverages apart."""
    found: list[Json] = []
    for reference in beside:
        apart = version == "2.2" and reference.startswith("Coverage/")
        url = f"{_DTR}{'qr-coverage' if apart else 'qr-context'}"
        found.append({"url": url, "valueReference": {"reference": reference}})
    return [*found, {"url": f"{_DTR}intendedUse", "valueCodeableConcept": {"coding": [_PURPOSE]}}]
