"""What FHIR R4, SDC and Da Vinci DTR 2.2 and 2.0.1 ask of a form, an answer to it and a package: a second opinion.

Knows nothing of the service's own code. A fault reads `rule: where and what`, the rule by the standard's id where it
has one. `digest` is our digest of the Da Vinci guides, by its sections. CQL is left out on purpose: no rule asks it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from pydantic import BaseModel, ValidationError

from tests.crd_rules import empties, entries, is_code, is_moment, is_number, is_period, members, objects, worded

Json = dict[str, Any]

CORE = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
LAUNCH_CONTEXT, VARIABLE = f"{SDC}launchContext", f"{CORE}variable"
INITIAL_EXPRESSION, ITEM_CONTROL = f"{SDC}initialExpression", f"{CORE}questionnaire-itemControl"
QR_CONTEXT, QR_COVERAGE = f"{DTR}qr-context", f"{DTR}qr-coverage"
DISPLAY_CATEGORY = f"{CORE}questionnaire-displayCategory"
INTENDED_USE, ORIGIN = f"{DTR}intendedUse", f"{DTR}information-origin"
COMPLETION_TIME, AUDIENCE = f"{DTR}estimated-completion-time", f"{DTR}questionnaireAudience"
CODES_OF_CRD = ("temp", "coverage-information-codes")

# Item types of R4, and what an answer, an initial value and a condition of each may be.
ANSWERS: dict[str, tuple[str, ...]] = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal",),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri",),
    "choice": ("valueCoding",),
    "open-choice": ("valueCoding", "valueString"),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
}
CHOICES = ("choice", "open-choice")
OPTIONS = ("valueInteger", "valueDate", "valueTime", "valueString", "valueCoding", "valueReference")
ITEM_TYPES = ("group", "display", *ANSWERS)
WITH_LENGTH = ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")
FORM_STATUS = ("draft", "active", "retired", "unknown")
RESPONSE_STATUS = ("in-progress", "completed", "amended", "entered-in-error", "stopped")
OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")

# The SDC names of what is in context at launch, each with the types that it may be (sdc-lcext-1).
LAUNCH_SYSTEM = "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext"
LAUNCH_TYPES: dict[str, tuple[str, ...]] = {
    "patient": ("Patient",),
    "encounter": ("Encounter",),
    "location": ("Location",),
    "user": ("Patient", "Practitioner", "PractitionerRole", "Organization", "RelatedPerson", "Device"),
    "study": ("ResearchStudy",),
}
LANGUAGES = ("text/fhirpath", "application/x-fhir-query", "text/cql", "text/cql-expression", "text/cql-identifier")
# Names that FHIRPath in FHIR and SDC give of themselves.
GIVEN = (
    *("resource", "rootResource", "context", "questionnaire", "qitem", "ucum", "sct", "loinc"),
    *("factory", "terminologies", "server"),
)
CATEGORIES = "http://hl7.org/fhir/questionnaire-display-category"
CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
CONTROLS_OF: dict[str, tuple[str, ...]] = {
    "group": (
        *("group", "list", "table", "htable", "gtable", "atable", "grid", "header", "footer", "page"),
        "tab-container",
    ),
    "display": ("text", "inline", "prompt", "unit", "lower", "upper", "flyover", "help"),
    "question": (
        *("question", "autocomplete", "drop-down", "check-box", "lookup", "radio-button", "slider", "spinner"),
        "text-box",
    ),
}


@dataclass(frozen=True, slots=True)
class Known:
    """An extension: where it may stand (the form, an item or both), its value, how often it may stand there."""

    places: tuple[str, ...]
    value: str | None
    once: bool = True


EXTENSIONS: dict[str, Known] = {
    LAUNCH_CONTEXT: Known(("form",), None, once=False),
    VARIABLE: Known(("form", "item"), "valueExpression", once=False),
    INITIAL_EXPRESSION: Known(("item",), "valueExpression"),
    f"{SDC}calculatedExpression": Known(("item",), "valueExpression"),
    f"{SDC}candidateExpression": Known(("item",), "valueExpression"),
    f"{SDC}enableWhenExpression": Known(("item",), "valueExpression"),
    f"{SDC}itemPopulationContext": Known(("form", "item"), "valueExpression", once=False),
    f"{SDC}entryMode": Known(("form",), "valueCode"),
    f"{SDC}shortText": Known(("item",), "valueString"),
    ITEM_CONTROL: Known(("item",), "valueCodeableConcept"),
    DISPLAY_CATEGORY: Known(("item",), "valueCodeableConcept"),
    f"{CORE}questionnaire-hidden": Known(("item",), "valueBoolean"),
    f"{CORE}questionnaire-supportLink": Known(("item",), "valueUri"),
    f"{CORE}questionnaire-choiceOrientation": Known(("item",), "valueCode"),
    f"{CORE}questionnaire-minOccurs": Known(("item",), "valueInteger"),
    f"{CORE}questionnaire-maxOccurs": Known(("item",), "valueInteger"),
    f"{CORE}minLength": Known(("item",), "valueInteger"),
    f"{CORE}maxSize": Known(("item",), "valueDecimal"),
    f"{CORE}mimeType": Known(("item",), "valueCode", once=False),
    f"{CORE}entryFormat": Known(("item",), "valueString"),
    f"{CORE}cqf-library": Known(("form",), "valueCanonical", once=False),
    f"{DTR}request-specific": Known(("form",), "valueBoolean"),
    AUDIENCE: Known(("form",), "valueCode"),
    COMPLETION_TIME: Known(("form",), None),
}
# DTR's base profile has none of these (dtr-base-questionnaire, 0..0).
NEVER = (f"{SDC}endpoint", f"{SDC}assemble-expectation", f"{SDC}optionalDisplay")


# The shapes of values.


def identity(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", value))


def name_of_fhirpath(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value))


def absolute(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"(https?://[^\s/|#]+|urn:(uuid|oid):)[^\s|#]*", value))


def versioned(value: object) -> bool:
    url, bar, version = value.partition("|") if isinstance(value, str) else ("", "", "")
    return absolute(url) and bool(bar) and bool(re.fullmatch(r"[^\s|#]+", version))


def refers_to(value: object) -> str | None:
    """The type that a literal reference names, relative or absolute; None where it is none. (A contained one: '#'.)"""
    reference = members(value).get("reference")
    if not isinstance(reference, str):
        return None
    if re.fullmatch(r"#[A-Za-z0-9.-]{1,64}", reference):
        return "#"
    form = r"(?:https?://[^\s?#]+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
    found = re.fullmatch(form, reference)
    return found.group(1) if found else None


IS: dict[str, Callable[[object], bool]] = {
    "valueBoolean": lambda value: isinstance(value, bool),
    "valueInteger": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "valueDecimal": is_number,
    "valueString": worded,
    "valueCode": is_code,
    "valueUri": worded,
    "valueCanonical": worded,
}

# The members of the elements of R4, for a value[x] by its stem. The models do not tell: whether they refuse unknown
# members is a setting of the whole process.
ELEMENT = ("id", "extension")
BACKBONE = (*ELEMENT, "modifierExtension")
RESOURCE = (*BACKBONE, "resourceType", "meta", "implicitRules", "language", "text", "contained")
MEMBERS: dict[str, tuple[str, ...]] = {
    "Questionnaire": (
        *(*RESOURCE, "url", "identifier", "version", "name", "title", "derivedFrom", "status", "experimental"),
        *("subjectType", "date", "publisher", "contact", "description", "useContext", "jurisdiction", "purpose"),
        *("copyright", "approvalDate", "lastReviewDate", "effectivePeriod", "code", "item"),
    ),
    "Questionnaire.item": (
        *(*BACKBONE, "linkId", "definition", "code", "prefix", "text", "type", "enableWhen", "enableBehavior"),
        *("required", "repeats", "readOnly", "maxLength", "answerValueSet", "answerOption", "initial", "item"),
    ),
    "Questionnaire.item.enableWhen": (*BACKBONE, "question", "operator", "answer[x]"),
    "Questionnaire.item.answerOption": (*BACKBONE, "initialSelected", "value[x]"),
    "Questionnaire.item.initial": (*BACKBONE, "value[x]"),
    "QuestionnaireResponse": (
        *(*RESOURCE, "identifier", "basedOn", "partOf", "questionnaire", "status", "subject", "encounter"),
        *("authored", "author", "source", "item"),
    ),
    "QuestionnaireResponse.item": (*BACKBONE, "linkId", "definition", "text", "answer", "item"),
    "QuestionnaireResponse.item.answer": (*BACKBONE, "item", "value[x]"),
    "Bundle": (
        *("resourceType", "id", "meta", "implicitRules", "language", "identifier", "type", "timestamp", "total"),
        *("link", "entry", "signature"),
    ),
    "Bundle.entry": (*BACKBONE, "link", "fullUrl", "resource", "search", "request", "response"),
}
INNER = {  # what an element's members are, where they are elements of the table
    ("Questionnaire", "item"): "Questionnaire.item",
    ("Questionnaire.item", "item"): "Questionnaire.item",
    ("QuestionnaireResponse", "item"): "QuestionnaireResponse.item",
    ("QuestionnaireResponse.item", "item"): "QuestionnaireResponse.item",
    ("QuestionnaireResponse.item.answer", "item"): "QuestionnaireResponse.item",
}


def strangers(element: Json, kind: str = "") -> Iterator[str]:
    """Members that an element of R4 does not have."""
    kind = kind or str(element.get("resourceType"))
    known = MEMBERS.get(kind, ())
    for name, member in element.items():
        plain = name.removeprefix("_")
        if known and plain not in known and re.sub(r"^(value|answer)[A-Z]\w*$", r"\1[x]", plain) not in known:
            yield f"{name} in {kind}"
        inner = INNER.get((kind, name), f"{kind}.{name}")
        for one in objects(member) if inner in MEMBERS else []:
            yield from strangers(one, inner)


def nodes(value: object, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of a JSON value, with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, member in value.items():
            yield from nodes(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from nodes(entry, f"{path}[{number}]")


def values_of(element: Json, stem: str = "value") -> list[str]:
    return [name for name in element if re.fullmatch(rf"{stem}[A-Z]\w*", name)]


def extensions(element: object, url: str) -> list[Json]:
    return [one for one in objects(members(element).get("extension")) if one.get("url") == url]


def doubled(found: Iterable[object]) -> list[str]:
    return sorted(name for name, count in Counter(map(repr, found)).items() if count > 1)


def link(item: object) -> str:
    return str(members(item).get("linkId"))


def codes(coding: object) -> tuple[str, str]:
    return str(members(coding).get("system")), str(members(coding).get("code"))


def base_faults(model: type[BaseModel], resource: object) -> Iterator[str]:
    """What the models of R4 have against a resource."""
    try:
        model.model_validate(resource)
    except ValidationError as error:
        for one in error.errors():
            yield f"{'.'.join(map(str, one['loc']))} {one['msg']}"


# A Questionnaire and its items.


@dataclass(frozen=True)
class Item:
    """One item of a Questionnaire, with the items that it stands in (outermost first)."""

    json: Json
    within: tuple[Item, ...] = ()

    @property
    def link(self) -> str:
        return link(self.json)

    @property
    def type(self) -> str:
        return str(self.json.get("type"))

    @property
    def question(self) -> bool:
        return self.type in ANSWERS

    @property
    def repeats(self) -> bool:
        return self.json.get("repeats") is True

    def has(self, name: str) -> bool:
        return name in self.json or f"_{name}" in self.json

    @cached_property
    def children(self) -> list[Item]:
        return [Item(one, (*self.within, self)) for one in objects(self.json.get("item"))]

    @property
    def options(self) -> list[Json]:
        return objects(self.json.get("answerOption"))

    @property
    def answers(self) -> tuple[str, ...]:
        """What its answers may hold: a choice also what its options hold."""
        chosen = (name for one in self.options for name in values_of(one)) if self.type in CHOICES else ()
        return (*ANSWERS.get(self.type, ()), *(name for name in chosen if name in OPTIONS))

    @property
    def conditions(self) -> list[Json]:
        return objects(self.json.get("enableWhen"))


def all_of(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from all_of(item.children)


@dataclass(frozen=True)
class Form:
    """A Questionnaire, to be judged by one version of DTR."""

    json: Json
    version: str

    @cached_property
    def top(self) -> list[Item]:
        return [Item(one) for one in objects(self.json.get("item"))]

    @cached_property
    def items(self) -> list[Item]:
        return list(all_of(self.top))

    def item(self, named: object) -> Item | None:
        return next((one for one in self.items if one.json.get("linkId") == named), None)


# Rules of one item. Each tells what is wrong; the item's linkId is put before it.


def type_of_item(item: Item, _: Form) -> Iterator[str]:
    if item.type not in ITEM_TYPES:
        yield f"there is no type {item.type}"


def link_of_item(item: Item, _: Form) -> Iterator[str]:
    given = item.json.get("linkId")
    if not worded(given) or str(given).strip() != given:
        yield f"linkId {given!r}"


def que_1(item: Item, _: Form) -> Iterator[str]:
    if item.type == "group" and not item.children:
        yield "a group without items"
    if item.type == "display" and item.has("item"):
        yield "a display with items"


def que_3(item: Item, _: Form) -> Iterator[str]:
    if item.type == "display" and item.has("code"):
        yield "a display with a code"


def que_4(item: Item, _: Form) -> Iterator[str]:
    if item.has("answerOption") and item.has("answerValueSet"):
        yield "options and a value set"


def que_5(item: Item, _: Form) -> Iterator[str]:
    if item.type not in CHOICES and item.has("answerValueSet"):
        yield f"a value set on {item.type}"


def que_6(item: Item, _: Form) -> Iterator[str]:
    yield from (f"a display with {n}" for n in ("required", "repeats") if item.type == "display" and item.has(n))


def que_7(item: Item, _: Form) -> Iterator[str]:
    for one in item.conditions:
        if one.get("operator") == "exists" and not isinstance(one.get("answerBoolean"), bool):
            yield "exists is compared with a boolean"


def que_8(item: Item, _: Form) -> Iterator[str]:
    if not item.question and item.has("initial"):
        yield f"a {item.type} with an initial value"


def que_9(item: Item, _: Form) -> Iterator[str]:
    if item.type == "display" and item.has("readOnly"):
        yield "a display with readOnly"


def que_10(item: Item, _: Form) -> Iterator[str]:
    if item.type not in WITH_LENGTH and item.has("maxLength"):
        yield f"maxLength on {item.type}"


def que_11(item: Item, _: Form) -> Iterator[str]:
    if item.has("answerOption") and item.has("initial"):
        yield "options and an initial value"


def que_12(item: Item, _: Form) -> Iterator[str]:
    if len(item.conditions) > 1 and not item.has("enableBehavior"):
        yield "several conditions and no enableBehavior"


def que_13(item: Item, _: Form) -> Iterator[str]:
    if len(entries(item.json.get("initial"))) > 1 and not item.repeats:
        yield "several initial values of one answer"


def behavior(item: Item, _: Form) -> Iterator[str]:
    if item.has("enableBehavior") and item.json.get("enableBehavior") not in ("all", "any"):
        yield f"enableBehavior {item.json.get('enableBehavior')!r}"


def length(item: Item, _: Form) -> Iterator[str]:
    given = item.json.get("maxLength", 1)
    if not IS["valueInteger"](given) or given < 1:
        yield f"maxLength {given!r}"


def options_on_choices(item: Item, _: Form) -> Iterator[str]:
    if item.type not in CHOICES and item.has("answerOption"):
        yield f"options on {item.type}"


def options_to_choose(item: Item, _: Form) -> Iterator[str]:
    """dtrq-2: a choice has something to choose from."""
    told = item.options or worded(item.json.get("answerValueSet")) or extensions(item.json, f"{SDC}answerExpression")
    if item.type in CHOICES and not told:
        yield f"a {item.type} without options"


def option_value(item: Item, _: Form) -> Iterator[str]:
    for one in item.options:
        found = values_of(one)
        if len(found) != 1 or found[0] not in OPTIONS:
            yield f"an option holds {found}"
        elif found == ["valueCoding"] and not worded(members(one["valueCoding"]).get("code")):
            yield "an option without code"


def option_display(item: Item, _: Form) -> Iterator[str]:
    """What is chosen from is shown by its display."""
    for one in item.options:
        if "valueCoding" in one and not worded(members(one["valueCoding"]).get("display")):
            yield f"option {codes(one['valueCoding'])[1]} without display"


def option_distinct(item: Item, _: Form) -> Iterator[str]:
    coded = [codes(one["valueCoding"]) for one in item.options if "valueCoding" in one]
    others = [one[name] for one in item.options for name in values_of(one) if name != "valueCoding"]
    yield from (f"option {one} twice" for one in (*doubled(coded), *doubled(others)))


def initial_selected(item: Item, _: Form) -> Iterator[str]:
    chosen = [one for one in item.options if one.get("initialSelected") is True]
    if len(chosen) > 1 and not item.repeats:
        yield "several options are selected"


def initial_value(item: Item, _: Form) -> Iterator[str]:
    for one in objects(item.json.get("initial")):
        found = values_of(one)
        if item.question and (len(found) != 1 or found[0] not in item.answers):
            yield f"a {item.type} begins with {found}"


def initial_length(item: Item, _: Form) -> Iterator[str]:
    most = item.json.get("maxLength")
    for one in objects(item.json.get("initial")):
        text = one.get("valueString")
        if isinstance(most, int) and isinstance(text, str) and len(text) > most:
            yield f"begins with {len(text)} characters of {most}"


def unit_of_quantity(item: Item, _: Form) -> Iterator[str]:
    """dtrq-3: a quantity tells its units."""
    units = (f"{CORE}questionnaire-{name}" for name in ("unit", "unitOption", "unitValueSet"))
    if item.type == "quantity" and not any(extensions(item.json, url) for url in units):
        yield "a quantity without units"


def kind_of_reference(item: Item, _: Form) -> Iterator[str]:
    if item.type == "reference" and not extensions(item.json, f"{CORE}questionnaire-referenceResource"):
        yield "a reference to anything"


def text_of_item(item: Item, _: Form) -> Iterator[str]:
    """dtr-base-questionnaire, item.text 1..1 (digest 3.2)."""
    if not worded(item.json.get("text")):
        yield "no text"


# Conditions: their target, its type, what it is compared with.


def condition_operator(item: Item, _: Form) -> Iterator[str]:
    for one in item.conditions:
        if one.get("operator") not in OPERATORS:
            yield f"operator {one.get('operator')!r}"


def condition_target(item: Item, form: Form) -> Iterator[str]:
    for one in item.conditions:
        if form.item(one.get("question")) is None:
            yield f"there is no question {one.get('question')}"


def condition_of_question(item: Item, form: Form) -> Iterator[str]:
    for one in item.conditions:
        target = form.item(one.get("question"))
        if target and not target.question:
            yield f"{target.link} is a {target.type}"


def condition_before(item: Item, form: Form) -> Iterator[str]:
    """A form is read from its top: what decides is asked before what it opens (our own rule; R4 would look on)."""
    place = {id(one.json): number for number, one in enumerate(form.items)}
    for one in item.conditions:
        target = form.item(one.get("question"))
        if target and place[id(target.json)] >= place[id(item.json)]:
            yield f"{target.link} does not come before"


def condition_type(item: Item, form: Form) -> Iterator[str]:
    for one in item.conditions:
        target, found = form.item(one.get("question")), values_of(one, "answer")
        if len(found) != 1:
            yield f"a condition is compared with {found}"
        elif target and target.question and one.get("operator") != "exists" and not comparable(target, found[0]):
            yield f"{target.link} is a {target.type}, not {found[0]}"


def comparable(target: Item, answer: str) -> bool:
    return answer.replace("answer", "value") in target.answers


def condition_option(item: Item, form: Form) -> Iterator[str]:
    """What can never be answered opens nothing."""
    for one in item.conditions:
        target = form.item(one.get("question"))
        known = [codes(option["valueCoding"]) for option in target.options if "valueCoding" in option] if target else []
        if known and "answerCoding" in one and codes(one["answerCoding"]) not in known:
            yield f"{link({'linkId': one.get('question')})} has no option {codes(one['answerCoding'])}"


ITEM_RULES: tuple[tuple[str, Callable[[Item, Form], Iterator[str]]], ...] = (
    ("item-type", type_of_item),
    ("link-id", link_of_item),
    ("que-1", que_1),
    ("que-3", que_3),
    ("que-4", que_4),
    ("que-5", que_5),
    ("que-6", que_6),
    ("que-7", que_7),
    ("que-8", que_8),
    ("que-9", que_9),
    ("que-10", que_10),
    ("que-11", que_11),
    ("que-12", que_12),
    ("que-13", que_13),
    ("enable-behavior", behavior),
    ("max-length", length),
    ("option-place", options_on_choices),
    ("dtrq-2", options_to_choose),
    ("option-value", option_value),
    ("option-display", option_display),
    ("option-distinct", option_distinct),
    ("initial-selected", initial_selected),
    ("initial-type", initial_value),
    ("initial-length", initial_length),
    ("dtrq-3", unit_of_quantity),
    ("dtrq-4", kind_of_reference),
    ("item-text", text_of_item),
    ("enable-when-operator", condition_operator),
    ("enable-when-target", condition_target),
    ("enable-when-question", condition_of_question),
    ("enable-when-before", condition_before),
    ("enable-when-type", condition_type),
    ("enable-when-option", condition_option),
)


# Extensions and expressions (SDC).


def extended(form: Form) -> Iterator[tuple[str, str, Json]]:
    """The form and its items, each as place, name and JSON."""
    yield "form", "the form", form.json
    yield from (("item", item.link, item.json) for item in form.items)


def forbidden_extensions(form: Form) -> Iterator[str]:
    for _, where, element in extended(form):
        yield from (f"{where}: {url}" for url in NEVER if extensions(element, url))


def misplaced_extensions(form: Form) -> Iterator[str]:
    for place, where, element in extended(form):
        for url, known in EXTENSIONS.items():
            if extensions(element, url) and place not in known.places:
                yield f"{where}: {url}"


def repeated_extensions(form: Form) -> Iterator[str]:
    for _, where, element in extended(form):
        for url, known in EXTENSIONS.items():
            if known.once and len(extensions(element, url)) > 1:
                yield f"{where}: {url}"


def mistyped_extensions(form: Form) -> Iterator[str]:
    for _, where, element in extended(form):
        for url, known in EXTENSIONS.items():
            for one in extensions(element, url):
                found = values_of(one)
                if found != ([known.value] if known.value else []):
                    yield f"{where}: {url} holds {found}"
                elif known.value in IS and not IS[known.value](one[known.value]):
                    yield f"{where}: {url} holds {one[known.value]!r}"


def controls(form: Form) -> Iterator[str]:
    """An item control is of its kind of item: help is shown, a list is a group, a slider is a question."""
    for item in form.items:
        kind = "question" if item.question else item.type
        for one in extensions(item.json, ITEM_CONTROL):
            for coding in objects(members(one.get("valueCodeableConcept")).get("coding")):
                if coding.get("system") == CONTROLS and coding.get("code") not in CONTROLS_OF.get(kind, ()):
                    yield f"{item.link}: {coding.get('code')!r} on a {item.type}"


def categories(form: Form) -> Iterator[str]:
    """What a text is for is told of displays alone (R4, questionnaire-displayCategory)."""
    for item in form.items:
        for one in extensions(item.json, DISPLAY_CATEGORY):
            told = {codes(c) for c in objects(members(one.get("valueCodeableConcept")).get("coding"))}
            if item.type != "display" or not told & {(CATEGORIES, "instructions"), (CATEGORIES, "security")}:
                yield f"{item.link}: {sorted(told)} on a {item.type}"


def parts(extension: Json, name: str, value: str) -> list[Any]:
    return [one.get(value) for one in extensions(extension, name)]


def launch_names(form: Form) -> list[str]:
    found = (parts(one, "name", "valueCoding") for one in extensions(form.json, LAUNCH_CONTEXT))
    return [codes(coding)[1] for codings in found for coding in codings]


def launch_shape(form: Form) -> Iterator[str]:
    """One name that FHIRPath can say, at least one type; else but a description and whether there may be several."""
    for one in extensions(form.json, LAUNCH_CONTEXT):
        names, types = parts(one, "name", "valueCoding"), parts(one, "type", "valueCode")
        if len(names) != 1 or not name_of_fhirpath(members(names[0]).get("code")):
            yield f"named {names}"
        if not types or not all(isinstance(kind, str) and re.fullmatch("[A-Z][A-Za-z]+", kind) for kind in types):
            yield f"of types {types}"
        urls = [part.get("url") for part in objects(one.get("extension"))]
        yield from (f"part {url!r}" for url in urls if url not in ("name", "type", "description", "multiplesAllowed"))


def launch_codes(form: Form) -> Iterator[str]:
    """SDC's own names, `clinical` since SDC 4, on which DTR 2.2 builds (digest 1.1)."""
    known = (*LAUNCH_TYPES, *(("clinical",) if form.version == "2.2" else ()))
    for one in extensions(form.json, LAUNCH_CONTEXT):
        for coding in parts(one, "name", "valueCoding"):
            system, code = codes(coding)
            if not worded(members(coding).get("system")) or (system == LAUNCH_SYSTEM and code not in known):
                yield f"{system}#{code}"


def launch_types(form: Form) -> Iterator[str]:
    for one in extensions(form.json, LAUNCH_CONTEXT):
        for coding in parts(one, "name", "valueCoding"):
            system, code = codes(coding)
            allowed = LAUNCH_TYPES.get(code) if system == LAUNCH_SYSTEM else None
            for kind in parts(one, "type", "valueCode"):
                if allowed and kind not in allowed:
                    yield f"{code} is no {kind}"


def launch_distinct(form: Form) -> Iterator[str]:
    yield from doubled(launch_names(form))


def expressions(form: Form) -> Iterator[tuple[str, Json]]:
    for path, node in nodes(form.json):
        if "valueExpression" in node:
            yield path or "the form", members(node["valueExpression"])


def expression_language(form: Form) -> Iterator[str]:
    for where, one in expressions(form):
        if one.get("language") not in LANGUAGES:
            yield f"{where}: {one.get('language')!r}"


def exp_1(form: Form) -> Iterator[str]:
    for where, one in expressions(form):
        if not worded(one.get("expression")) and not worded(one.get("reference")):
            yield f"{where}: neither an expression nor a reference"


def variables(element: Json) -> list[object]:
    return [members(one.get("valueExpression")).get("name") for one in extensions(element, VARIABLE)]


def variable_names(form: Form) -> Iterator[str]:
    for _, where, element in extended(form):
        yield from (f"{where}: {name!r}" for name in variables(element) if not name_of_fhirpath(name))


def variable_distinct(form: Form) -> Iterator[str]:
    """A variable hides no other name that can be said where it stands."""
    outermost = [*GIVEN, *launch_names(form), *map(str, variables(form.json))]
    yield from (f"the form: {name}" for name in doubled(outermost))
    for item in form.items:
        outer = [*outermost, *(str(name) for one in item.within for name in variables(one.json))]
        own = [str(name) for name in variables(item.json)]
        yield from (f"{item.link}: {name}" for name in own if name in outer or own.count(name) > 1)


def said_names(expression: Json) -> set[str]:
    """The environment variables that an expression says; in a query only those in double braces are evaluated."""
    text = str(expression.get("expression", ""))
    if expression.get("language") == "application/x-fhir-query":
        text = " ".join(re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL))
    text = re.sub(r"'(?:\\.|[^'\\])*'|/\*.*?\*/|//[^\n]*", "''", text, flags=re.DOTALL)
    return set(re.findall(r"%([A-Za-z_]\w*)", text))


def unknown_names(element: Json, known: set[str]) -> Iterator[str]:
    """The names that the expressions of an element say and nobody declared before; what it declares is added."""
    for one in objects(element.get("extension")):
        expression = members(one.get("valueExpression"))
        if expression.get("language") in ("text/fhirpath", "application/x-fhir-query"):
            yield from sorted(said_names(expression) - known)
        if one.get("url") == VARIABLE:
            known.add(str(expression.get("name")))


def declared(form: Form) -> Iterator[str]:
    """An expression says names of the launch context, of variables before it, or of FHIRPath's own."""
    known = {*GIVEN, *launch_names(form)}
    yield from (f"the form: %{name}" for name in unknown_names(form.json, known))

    def below(items: list[Item], outer: set[str]) -> Iterator[str]:
        for item in items:
            inner = set(outer)
            yield from (f"{item.link}: %{name}" for name in unknown_names(item.json, inner))
            yield from below(item.children, inner)

    yield from below(form.top, known)


def queries(form: Form) -> Iterator[tuple[str, str]]:
    for where, one in expressions(form):
        if one.get("language") == "application/x-fhir-query":
            yield where, str(one.get("expression"))


def query_form(form: Form) -> Iterator[str]:
    """A query is relative to the EHR's server: a type, then a search or an id; its braces are closed."""
    for where, text in queries(form):
        plain = re.sub(r"\{\{[^{}]*\}\}", "x", text)
        if not re.fullmatch(r"[A-Z][A-Za-z]+(\?[^\s{}?]+|/[^\s{}?/]+)", plain):
            yield f"{where}: {text}"


# R4's search parameters of what a chart is asked for; `_sort` takes them, too.
COMMON_SEARCH = ("_id", "_lastUpdated", "_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total")
SEARCH: dict[str, tuple[str, ...]] = {
    "Condition": (
        *("patient", "subject", "category", "clinical-status", "code", "encounter", "identifier", "onset-date"),
        *("recorded-date", "verification-status", "abatement-date", "body-site", "severity", "stage", "evidence"),
    ),
    "Observation": (
        *("patient", "subject", "category", "code", "combo-code", "component-code", "date", "encounter", "identifier"),
        *("performer", "status", "value-concept", "value-date", "value-quantity", "value-string", "method"),
    ),
    "MedicationRequest": (
        *("patient", "subject", "authoredon", "category", "code", "date", "encounter", "identifier", "intent"),
        *("medication", "priority", "requester", "status"),
    ),
    "MedicationStatement": (
        *("patient", "subject", "category", "code", "context", "effective", "identifier", "medication", "part-of"),
        *("source", "status"),
    ),
    "MedicationDispense": (
        *("patient", "subject", "code", "context", "identifier", "medication", "performer", "prescription", "status"),
        *("type", "whenhandedover", "whenprepared"),
    ),
}


def query_parameters(form: Form) -> Iterator[str]:
    """A server refuses or forgets what it does not know: chains and modifiers aside, parameters are R4's."""
    for where, text in queries(form):
        kind, _, search = text.partition("?")
        pairs = [pair.partition("=")[::2] for pair in search.split("&") if search]
        known = (*COMMON_SEARCH, *SEARCH.get(kind, ()))
        sorts = [name.removeprefix("-") for key, value in pairs if key == "_sort" for name in value.split(",")]
        asked = [*(re.split(r"[:.]", key)[0] for key, _ in pairs), *sorts]
        yield from (f"{where}: {kind} by {name}" for name in asked if kind in SEARCH and name not in known)


def query_of_patient(form: Form) -> Iterator[str]:
    """A form about one patient asks for nobody else's records."""
    for where, text in queries(form):
        if "%patient" not in text and not re.match(r"\w+/?\{\{%user", text):
            yield f"{where}: {text}"


def initial_expressions(form: Form) -> Iterator[str]:
    for item in form.items:
        if extensions(item.json, INITIAL_EXPRESSION) and not item.question:
            yield f"{item.link}: on a {item.type}"


def two_beginnings(form: Form) -> Iterator[str]:
    for item in form.items:
        selected = any(one.get("initialSelected") is True for one in item.options)
        if extensions(item.json, INITIAL_EXPRESSION) and (item.has("initial") or selected):
            yield f"{item.link}: beside an initial value"


# The form as a whole.


def resource_type(form: Form) -> Iterator[str]:
    if form.json.get("resourceType") != "Questionnaire":
        yield f"a {form.json.get('resourceType')}"


def resource_id(form: Form) -> Iterator[str]:
    if not identity(form.json.get("id")):
        yield f"id {form.json.get('id')!r}"


def que_0(form: Form) -> Iterator[str]:
    name = form.json.get("name", "A")
    if not isinstance(name, str) or not re.fullmatch("[A-Z][A-Za-z0-9_]{0,254}", name):
        yield f"name {name!r}"


def que_2(form: Form) -> Iterator[str]:
    yield from (f"linkId {one} twice" for one in doubled(item.json.get("linkId") for item in form.items))


def ids_distinct(form: Form) -> Iterator[str]:
    yield from (f"id {one} twice" for one in doubled(n["id"] for p, n in nodes(form.json) if p and "id" in n))


def ext_1(form: Form) -> Iterator[str]:
    yield from extension_invariant(form.json)


def extension_invariant(resource: Json) -> Iterator[str]:
    """Every extension has a url, and either a value or extensions."""
    for path, node in nodes(resource):
        for one in objects(node.get("extension")):
            found = values_of(one)
            if not worded(one.get("url")) or len(found) > 1 or bool(found) == ("extension" in one):
                yield f"{path}: {one.get('url')!r} holds {found or sorted(one)}"


def form_status(form: Form) -> Iterator[str]:
    if form.json.get("status") not in FORM_STATUS:
        yield f"status {form.json.get('status')!r}"


def form_url(form: Form) -> Iterator[str]:
    """sdc-questionnaire, url 1..1: by it the answers name the form."""
    if not absolute(form.json.get("url")):
        yield f"url {form.json.get('url')!r}"


def form_version(form: Form) -> Iterator[str]:
    """Coverage-information names url|version (digest 3.2, Links), so there is a version that a canonical can say."""
    if not isinstance(form.json.get("version"), str) or not re.fullmatch(r"[^\s|#]+", form.json["version"]):
        yield f"version {form.json.get('version')!r}"


def form_title(form: Form) -> Iterator[str]:
    if not worded(form.json.get("title")):
        yield "no title"


def form_subject(form: Form) -> Iterator[str]:
    """dtr-std-questionnaire, subjectType exactly Patient (digest 3.2)."""
    if form.json.get("subjectType") != ["Patient"]:
        yield f"subjectType {form.json.get('subjectType')!r}"


def form_items(form: Form) -> Iterator[str]:
    """dtr-std-questionnaire, item 1..* (digest 3.2)."""
    if not form.top:
        yield "no items"


def form_period(form: Form) -> Iterator[str]:
    """effectivePeriod is mustSupport (digest 3.2): a policy is in force from a date, so its form has one to tell."""
    period = members(form.json.get("effectivePeriod"))
    if not is_period(period) or "start" not in period:
        yield f"effectivePeriod {form.json.get('effectivePeriod')!r}"


def form_narrative(form: Form) -> Iterator[str]:
    """2.0.1 alone asks for Questionnaire.text (digest 3.2)."""
    text = members(form.json.get("text"))
    told = text.get("status") in ("generated", "extensions", "additional") and worded(text.get("div"))
    if form.version == "2.0.1" and not told:
        yield "no text"


def form_profile(form: Form) -> Iterator[str]:
    """A profile that is claimed is claimed for a standard form, never for an adaptive one."""
    claimed = entries(members(form.json.get("meta")).get("profile"))
    adaptive = [one for one in claimed if "adapt" in str(one)]
    if adaptive or extensions(form.json, f"{SDC}questionnaireAdaptive"):
        yield f"claims {adaptive}"


def completion_time(form: Form) -> Iterator[str]:
    """totalTime 1..1, clinicalTime 0..1, of DTR's codes (digest 3.2)."""
    known = ("under-1min", "under-3min", "under-5min", "over-5min")
    for one in extensions(form.json, COMPLETION_TIME):
        total, clinical = parts(one, "totalTime", "valueCode"), parts(one, "clinicalTime", "valueCode")
        if len(total) != 1 or len(clinical) > 1 or any(code not in known for code in (*total, *clinical)):
            yield f"totalTime {total}, clinicalTime {clinical}"


def dtrq_6(form: Form) -> Iterator[str]:
    audiences = [one.get("valueCode") for one in extensions(form.json, AUDIENCE)]
    for one in extensions(form.json, COMPLETION_TIME):
        if {"clinical", "patient"} & set(map(str, audiences)) and not extensions(one, "clinicalTime"):
            yield "no clinicalTime for clinicians or patients"


def audience(form: Form) -> Iterator[str]:
    for one in extensions(form.json, AUDIENCE):
        if one.get("valueCode") not in ("clinical", "admin", "patient"):
            yield repr(one.get("valueCode"))


def nobody_in_it(form: Form) -> Iterator[str]:
    """A form is the same for every patient: it refers to none."""
    for path, node in nodes(form.json):
        if refers_to(node) == "Patient":
            yield f"{path}: {node['reference']}"


def canonicals_versioned(form: Form) -> Iterator[str]:
    """All references of a package are version-specific (digest 3.1); what is contained has none."""
    named = [one.get("valueCanonical") for one in extensions(form.json, f"{CORE}cqf-library")]
    named += [item.json["answerValueSet"] for item in form.items if "answerValueSet" in item.json]
    yield from (repr(one) for one in named if not versioned(one) and not str(one).startswith("#"))


FORM_RULES: tuple[tuple[str, Callable[[Form], Iterator[str]]], ...] = (
    ("resource-type", resource_type),
    ("base-r4", lambda form: base_faults(Questionnaire, form.json)),
    ("unknown-member", lambda form: strangers(form.json)),
    ("empty", lambda form: map(".".join, empties(form.json))),
    ("resource-id", resource_id),
    ("que-0", que_0),
    ("que-2", que_2),
    ("id-distinct", ids_distinct),
    ("ext-1", ext_1),
    ("form-status", form_status),
    ("form-url", form_url),
    ("form-version", form_version),
    ("form-title", form_title),
    ("form-subject-type", form_subject),
    ("form-items", form_items),
    ("form-effective-period", form_period),
    ("form-text", form_narrative),
    ("form-standard", form_profile),
    ("completion-time", completion_time),
    ("dtrq-6", dtrq_6),
    ("audience", audience),
    ("nobody-in-the-form", nobody_in_it),
    ("canonical-version", canonicals_versioned),
    ("extension-never", forbidden_extensions),
    ("extension-place", misplaced_extensions),
    ("extension-once", repeated_extensions),
    ("extension-value", mistyped_extensions),
    ("item-control", controls),
    ("display-category", categories),
    ("launch-shape", launch_shape),
    ("launch-code", launch_codes),
    ("sdc-lcext-1", launch_types),
    ("launch-distinct", launch_distinct),
    ("expression-language", expression_language),
    ("exp-1", exp_1),
    ("variable-name", variable_names),
    ("variable-distinct", variable_distinct),
    ("expression-names", declared),
    ("query-form", query_form),
    ("query-parameters", query_parameters),
    ("query-of-the-patient", query_of_patient),
    ("initial-expression-place", initial_expressions),
    ("initial-expression-alone", two_beginnings),
)


def questionnaire_faults(questionnaire: object, version: str = "2.2") -> list[str]:
    """What is wrong with a standard form, by R4, SDC and one version of DTR."""
    form = Form(members(questionnaire), version)
    found = [f"{rule}: {what}" for rule, check in FORM_RULES for what in check(form)]
    for item in form.items:
        found += [f"{rule}: {item.link}: {what}" for rule, check in ITEM_RULES for what in check(item, form)]
    return found


# Answers to a form.


@dataclass(frozen=True)
class Said:
    """One item of a response, the items that it stands in, and whether it stands below an answer."""

    json: Json
    within: tuple[Said, ...] = ()
    below_answer: bool = False

    @property
    def link(self) -> str:
        return link(self.json)

    @property
    def answers(self) -> list[Json]:
        return objects(self.json.get("answer"))

    @cached_property
    def children(self) -> list[Said]:
        beneath = [Said(one, (*self.within, self)) for one in objects(self.json.get("item"))]
        nested = (one for answer in self.answers for one in objects(answer.get("item")))
        return [*beneath, *(Said(one, (*self.within, self), below_answer=True) for one in nested)]


def all_said(items: Iterable[Said]) -> Iterator[Said]:
    for item in items:
        yield item
        yield from all_said(item.children)


@dataclass(frozen=True)
class Response:
    """A QuestionnaireResponse with the form that it answers, to be judged by one version of DTR."""

    json: Json
    form: Form

    @property
    def version(self) -> str:
        return self.form.version

    @property
    def finished(self) -> bool:
        return self.json.get("status") in ("completed", "amended")

    @cached_property
    def top(self) -> list[Said]:
        return [Said(one) for one in objects(self.json.get("item"))]

    @cached_property
    def said(self) -> list[Said]:
        return list(all_said(self.top))

    def asked(self) -> Iterator[tuple[Said, Item]]:
        """What is said, each with what asks for it."""
        for said in self.said:
            if item := self.form.item(said.json.get("linkId")):
                yield said, item

    def values(self, named: object) -> list[Json]:
        return [one for said in self.said if said.json.get("linkId") == named for one in said.answers if values_of(one)]

    def enabled(self, item: Item) -> bool:
        """Whether an item is asked, by its own conditions and those of what it stands in."""
        return all(self.opened(one) for one in (*item.within, item))

    def opened(self, item: Item) -> bool:
        held = [self.holds(one) for one in item.conditions]
        return (any if item.json.get("enableBehavior") == "any" else all)(held) if held else True

    def holds(self, condition: Json) -> bool:
        given = self.values(condition.get("question"))
        if condition.get("operator") == "exists":
            return bool(given) == condition.get("answerBoolean")
        wanted = [condition[name] for name in values_of(condition, "answer")]
        found = [one[name] for one in given for name in values_of(one)]
        return any(compared(one, str(condition.get("operator")), other) for one in found for other in wanted)


def key(value: object) -> Any:
    """What two answers are compared by: a coding's system and code, a quantity's number, else the value."""
    if isinstance(value, dict):
        return value.get("value") if "value" in value else (value.get("system"), value.get("code"))
    return value


def compared(one: object, operator: str, other: object) -> bool:
    first, second = key(one), key(other)
    if operator in ("=", "!="):
        return bool(first == second) == (operator == "=")
    both_numbers = is_number(first) and is_number(second)
    if not both_numbers and not (isinstance(first, str) and isinstance(second, str)):
        return False
    more, same = bool(first > second), bool(first == second)
    return {">": more, ">=": more or same, "<": not more and not same, "<=": not more}.get(operator, False)


# Rules of one item of a response, beside the item that asks for it.


def qrs_1(said: Said, _: Item, __: Response) -> Iterator[str]:
    if "answer" in said.json and "item" in said.json:
        yield "items beneath it and beneath its answer"


def place_of_answer(said: Said, item: Item, _: Response) -> Iterator[str]:
    above = said.within[-1].link if said.within else None
    asked = item.within[-1] if item.within else None
    if above != (asked.link if asked else None):
        yield f"within {above}, is asked within {asked.link if asked else None}"
    elif asked and said.below_answer != asked.question:
        yield "is below an answer" if said.below_answer else "stands beside the answer that it belongs below"


def answers_where_none(said: Said, item: Item, _: Response) -> Iterator[str]:
    if not item.question and "answer" in said.json:
        yield f"a {item.type} is answered"


def one_value(said: Said, item: Item, _: Response) -> Iterator[str]:
    for one in said.answers:
        if item.question and len(values_of(one)) != 1:
            yield f"an answer holds {values_of(one)}"


def type_of_answer(said: Said, item: Item, _: Response) -> Iterator[str]:
    for one in said.answers:
        if item.question:
            yield from (f"{name} for a {item.type}" for name in values_of(one) if name not in item.answers)


def form_of_answer(said: Said, _: Item, __: Response) -> Iterator[str]:
    for one in said.answers:
        yield from (f"{one[name]!r}" for name in values_of(one) if name in IS and not IS[name](one[name]))


def number_of_answers(said: Said, item: Item, _: Response) -> Iterator[str]:
    if len(said.answers) > 1 and not item.repeats:
        yield f"{len(said.answers)} answers to one question"


def among_options(said: Said, item: Item, _: Response) -> Iterator[str]:
    known = [key(option[name]) for option in item.options for name in values_of(option)]
    for one in said.answers:
        for name in values_of(one):
            free = item.type == "open-choice" and name == "valueString"
            if known and not free and key(one[name]) not in known:
                yield f"{key(one[name])} is no option"


def length_of_answer(said: Said, item: Item, _: Response) -> Iterator[str]:
    most = item.json.get("maxLength")
    for one in said.answers:
        for text in (one.get("valueString"), one.get("valueUri")):
            if isinstance(most, int) and isinstance(text, str) and len(text) > most:
                yield f"{len(text)} characters of {most}"


def said_where_not_asked(said: Said, item: Item, response: Response) -> Iterator[str]:
    if "answer" in said.json and not response.enabled(item):
        yield "is answered and not asked"


def origins(answer: Json) -> list[Json]:
    return extensions(answer, ORIGIN)


def one_origin(said: Said, _: Item, __: Response) -> Iterator[str]:
    """information-origin 1..1 of each answer (digest 3.3)."""
    for one in said.answers:
        if len(origins(one)) != 1:
            yield f"{len(origins(one))} origins of an answer"


def sources(version: str) -> tuple[str, ...]:
    return (*(("auto-client", "auto-server") if version == "2.2" else ("auto",)), "override", "manual")


def source_of_origin(said: Said, _: Item, response: Response) -> Iterator[str]:
    """source 1..1, of the codes of the version (digest 3.3)."""
    for one in said.answers:
        for origin in origins(one):
            found = parts(origin, "source", "valueCode")
            if len(found) != 1 or found[0] not in sources(response.version):
                yield f"source {found}"


def author_of_origin(said: Said, _: Item, __: Response) -> Iterator[str]:
    """dtrx-1: an author where a person changed or gave it, and nowhere else (digest 3.3)."""
    for one in said.answers:
        for origin in origins(one):
            found = set(map(str, parts(origin, "source", "valueCode")))
            if len(extensions(origin, "author")) != bool(found & {"override", "manual"}):
                yield f"{len(extensions(origin, 'author'))} authors of {sorted(found)}"


def parts_of_author(said: Said, _: Item, __: Response) -> Iterator[str]:
    """An author is told by roles (0..*) and a practitioner (0..1), never by a value of its own (information-origin)."""
    for one in said.answers:
        for author in (part for origin in origins(one) for part in extensions(origin, "author")):
            people = parts(author, "practitioner", "valueReference")
            urls = [part.get("url") for part in objects(author.get("extension"))]
            wrong = len(people) > 1 or any(url not in ("role", "practitioner") for url in urls)
            if values_of(author) or wrong or not all(map(names_practitioner, people)):
                yield f"author {values_of(author) or urls}"


def names_practitioner(who: object) -> bool:
    """A literal reference is to a Practitioner; whom no server holds is named in words (R4, Reference.display)."""
    if "reference" in members(who):
        return refers_to(who) in ("Practitioner", "#")
    return worded(members(who).get("display"))


SAID_RULES: tuple[tuple[str, Callable[[Said, Item, Response], Iterator[str]]], ...] = (
    ("qrs-1", qrs_1),
    ("answer-place", place_of_answer),
    ("answer-of-no-question", answers_where_none),
    ("answer-value", one_value),
    ("answer-type", type_of_answer),
    ("answer-form", form_of_answer),
    ("answer-repeats", number_of_answers),
    ("answer-option", among_options),
    ("answer-length", length_of_answer),
    ("answer-disabled", said_where_not_asked),
    ("origin-once", one_origin),
    ("origin-source", source_of_origin),
    ("dtrx-1", author_of_origin),
    ("origin-author", parts_of_author),
)


# The response as a whole.


def response_type(response: Response) -> Iterator[str]:
    if response.json.get("resourceType") != "QuestionnaireResponse":
        yield f"a {response.json.get('resourceType')}"


def response_status(response: Response) -> Iterator[str]:
    if response.json.get("status") not in RESPONSE_STATUS:
        yield f"status {response.json.get('status')!r}"


def response_form(response: Response) -> Iterator[str]:
    """questionnaire 1..1, version-specific (digest 3.1)."""
    named, form = response.json.get("questionnaire"), response.form.json
    if not versioned(named) or named != f"{form.get('url')}|{form.get('version')}":
        yield f"questionnaire {named!r}"


def response_subject(response: Response) -> Iterator[str]:
    """subject 1..1, a Patient (dtr-questionnaireresponse)."""
    if refers_to(response.json.get("subject")) != "Patient":
        yield f"subject {response.json.get('subject')!r}"


def response_authored(response: Response) -> Iterator[str]:
    """sdc-questionnaireresponse, authored 1..1."""
    if not is_moment(response.json.get("authored")):
        yield f"authored {response.json.get('authored')!r}"


def response_ties(response: Response) -> Iterator[str]:
    """No basedOn, no partOf (digest 3.4): the order is told by qr-context."""
    yield from (name for name in ("basedOn", "partOf") if name in response.json)


ORDERS = ("DeviceRequest", "MedicationRequest", "NutritionOrder", "ServiceRequest", "Encounter", "Appointment")


def context_types(response: Response) -> Iterator[str]:
    """qr-context refers to orders, in 2.0.1 to the Coverage, too; qr-coverage of 2.2 to Coverages."""
    allowed = (*ORDERS, "#", *(("Coverage",) if response.version == "2.0.1" else ()))
    for url, types in ((QR_CONTEXT, allowed), (QR_COVERAGE, ("Coverage", "#"))):
        for one in extensions(response.json, url):
            if refers_to(one.get("valueReference")) not in types:
                yield f"{url} {one.get('valueReference')!r}"


def context_there(response: Response) -> Iterator[str]:
    """The Coverage by qr-coverage in 2.2; in 2.0.1 Coverage and order by two qr-context (digest 3.4)."""
    kinds = [refers_to(one.get("valueReference")) for one in extensions(response.json, QR_CONTEXT)]
    if response.version == "2.0.1":
        if "Coverage" not in kinds or not set(kinds) - {"Coverage"}:
            yield f"qr-context of {kinds}"
    elif not extensions(response.json, QR_COVERAGE):
        yield "no qr-coverage"


def context_of_version(response: Response) -> Iterator[str]:
    if response.version == "2.0.1" and extensions(response.json, QR_COVERAGE):
        yield "qr-coverage is of 2.2"


def context_once(response: Response) -> Iterator[str]:
    for url in (QR_CONTEXT, QR_COVERAGE):
        told = [members(one.get("valueReference")).get("reference") for one in extensions(response.json, url)]
        yield from (f"{reference} twice" for reference in doubled(told))


def intended_use(response: Response) -> Iterator[str]:
    """intendedUse 1..* (digest 3.4), of CRD's reasons for documentation (doc-purpose)."""
    known = ("withpa", "withclaim", "withorder", "retain-doc", "OTH")
    systems = [f"http://hl7.org/fhir/us/davinci-crd/CodeSystem/{name}" for name in CODES_OF_CRD]
    found = extensions(response.json, INTENDED_USE)
    if not found:
        yield "no intendedUse"
    for one in found:
        codings = objects(members(one.get("valueCodeableConcept")).get("coding"))
        if not any(coding.get("code") in known and coding.get("system") in systems for coding in codings):
            yield f"intendedUse {one.get('valueCodeableConcept')!r}"


def references_of(response: Response) -> Iterator[str]:
    """References go to the EHR's server or to what is contained (digest 3.4): never to where the form came from."""
    base, _, _ = str(response.form.json.get("url")).rpartition("/Questionnaire/")
    for path, node in nodes(response.json):
        if base and isinstance(node.get("reference"), str) and node["reference"].startswith(f"{base}/"):
            yield f"{path}: {node['reference']}"


def contained_references(response: Response) -> Iterator[str]:
    held = [f"#{one.get('id')}" for one in objects(response.json.get("contained"))]
    for path, node in nodes(response.json):
        if refers_to(node) == "#" and node["reference"] not in held:
            yield f"{path}: {node['reference']}"


def known_links(response: Response) -> Iterator[str]:
    yield from (
        f"{said.link}: is not asked" for said in response.said if not response.form.item(said.json.get("linkId"))
    )


def siblings(response: Response) -> Iterator[list[Said]]:
    yield response.top
    for said in response.said:
        yield [one for one in said.children if not one.below_answer]
        for answer in said.answers:
            yield [Said(one, (*said.within, said), below_answer=True) for one in objects(answer.get("item"))]


def once_each(response: Response) -> Iterator[str]:
    """A question is one item with as many answers as it has; a group may be repeated."""
    for level in siblings(response):
        for name, count in Counter(said.link for said in level).items():
            item = response.form.item(name)
            if count > 1 and not (item and item.type == "group" and item.repeats):
                yield f"{name}: {count} items"


def in_order(response: Response) -> Iterator[str]:
    """The items stand in the order of the form."""
    place = {item.link: number for number, item in enumerate(response.form.items)}
    for level in siblings(response):
        known = [place[said.link] for said in level if said.link in place]
        if known != sorted(known):
            yield ", ".join(said.link for said in level)


def required(response: Response) -> Iterator[str]:
    """What is required is answered when the whole is said to be: where it is asked, in every group that is there."""
    if response.finished:
        yield from (f"{one}: has no answer" for one in lacking(response, response.form.top, response.top))


def lacking(response: Response, asked: list[Item], said: list[Said]) -> Iterator[str]:
    """The required items of one level and below that nothing answers. A repeating group may be there not once."""
    for item in (one for one in asked if response.opened(one)):
        there = [one for one in said if one.link == item.link]
        told = [one for one in there if one.children or any(map(values_of, one.answers))]
        if item.json.get("required") is True and not told:
            yield item.link
        elif item.type == "group" and not there and not item.repeats:
            yield from lacking(response, item.children, [])
        for one in told:
            yield from lacking(response, item.children, one.children)


RESPONSE_RULES: tuple[tuple[str, Callable[[Response], Iterator[str]]], ...] = (
    ("qr-type", response_type),
    ("qr-base-r4", lambda response: base_faults(QuestionnaireResponse, response.json)),
    ("qr-unknown-member", lambda response: strangers(response.json)),
    ("qr-empty", lambda response: map(".".join, empties(response.json))),
    ("qr-ext-1", lambda response: extension_invariant(response.json)),
    ("qr-status", response_status),
    ("qr-questionnaire", response_form),
    ("qr-subject", response_subject),
    ("qr-authored", response_authored),
    ("qr-no-ties", response_ties),
    ("qr-context-type", context_types),
    ("qr-context", context_there),
    ("qr-context-version", context_of_version),
    ("qr-context-once", context_once),
    ("qr-intended-use", intended_use),
    ("qr-references", references_of),
    ("qr-contained", contained_references),
    ("answer-known", known_links),
    ("answer-once", once_each),
    ("answer-order", in_order),
    ("answer-required", required),
)


def response_faults(response: object, questionnaire: object, version: str = "2.2") -> list[str]:
    """What is wrong with a response, begun or finished, to a form by R4, SDC and one version of DTR."""
    given = Response(members(response), Form(members(questionnaire), version))
    found = [f"{rule}: {what}" for rule, check in RESPONSE_RULES for what in check(given)]
    for said, item in given.asked():
        found += [f"{rule}: {said.link}: {what}" for rule, check in SAID_RULES for what in check(said, item, given)]
    return found


# The answer of $questionnaire-package.

NAMES = {"2.2": ("packagebundle", "outcome"), "2.0.1": ("PackageBundle", "operationOutcome")}


@dataclass(frozen=True)
class Package:
    """One Bundle of a package, to be judged by one version of DTR."""

    json: Json
    version: str

    @property
    def entries(self) -> list[Json]:
        return objects(self.json.get("entry"))

    @property
    def resources(self) -> list[Json]:
        return [members(one.get("resource")) for one in self.entries]

    def of_type(self, kind: str) -> list[Json]:
        return [one for one in self.resources if one.get("resourceType") == kind]


def bundle_type(package: Package) -> Iterator[str]:
    if package.json.get("resourceType") != "Bundle" or package.json.get("type") != "collection":
        yield f"a {package.json.get('resourceType')} of type {package.json.get('type')!r}"


def dtrb_1(package: Package) -> Iterator[str]:
    """The first entry is the Questionnaire (digest 3.1)."""
    if not package.resources or package.resources[0].get("resourceType") != "Questionnaire":
        yield f"first comes {[one.get('resourceType') for one in package.resources[:1]]}"


def one_form(package: Package) -> Iterator[str]:
    if len(package.of_type("Questionnaire")) != 1:
        yield f"{len(package.of_type('Questionnaire'))} forms"


def one_draft(package: Package) -> Iterator[str]:
    """Exactly one QuestionnaireResponse in 2.2 (digest 3.1), at most one in 2.0.1."""
    count = len(package.of_type("QuestionnaireResponse"))
    if count > 1 or (count == 0 and package.version == "2.2"):
        yield f"{count} responses"


def is_draft(package: Package) -> Iterator[str]:
    for one in package.of_type("QuestionnaireResponse"):
        if one.get("status") != "in-progress":
            yield f"status {one.get('status')!r}"


def prefilled(package: Package) -> Iterator[str]:
    """What a payer prefilled is auto-server (digest 3.3), auto in 2.0.1: nobody has answered yet."""
    for one in package.of_type("QuestionnaireResponse"):
        for path, node in nodes(one):
            if node.get("url") == ORIGIN:
                found = parts(node, "source", "valueCode")
                if found != ["auto-server" if package.version == "2.2" else "auto"]:
                    yield f"{path}: {found}"


def closed(package: Package) -> Iterator[str]:
    """Nothing but forms, drafts, value sets and libraries (DTR-QPackageBundle, closed)."""
    known = ("Questionnaire", "QuestionnaireResponse", "ValueSet", "Library")
    for number, one in enumerate(package.resources):
        if one.get("resourceType") not in known:
            yield f"entry {number}: {one.get('resourceType')}"


def full_urls(package: Package) -> Iterator[str]:
    """An absolute fullUrl that agrees with the resource's id (R4, Bundle.entry.fullUrl)."""
    for number, one in enumerate(package.entries):
        resource, url = members(one.get("resource")), one.get("fullUrl")
        ends = str(url).endswith(f"/{resource.get('resourceType')}/{resource.get('id')}")
        if not absolute(url) or not (ends or str(url).startswith("urn:")):
            yield f"entry {number}: {url!r}"


def bdl_7(package: Package) -> Iterator[str]:
    yield from doubled(one.get("fullUrl") for one in package.entries)


def no_search(package: Package) -> Iterator[str]:
    """bdl-1 to bdl-4: nothing that belongs to searches, requests and responses."""
    if "total" in package.json:
        yield "total"
    for number, one in enumerate(package.entries):
        yield from (f"entry {number}: {name}" for name in ("search", "request", "response") if name in one)


def bundle_ids(package: Package) -> Iterator[str]:
    """What is served has an id; a draft has none (see `draft_nowhere`)."""
    for number, one in enumerate(package.resources):
        if one.get("resourceType") != "QuestionnaireResponse" and not identity(one.get("id")):
            yield f"entry {number}: {one.get('id')!r}"


def draft_nowhere(package: Package) -> Iterator[str]:
    """A draft is on no server yet, and the one that keeps it gives the id (R4, RESTful API, create): one that came with
    it would be another patient's, too. Its fullUrl is a UUID of its own (R4, Bundle.entry.fullUrl)."""
    for number, one in enumerate(package.entries):
        draft, url = members(one.get("resource")), str(one.get("fullUrl"))
        if draft.get("resourceType") == "QuestionnaireResponse":
            if "id" in draft:
                yield f"entry {number}: id {draft['id']!r}"
            if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", url):
                yield f"entry {number}: fullUrl {url!r}"


def all_there(package: Package) -> Iterator[str]:
    """The libraries and value sets that a form names are in its package, by url and version (digest 3.1)."""
    there = [one for one in package.resources if one.get("resourceType") in ("Library", "ValueSet")]
    held = [f"{one.get('url')}|{one.get('version')}" for one in there]
    for form in package.of_type("Questionnaire"):
        items = Form(form, package.version).items
        named = [one.get("valueCanonical") for one in extensions(form, f"{CORE}cqf-library")]
        named += [item.json["answerValueSet"] for item in items if "answerValueSet" in item.json]
        yield from (str(one) for one in named if one not in held and not str(one).startswith("#"))


PACKAGE_RULES: tuple[tuple[str, Callable[[Package], Iterator[str]]], ...] = (
    ("bundle-type", bundle_type),
    ("bundle-base-r4", lambda package: base_faults(Bundle, package.json)),
    ("bundle-unknown-member", lambda package: strangers(package.json)),
    ("bundle-empty", lambda package: map(".".join, empties(package.json))),
    ("dtrb-1", dtrb_1),
    ("one-form", one_form),
    ("one-draft", one_draft),
    ("draft-status", is_draft),
    ("draft-origin", prefilled),
    ("bundle-closed", closed),
    ("full-url", full_urls),
    ("bdl-7", bdl_7),
    ("bundle-no-search", no_search),
    ("bundle-ids", bundle_ids),
    ("draft-nowhere", draft_nowhere),
    ("bundle-whole", all_there),
)


def bundle_faults(package: Package) -> Iterator[str]:
    for rule, check in PACKAGE_RULES:
        yield from (f"{rule}: {what}" for what in check(package))
    for form in package.of_type("Questionnaire"):
        yield from questionnaire_faults(form, package.version)
        for one in package.of_type("QuestionnaireResponse"):
            yield from response_faults(one, form, package.version)


@dataclass(frozen=True)
class Output:
    """The Parameters that $questionnaire-package answers with, to be judged by one version of DTR."""

    json: Json
    version: str

    @property
    def parameters(self) -> list[Json]:
        return objects(self.json.get("parameter"))

    def named(self, name: str) -> list[Json]:
        return [members(one.get("resource")) for one in self.parameters if one.get("name") == name]

    @property
    def packages(self) -> list[Package]:
        return [Package(one, self.version) for one in self.named(NAMES[self.version][0])]


def output_type(output: Output) -> Iterator[str]:
    if output.json.get("resourceType") != "Parameters":
        yield f"a {output.json.get('resourceType')}"


def output_names(output: Output) -> Iterator[str]:
    """packagebundle and outcome in 2.2, PackageBundle and operationOutcome in 2.0.1 (digest 3.1)."""
    yield from (repr(n) for n in (one.get("name") for one in output.parameters) if n not in NAMES[output.version])


def output_values(output: Output) -> Iterator[str]:
    """inv-1 of Parameters; both parameters are resources."""
    for number, one in enumerate(output.parameters):
        if "part" in one or values_of(one) or not members(one.get("resource")):
            yield f"parameter {number} holds {sorted(one)}"


def output_outcome(output: Output) -> Iterator[str]:
    """outcome 0..1, an OperationOutcome (digest 3.1)."""
    found = output.named(NAMES[output.version][1])
    if len(found) > 1:
        yield f"{len(found)} outcomes"
    for one in found:
        if one.get("resourceType") != "OperationOutcome":
            yield f"a {one.get('resourceType')}"
        yield from base_faults(OperationOutcome, one)


def outcome_codes(output: Output) -> Iterator[str]:
    """The required codes of issues, and words that say why (digest 3.1)."""
    for one in output.named(NAMES[output.version][1]):
        for issue in objects(one.get("issue")):
            severe = issue.get("severity") in ("fatal", "error", "warning", "information")
            said = worded(issue.get("diagnostics")) or worded(members(issue.get("details")).get("text"))
            if not severe or not is_code(issue.get("code")) or not said:
                yield f"{issue.get('severity')!r} {issue.get('code')!r} {issue.get('diagnostics')!r}"


def packages_distinct(output: Output) -> Iterator[str]:
    forms = (form for package in output.packages for form in package.of_type("Questionnaire"))
    yield from doubled((form.get("url"), form.get("version")) for form in forms)


def drafts_distinct(output: Output) -> Iterator[str]:
    """A UUID is one draft's: of several packages too."""
    entries = (one for package in output.packages for one in package.entries)
    drafts = (one for one in entries if members(one.get("resource")).get("resourceType") == "QuestionnaireResponse")
    yield from doubled(one.get("fullUrl") for one in drafts)


def one_patient(output: Output) -> Iterator[str]:
    """Everything in the answer is about one patient."""
    told = sorted({node["reference"] for _, node in nodes(output.json) if refers_to(node) == "Patient"})
    if len(told) > 1:
        yield ", ".join(told)


OUTPUT_RULES: tuple[tuple[str, Callable[[Output], Iterator[str]]], ...] = (
    ("package-parameters", output_type),
    ("package-names", output_names),
    ("package-values", output_values),
    ("package-outcome", output_outcome),
    ("package-outcome-codes", outcome_codes),
    ("package-distinct", packages_distinct),
    ("drafts-distinct", drafts_distinct),
    ("package-one-patient", one_patient),
)


def package_faults(parameters: object, version: str = "2.2") -> list[str]:
    """What is wrong with an answer of $questionnaire-package, and with each form and draft in it."""
    output = Output(members(parameters), version)
    found = [f"{rule}: {what}" for rule, check in OUTPUT_RULES for what in check(output)]
    return found + [fault for package in output.packages for fault in bundle_faults(package)]
