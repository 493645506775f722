"""The second opinion on forms judged: valid forms, answers and packages pass, and every rule finds what breaks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import dtr_rules
from tests.dtr_rules import Json, package_faults, questionnaire_faults, response_faults

Change = Callable[[Any], object]
Mutant = tuple[str, str, str, Change]

VERSIONS = ("2.2", "2.0.1")
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
CORE = "http://hl7.org/fhir/StructureDefinition/"
DTR = "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/"
CRD_TEMP = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
FORM = """{
  "resourceType": "Questionnaire", "id": "mtx-1",
  "meta": {"profile": ["http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/dtr-std-questionnaire"]},
  "text": {"status": "generated", "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">What is missing</div>"},
  "extension": [
    {"url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext", "extension": [
      {"url": "name", "valueCoding": {
        "system": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "code": "patient"}},
      {"url": "type", "valueCode": "Patient"}]},
    {"url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext", "extension": [
      {"url": "name", "valueCoding": {
        "system": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "code": "user"}},
      {"url": "type", "valueCode": "Practitioner"}, {"url": "type", "valueCode": "PractitionerRole"},
      {"url": "description", "valueString": "Who answers"}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/variable", "valueExpression": {
      "name": "conditions", "language": "application/x-fhir-query",
      "expression": "Condition?patient={{%patient.id}}&_sort=-recorded-date"}},
    {"url": "http://hl7.org/fhir/StructureDefinition/variable", "valueExpression": {
      "name": "texts", "language": "text/fhirpath",
      "expression": "%conditions.entry.resource.code.text.where($this != '100 %nothing') // of %nobody"}},
    {"url": "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/questionnaireAudience", "valueCode": "clinical"},
    {"url": "http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/estimated-completion-time", "extension": [
      {"url": "totalTime", "valueCode": "under-3min"}, {"url": "clinicalTime", "valueCode": "under-3min"}]}],
  "url": "https://payer.example/fhir/Questionnaire/mtx-1", "version": "2025-11", "name": "MissingForMethotrexate",
  "title": "What is missing for methotrexate", "status": "active", "subjectType": ["Patient"], "date": "2025-11-01",
  "effectivePeriod": {"start": "2025-11-01"},
  "item": [
    {"linkId": "1", "type": "group", "text": "Diagnosis", "item": [
      {"linkId": "1.1", "type": "boolean", "text": "Is arthritis documented?", "required": true, "item": [
        {"linkId": "1.1.help", "type": "display", "text": "As in the note", "extension": [
          {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl", "valueCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}]}}]}]},
      {"linkId": "1.2", "type": "text", "text": "What the chart says", "maxLength": 40, "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/variable", "valueExpression": {
          "name": "first", "language": "text/fhirpath", "expression": "%texts.first()"}},
        {"url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression",
          "valueExpression": {"language": "text/fhirpath", "expression": "%first & ' of ' & %patient.birthDate"}}]},
      {"linkId": "1.3", "type": "attachment", "text": "A copy"}]},
    {"linkId": "2", "type": "choice", "text": "Which can be documented?", "required": true, "answerOption": [
      {"valueCoding": {"system": "urn:x:branch", "code": "failed", "display": "A trial"}},
      {"valueCoding": {"system": "urn:x:branch", "code": "cannot", "display": "A contraindication"}}]},
    {"linkId": "2a", "type": "group", "text": "A trial", "required": true, "repeats": true, "enableWhen": [
      {"question": "2", "operator": "=", "answerCoding": {"system": "urn:x:branch", "code": "failed"}}], "item": [
      {"linkId": "2a.1", "type": "quantity", "text": "Its dose", "required": true, "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption", "valueCoding": {
          "system": "http://unitsofmeasure.org", "code": "mg"}}]},
      {"linkId": "2a.2", "type": "date", "text": "Since when", "repeats": true}]},
    {"linkId": "2b", "type": "group", "text": "The contraindication", "enableWhen": [
      {"question": "2", "operator": "=", "answerCoding": {"system": "urn:x:branch", "code": "cannot"}}], "item": [
      {"linkId": "2b.1", "type": "string", "text": "Which", "required": true}]},
    {"linkId": "3", "type": "integer", "text": "Weeks", "initial": [{"valueInteger": 12}]},
    {"linkId": "4", "type": "open-choice", "text": "Why so few", "enableBehavior": "all", "enableWhen": [
      {"question": "3", "operator": "exists", "answerBoolean": true},
      {"question": "3", "operator": "<", "answerInteger": 12}],
      "answerOption": [{"valueCoding": {"system": "urn:x:why", "code": "harm", "display": "Harm"}}]}]
}"""
RESPONSE = """{
  "resourceType": "QuestionnaireResponse", "id": "r-1", "status": "completed",
  "questionnaire": "https://payer.example/fhir/Questionnaire/mtx-1|2025-11",
  "subject": {"reference": "Patient/p"}, "authored": "2026-11-26T06:00:00Z",
  "item": [
    {"linkId": "1", "text": "Diagnosis", "item": [
      {"linkId": "1.1", "answer": [{"valueBoolean": true, "item": [{"linkId": "1.1.help", "text": "As in the note"}]}]},
      {"linkId": "1.2", "answer": [{"valueString": "Seropositive arthritis"}]},
      {"linkId": "1.3", "answer": [{"valueAttachment": {"contentType": "text/plain", "data": "QQ=="}}]}]},
    {"linkId": "2", "answer": [{"valueCoding": {"system": "urn:x:branch", "code": "failed", "display": "A trial"}}]},
    {"linkId": "2a", "item": [
      {"linkId": "2a.1", "answer": [{"valueQuantity": {
        "value": 15, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]},
      {"linkId": "2a.2", "answer": [{"valueDate": "2026-01"}, {"valueDate": "2026-02-01"}]}]},
    {"linkId": "2a", "item": [
      {"linkId": "2a.1", "answer": [{"valueQuantity": {
        "value": 20, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}]},
    {"linkId": "3", "answer": [{"valueInteger": 8}]},
    {"linkId": "4", "answer": [{"valueString": "It was stopped by the patient"}]}]
}"""


def form() -> Json:
    found: Json = json.loads(FORM)
    return found


def origin(source: str) -> Json:
    role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/practitioner-role", "code": "doctor"}]}
    who = [
        {"url": "role", "valueCodeableConcept": role},
        {"url": "practitioner", "valueReference": {"reference": "Practitioner/d"}},
    ]
    author = [{"url": "author", "extension": who}] if source in ("override", "manual") else []
    return {"url": f"{DTR}information-origin", "extension": [{"url": "source", "valueCode": source}, *author]}


def about(version: str) -> list[Json]:
    """What a response is in the context of, and what it is for."""
    coverage = {
        "url": f"{DTR}{'qr-coverage' if version == '2.2' else 'qr-context'}",
        "valueReference": {"reference": "Coverage/c"},
    }
    order = {"url": f"{DTR}qr-context", "valueReference": {"reference": "MedicationRequest/m"}}
    use = {"coding": [{"system": CRD_TEMP, "code": "withpa"}]}
    return [coverage, order, {"url": f"{DTR}intendedUse", "valueCodeableConcept": use}]


def response(version: str) -> Json:
    found: Json = json.loads(RESPONSE) | {"extension": about(version)}
    given = {"1.2": "auto-client" if version == "2.2" else "auto", "3": "override"}
    for item in items(found["item"]):
        for answer in item.get("answer", []):
            answer["extension"] = [origin(given.get(item["linkId"], "manual"))]
    return found


def items(listed: list[Json]) -> list[Json]:
    found = []
    for item in listed:
        below = [*item.get("item", []), *(one for answer in item.get("answer", []) for one in answer.get("item", []))]
        found += [item, *items(below)]
    return found


def draft(version: str) -> Json:
    prefilled = {"valueString": "Arthritis", "extension": [origin("auto-server" if version == "2.2" else "auto")]}
    one = {"linkId": "1.2", "answer": [prefilled]}
    return {
        **{name: member for name, member in response(version).items() if name != "id"},
        "status": "in-progress",
        "item": [{"linkId": "1", "item": [one]}],
    }


def package(version: str) -> Json:
    entry = [
        {"fullUrl": "https://payer.example/fhir/Questionnaire/mtx-1", "resource": form()},
        {"fullUrl": "urn:uuid:6a1d4c2e-93a7-4a55-9a0d-5f0c2b7e8d10", "resource": draft(version)},
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-26T06:00:00Z", "entry": entry}
    issue = [{"severity": "warning", "code": "not-found", "diagnostics": "there is no second form"}]
    names = ("packagebundle", "outcome") if version == "2.2" else ("PackageBundle", "operationOutcome")
    outcome = {"resourceType": "OperationOutcome", "issue": issue}
    parameter = [{"name": name, "resource": one} for name, one in zip(names, (bundle, outcome), strict=True)]
    return {"resourceType": "Parameters", "parameter": parameter}


def rules(found: list[str]) -> set[str]:
    return {fault.partition(":")[0] for fault in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_valid_form_its_answers_its_draft_and_its_package_have_no_fault(version: str) -> None:
    assert questionnaire_faults(form(), version) == []
    assert response_faults(response(version), form(), version) == []
    assert response_faults(draft(version), form(), version) == []
    assert package_faults(package(version), version) == []


def test_what_is_begun_needs_no_required_answer_and_no_items() -> None:
    begun = response("2.2") | {"status": "in-progress"}
    del begun["item"]
    assert response_faults(begun, form()) == []
    assert rules(response_faults(begun | {"status": "completed"}, form())) == {"answer-required"}


def test_the_narrative_is_asked_for_by_2_0_1_alone() -> None:
    bare = form()
    del bare["text"]
    assert questionnaire_faults(bare, "2.2") == []
    assert rules(questionnaire_faults(bare, "2.0.1")) == {"form-text"}


def test_what_is_not_asked_needs_no_answer() -> None:
    other = response("2.2")
    other["item"] = [one for one in other["item"] if one["linkId"] not in ("2a", "4")]
    other["item"][1]["answer"][0]["valueCoding"] |= {"code": "cannot", "display": "A contraindication"}
    asked = {"linkId": "2b.1", "answer": [{"valueString": "A liver disease", "extension": [origin("manual")]}]}
    other["item"].insert(2, {"linkId": "2b", "item": [asked]})
    other["item"][3]["answer"][0]["valueInteger"] = 12
    assert response_faults(other, form()) == []


def test_a_package_without_a_form_is_no_fault_and_2_0_1_needs_no_draft() -> None:
    assert package_faults({"resourceType": "Parameters"}) == []
    without = package("2.0.1")
    del without["parameter"][0]["resource"]["entry"][1]
    assert package_faults(without, "2.0.1") == []


# Changes: an item is named by its linkId, in a form as in a response.


def named(link: str) -> Callable[[Json], Json]:
    return lambda resource: next(one for one in items(resource["item"]) if one["linkId"] == link)


def itself(resource: Json) -> Json:
    return resource


def inside(*path: str | int) -> Callable[[Json], Json]:
    def found(resource: Json) -> Json:
        here: Any = resource
        for step in path:
            here = here[step]
        one: Json = here
        return one

    return found


def sets(place: Callable[[Json], Json], **values: object) -> Change:
    return lambda resource: place(resource).update(copy.deepcopy(values))


def drops(place: Callable[[Json], Json], name: str) -> Change:
    return lambda resource: place(resource).pop(name)


def gains(place: Callable[[Json], Json], name: str, *more: object) -> Change:
    return lambda resource: place(resource).setdefault(name, []).extend(copy.deepcopy(list(more)))


def extends(place: Callable[[Json], Json], url: str, **value: object) -> Change:
    return gains(place, "extension", {"url": url, **value})


def in_turn(*changes: Change) -> Change:
    return lambda resource: [change(resource) for change in changes]


def condition(place: Callable[[Json], Json], **values: object) -> Change:
    return lambda resource: place(resource)["enableWhen"][0].update(values)


def compares(place: Callable[[Json], Json], question: str, operator: str, **answer: object) -> Change:
    return sets(place, enableWhen=[{"question": question, "operator": operator, **answer}])


def expression(text: str, language: str = "text/fhirpath", **more: object) -> Json:
    return {"language": language, "expression": text, **more}


def variable(name: str, text: str, language: str = "text/fhirpath") -> Json:
    return {"url": f"{CORE}variable", "valueExpression": expression(text, language, name=name)}


def asks(query: str) -> Change:
    return lambda resource: resource["extension"][2]["valueExpression"].update(expression=query)


def option(code: object, display: str = "x") -> Json:
    return {"valueCoding": {"system": "urn:x:branch", "code": code, "display": display}}


def control(code: str) -> Json:
    coding = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": code}
    return {"url": f"{CORE}questionnaire-itemControl", "valueCodeableConcept": {"coding": [coding]}}


def category(code: str) -> Json:
    coding = {"system": "http://hl7.org/fhir/questionnaire-display-category", "code": code}
    return {"url": f"{CORE}questionnaire-displayCategory", "valueCodeableConcept": {"coding": [coding]}}


HELP, YES, SAYS, COPY, WHICH = named("1.1.help"), named("1.1"), named("1.2"), named("1.3"), named("2")
TRIAL, DOSE, SINCE, WEEKS, WHY = named("2a"), named("2a.1"), named("2a.2"), named("3"), named("4")
LAUNCHED, QUERY, TIME = inside("extension", 0), inside("extension", 2, "valueExpression"), inside("extension", 5)
BEGIN = f"{SDC}initialExpression"

FORMS: list[Mutant] = [
    ("another resource", "resource-type", "2.2", sets(itself, resourceType="Library")),
    ("a member that R4 does not have", "unknown-member", "2.2", sets(itself, colour="red")),
    ("an item's member of R5", "unknown-member", "2.2", sets(SAYS, disabledDisplay="hidden")),
    ("an item without type", "base-r4", "2.2", drops(YES, "type")),
    ("a date of another form", "base-r4", "2.2", sets(itself, date="1 November 2025")),
    ("an empty list of items", "empty", "2.2", sets(COPY, item=[])),
    ("a title of nothing", "empty", "2.2", sets(itself, description="")),
    ("an id with an underscore", "resource-id", "2.2", sets(itself, id="mtx_1")),
    ("an id of 65 characters", "resource-id", "2.2", sets(itself, id="x" * 65)),
    ("a name with a space", "que-0", "2.2", sets(itself, name="Missing for it")),
    ("a name that begins small", "que-0", "2.2", sets(itself, name="missing")),
    ("one linkId at the top and inside a group", "que-2", "2.2", sets(WEEKS, linkId="2a.1")),
    ("one element id on two items", "id-distinct", "2.2", in_turn(sets(YES, id="e"), sets(WEEKS, id="e"))),
    ("an extension with a value and extensions", "ext-1", "2.2", sets(LAUNCHED, valueString="x")),
    ("an extension that says nothing", "ext-1", "2.2", gains(YES, "extension", {"url": "https://x.example/y"})),
    ("a status of a request", "form-status", "2.2", sets(itself, status="completed")),
    ("no url", "form-url", "2.2", drops(itself, "url")),
    ("a url with its version", "form-url", "2.2", sets(itself, url="https://payer.example/Questionnaire/x|1")),
    ("a url that is a path", "form-url", "2.2", sets(itself, url="/Questionnaire/x")),
    ("no version", "form-version", "2.2", drops(itself, "version")),
    ("a version that a canonical cannot say", "form-version", "2.2", sets(itself, version="2025 11")),
    ("no title", "form-title", "2.2", drops(itself, "title")),
    ("no subject type", "form-subject-type", "2.2", drops(itself, "subjectType")),
    ("two subject types", "form-subject-type", "2.2", sets(itself, subjectType=["Patient", "Group"])),
    ("no items", "form-items", "2.2", drops(itself, "item")),
    ("no effective period", "form-effective-period", "2.2", drops(itself, "effectivePeriod")),
    (
        "an effective period with an end alone",
        "form-effective-period",
        "2.2",
        sets(itself, effectivePeriod={"end": "2026"}),
    ),
    ("no narrative in 2.0.1", "form-text", "2.0.1", drops(itself, "text")),
    (
        "a claim to be adaptive",
        "form-standard",
        "2.2",
        lambda q: q["meta"]["profile"].append(f"{DTR}dtr-questionnaire-adapt"),
    ),
    ("no total time", "completion-time", "2.2", lambda q: TIME(q)["extension"].pop(0)),
    (
        "a time that the list has not",
        "completion-time",
        "2.2",
        sets(inside("extension", 5, "extension", 0), valueCode="an-hour"),
    ),
    ("clinicians without their time", "dtrq-6", "2.2", lambda q: TIME(q)["extension"].pop(1)),
    ("an audience that the list has not", "audience", "2.2", sets(inside("extension", 4), valueCode="nurse")),
    (
        "a patient in the form",
        "nobody-in-the-form",
        "2.2",
        extends(WEEKS, "https://x.example/who", valueReference={"reference": "Patient/p"}),
    ),
    (
        "a library without its version",
        "canonical-version",
        "2.2",
        extends(itself, f"{CORE}cqf-library", valueCanonical="https://payer.example/Library/x"),
    ),
    (
        "a place to send answers to",
        "extension-never",
        "2.2",
        extends(itself, f"{SDC}endpoint", valueUri="https://x.example"),
    ),
    (
        "an expectation to be assembled",
        "extension-never",
        "2.2",
        extends(itself, f"{SDC}assemble-expectation", valueCode="assemble-root"),
    ),
    (
        "a display that may be left out",
        "extension-never",
        "2.2",
        extends(HELP, f"{SDC}optionalDisplay", valueBoolean=True),
    ),
    ("a launch context on an item", "extension-place", "2.2", lambda q: YES(q).update(extension=[LAUNCHED(q)])),
    ("an item control on the form", "extension-place", "2.2", gains(itself, "extension", control("help"))),
    ("two item controls", "extension-once", "2.2", gains(HELP, "extension", control("help"))),
    (
        "a hidden item by a word",
        "extension-value",
        "2.2",
        extends(HELP, f"{CORE}questionnaire-hidden", valueString="yes"),
    ),
    (
        "a hidden item by a word in a boolean",
        "extension-value",
        "2.2",
        extends(HELP, f"{CORE}questionnaire-hidden", valueBoolean="yes"),
    ),
    ("a variable that is a text", "extension-value", "2.2", extends(itself, f"{CORE}variable", valueString="x")),
    ("help that is a question", "item-control", "2.2", gains(YES, "extension", control("help"))),
    ("a slider that is shown", "item-control", "2.2", sets(HELP, extension=[control("slider")])),
    ("instructions that are a question", "display-category", "2.2", gains(YES, "extension", category("instructions"))),
    ("a category that the list has not", "display-category", "2.2", gains(HELP, "extension", category("hint"))),
    ("two categories", "extension-once", "2.2", lambda q: HELP(q)["extension"].extend([category("security")] * 2)),
    ("a control that the list has not", "item-control", "2.2", sets(HELP, extension=[control("hint")])),
    ("a launch context without name", "launch-shape", "2.2", lambda q: LAUNCHED(q)["extension"].pop(0)),
    ("a launch context without type", "launch-shape", "2.2", lambda q: LAUNCHED(q)["extension"].pop(1)),
    ("a launch context with a part of its own", "launch-shape", "2.2", extends(LAUNCHED, "id", valueString="p")),
    (
        "a launch name with a hyphen",
        "launch-shape",
        "2.2",
        lambda q: LAUNCHED(q)["extension"][0]["valueCoding"].update(code="the-patient", system="urn:x"),
    ),
    (
        "a launch code that SDC has not",
        "launch-code",
        "2.2",
        lambda q: LAUNCHED(q)["extension"][0]["valueCoding"].update(code="subject"),
    ),
    (
        "a launch code that SDC 3 has not",
        "launch-code",
        "2.0.1",
        lambda q: LAUNCHED(q)["extension"][0]["valueCoding"].update(code="clinical"),
    ),
    (
        "a launch code without system",
        "launch-code",
        "2.2",
        lambda q: LAUNCHED(q)["extension"][0]["valueCoding"].pop("system"),
    ),
    (
        "a patient that is a practitioner",
        "sdc-lcext-1",
        "2.2",
        sets(inside("extension", 0, "extension", 1), valueCode="Practitioner"),
    ),
    ("two launch contexts of one name", "launch-distinct", "2.2", lambda q: q["extension"].append(LAUNCHED(q))),
    ("an expression without language", "expression-language", "2.2", drops(QUERY, "language")),
    ("an expression in javascript", "expression-language", "2.2", sets(QUERY, language="text/javascript")),
    ("an expression that says nothing", "exp-1", "2.2", drops(QUERY, "expression")),
    ("a variable without name", "variable-name", "2.2", drops(QUERY, "name")),
    ("a variable with a hyphen", "variable-name", "2.2", sets(QUERY, name="the-conditions")),
    ("two variables of one name", "variable-distinct", "2.2", gains(itself, "extension", variable("texts", "1"))),
    (
        "a variable that hides the patient",
        "variable-distinct",
        "2.2",
        gains(itself, "extension", variable("patient", "1")),
    ),
    (
        "an item's variable that hides the form's",
        "variable-distinct",
        "2.2",
        gains(YES, "extension", variable("texts", "1")),
    ),
    (
        "a variable that hides FHIRPath's own",
        "variable-distinct",
        "2.2",
        gains(itself, "extension", variable("resource", "1")),
    ),
    (
        "a query of a name that nobody declared",
        "expression-names",
        "2.2",
        sets(QUERY, expression="Condition?patient={{%patient.id}}&code={{%code}}"),
    ),
    (
        "an expression that says a later variable",
        "expression-names",
        "2.2",
        lambda q: q["extension"].insert(2, q["extension"].pop(3)),
    ),
    (
        "an expression that says another item's variable",
        "expression-names",
        "2.2",
        extends(WEEKS, f"{SDC}calculatedExpression", valueExpression=expression("%first.length()")),
    ),
    (
        "a query of another server",
        "query-form",
        "2.2",
        sets(QUERY, expression="https://x.example/Condition?patient={{%patient.id}}"),
    ),
    ("a query with open braces", "query-form", "2.2", sets(QUERY, expression="Condition?patient={{%patient.id}")),
    (
        "a query by a parameter that R4 has not",
        "query-parameters",
        "2.2",
        asks("Condition?patient={{%patient.id}}&name=x"),
    ),
    (
        "a query sorted by what R4 has not",
        "query-parameters",
        "2.2",
        asks("Condition?patient={{%patient.id}}&_sort=-date"),
    ),
    ("a query of everybody", "query-of-the-patient", "2.2", sets(QUERY, expression="Condition?code=x")),
    (
        "a group that begins with an expression",
        "initial-expression-place",
        "2.2",
        extends(TRIAL, BEGIN, valueExpression=expression("1")),
    ),
    (
        "an expression beside an initial value",
        "initial-expression-alone",
        "2.2",
        extends(WEEKS, BEGIN, valueExpression=expression("1")),
    ),
    (
        "an expression beside a chosen option",
        "initial-expression-alone",
        "2.2",
        in_turn(
            extends(WHICH, BEGIN, valueExpression=expression("1")),
            lambda q: WHICH(q)["answerOption"][0].update(initialSelected=True),
        ),
    ),
    # Items.
    ("an item type of R5", "item-type", "2.2", sets(WHICH, type="coding")),
    ("an item of type question", "item-type", "2.2", sets(YES, type="question")),
    ("a linkId with a space behind it", "link-id", "2.2", sets(WEEKS, linkId="3 ")),
    ("a group without items", "que-1", "2.2", drops(TRIAL, "item")),
    ("a display with items", "que-1", "2.2", sets(HELP, item=[{"linkId": "h", "type": "display", "text": "x"}])),
    ("a display with a code", "que-3", "2.2", sets(HELP, code=[{"system": "urn:x", "code": "y"}])),
    ("options beside a value set", "que-4", "2.2", sets(WHICH, answerValueSet="https://x.example/ValueSet/y|1")),
    ("a value set of a text", "que-5", "2.2", sets(SAYS, answerValueSet="https://x.example/ValueSet/y|1")),
    ("a display that is required", "que-6", "2.2", sets(HELP, required=False)),
    ("a display that repeats", "que-6", "2.2", sets(HELP, repeats=True)),
    ("existence compared with a number", "que-7", "2.2", compares(WHY, "3", "exists", answerInteger=1)),
    ("a group with an initial value", "que-8", "2.2", sets(TRIAL, initial=[{"valueBoolean": True}])),
    ("a display that is read only", "que-9", "2.2", sets(HELP, readOnly=True)),
    ("a length of an attachment", "que-10", "2.2", sets(COPY, maxLength=10)),
    ("a length of a choice", "que-10", "2.2", sets(WHICH, maxLength=10)),
    ("options beside an initial value", "que-11", "2.2", sets(WHICH, initial=[option("failed")])),
    ("two conditions without behavior", "que-12", "2.2", drops(WHY, "enableBehavior")),
    (
        "two initial values of one answer",
        "que-13",
        "2.2",
        sets(WEEKS, initial=[{"valueInteger": 1}, {"valueInteger": 2}]),
    ),
    ("a behavior of its own", "enable-behavior", "2.2", sets(WHY, enableBehavior="none")),
    ("a length of nothing", "max-length", "2.2", sets(SAYS, maxLength=0)),
    ("options of a boolean", "option-place", "2.2", sets(YES, answerOption=[option("x")])),
    ("a choice of nothing", "dtrq-2", "2.2", drops(WHICH, "answerOption")),
    ("an option without value", "option-value", "2.2", gains(WHICH, "answerOption", {"initialSelected": False})),
    ("an option without code", "option-value", "2.2", lambda q: WHICH(q)["answerOption"][0]["valueCoding"].pop("code")),
    (
        "an option of no display",
        "option-display",
        "2.2",
        lambda q: WHICH(q)["answerOption"][0]["valueCoding"].pop("display"),
    ),
    ("an option twice", "option-distinct", "2.2", gains(WHICH, "answerOption", option("failed", "Another"))),
    (
        "two options chosen",
        "initial-selected",
        "2.2",
        lambda q: [one.update(initialSelected=True) for one in WHICH(q)["answerOption"]],
    ),
    ("an initial value of another type", "initial-type", "2.2", sets(WEEKS, initial=[{"valueString": "12"}])),
    (
        "an initial text that is too long",
        "initial-length",
        "2.2",
        in_turn(drops(SAYS, "extension"), sets(SAYS, initial=[{"valueString": "x" * 41}])),
    ),
    ("a quantity of any unit", "dtrq-3", "2.2", drops(DOSE, "extension")),
    ("a reference to anything", "dtrq-4", "2.2", sets(COPY, type="reference")),
    ("a question without words", "item-text", "2.2", drops(YES, "text")),
    ("a group without words", "item-text", "2.2", drops(TRIAL, "text")),
    ("an operator that R4 has not", "enable-when-operator", "2.2", condition(TRIAL, operator="==")),
    ("a condition on no item", "enable-when-target", "2.2", condition(TRIAL, question="2.0")),
    ("a condition on a group", "enable-when-question", "2.2", condition(TRIAL, question="1")),
    ("a condition on what comes later", "enable-when-before", "2.2", compares(YES, "3", "=", answerInteger=1)),
    ("a condition on itself", "enable-when-before", "2.2", compares(WEEKS, "3", "=", answerInteger=1)),
    ("a choice compared with a text", "enable-when-type", "2.2", compares(TRIAL, "2", "=", answerString="failed")),
    ("a number compared with a code", "enable-when-type", "2.2", compares(WHY, "3", "=", answerCoding={"code": "8"})),
    (
        "a condition with two answers",
        "enable-when-type",
        "2.2",
        compares(WHY, "3", "=", answerInteger=8, answerDecimal=8.0),
    ),
    (
        "a condition on an option that there is not",
        "enable-when-option",
        "2.2",
        compares(TRIAL, "2", "=", answerCoding={"system": "urn:x:branch", "code": "tried"}),
    ),
]


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in FORMS])
def test_a_broken_form_is_found_by_the_rule_it_breaks(rule: str, version: str, change: Change) -> None:
    broken = form()
    change(broken)
    assert rule in rules(questionnaire_faults(broken, version))


WORDED = [{"valueString": "failed"}, {"valueString": "cannot"}]
VALUE_SET = {"resourceType": "ValueSet", "id": "branches", "status": "active"}
ALLOWED: list[tuple[str, Change]] = [
    ("help that is told to be instructions", gains(HELP, "extension", category("instructions"))),
    (
        "a launch name of SDC 4",
        lambda q: q["extension"].append(
            {
                "url": f"{SDC}launchContext",
                "extension": [
                    {"url": "name", "valueCoding": {"system": dtr_rules.LAUNCH_SYSTEM, "code": "clinical"}},
                    {"url": "type", "valueCode": "MedicationRequest"},
                ],
            }
        ),
    ),
    (
        "options that are words, and a condition on one",
        in_turn(
            sets(WHICH, answerOption=WORDED),
            compares(TRIAL, "2", "=", answerString="failed"),
            compares(named("2b"), "2", "=", answerString="cannot"),
        ),
    ),
    (
        "a value set that is contained",
        in_turn(
            sets(itself, contained=[VALUE_SET]), drops(WHICH, "answerOption"), sets(WHICH, answerValueSet="#branches")
        ),
    ),
    ("a query of the patient by id", asks("Patient/{{%patient.id}}")),
    ("a query of the user by id", asks("Practitioner/{{%user.id}}")),
    ("a query with a modifier and a system", asks("Condition?patient={{%patient.id}}&code:below=http://x.example|L40")),
    ("a question below a question", gains(WEEKS, "item", {"linkId": "3.1", "type": "string", "text": "Of which kind"})),
    ("a condition on existence", compares(TRIAL, "1.3", "exists", answerBoolean=True)),
    (
        "a control of another system",
        lambda q: HELP(q)["extension"][0]["valueCodeableConcept"]["coding"][0].update(system="urn:x", code="y"),
    ),
    (
        "several first values of a question that repeats",
        sets(SINCE, initial=[{"valueDate": "2026"}, {"valueDate": "2025"}]),
    ),
    (
        "a group that is required and hidden",
        in_turn(sets(TRIAL, required=True), extends(TRIAL, f"{CORE}questionnaire-hidden", valueBoolean=True)),
    ),
    (
        "a date and a period of months",
        sets(itself, date="2025-11", effectivePeriod={"start": "2025-11", "end": "2026-11"}),
    ),
]


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in ALLOWED])
def test_a_form_may_have(change: Change) -> None:
    allowed = form()
    change(allowed)
    assert questionnaire_faults(allowed, "2.2") == []


def answer(link: str) -> Callable[[Json], Json]:
    def found(resource: Json) -> Json:
        one: Json = named(link)(resource)["answer"][0]
        return one

    return found


def says(link: str, **value: object) -> Change:
    """An answer says something else, with its origin."""
    said = {**value, "extension": [origin("manual")]}
    return lambda resource: named(link)(resource).update(answer=[copy.deepcopy(said)])


def of_origin(link: str, *parts: Json) -> Change:
    told = {"url": f"{DTR}information-origin", "extension": list(parts)}
    return lambda resource: answer(link)(resource).update(extension=[copy.deepcopy(told)])


def without(link: str) -> Change:
    """An item is gone, wherever it stood."""

    def change(resource: Json) -> None:
        for holder in (resource, *items(resource["item"])):
            if "item" in holder:
                holder["item"] = [one for one in holder["item"] if one["linkId"] != link]

    return change


def moves(link: str, last: bool = True) -> Change:
    """A top item is put at the end, or at the beginning."""

    def change(resource: Json) -> None:
        one = next(one for one in resource["item"] if one["linkId"] == link)
        resource["item"].remove(one)
        resource["item"].insert(len(resource["item"]) if last else 0, one)

    return change


def second_trial_without_dose(resource: Json) -> None:
    second = [one for one in resource["item"] if one["linkId"] == "2a"][1]
    since = {"linkId": "2a.2", "answer": [{"valueDate": "2026-03", "extension": [origin("manual")]}]}
    second["item"] = [since]


COVERAGE, ORDER, USE = inside("extension", 0), inside("extension", 1), inside("extension", 2)
SOURCE = {"url": "source", "valueCode": "manual"}
DOCTOR = {"url": "practitioner", "valueReference": {"reference": "Practitioner/d"}}
PATIENT = {"reference": "Patient/p", "display": "A. Example"}
BRANCH = {"system": "urn:x:branch", "code": "cannot"}

RESPONSES: list[Mutant] = [
    ("another resource", "qr-type", "2.2", sets(itself, resourceType="Questionnaire")),
    ("a member of the form's item", "qr-unknown-member", "2.2", sets(YES, type="boolean")),
    ("a text that is a number", "qr-base-r4", "2.2", sets(YES, text={"value": 7})),
    ("a question with no answers in its list", "qr-empty", "2.2", sets(WEEKS, answer=[])),
    ("an extension that says nothing", "qr-ext-1", "2.2", gains(YES, "extension", {"url": "https://x.example/y"})),
    ("a status of a form", "qr-status", "2.2", sets(itself, status="active")),
    ("no form", "qr-questionnaire", "2.2", drops(itself, "questionnaire")),
    (
        "a form without version",
        "qr-questionnaire",
        "2.2",
        sets(itself, questionnaire="https://payer.example/fhir/Questionnaire/mtx-1"),
    ),
    (
        "another version of the form",
        "qr-questionnaire",
        "2.2",
        sets(itself, questionnaire="https://payer.example/fhir/Questionnaire/mtx-1|2024-11"),
    ),
    ("no subject", "qr-subject", "2.2", drops(itself, "subject")),
    ("a subject that is a group", "qr-subject", "2.2", sets(itself, subject={"reference": "Group/p"})),
    ("no date", "qr-authored", "2.2", drops(itself, "authored")),
    ("a date without zone", "qr-authored", "2.2", sets(itself, authored="2026-11-26T06:00:00")),
    ("an order by basedOn", "qr-no-ties", "2.2", sets(itself, basedOn=[{"reference": "ServiceRequest/s"}])),
    ("a part of an observation", "qr-no-ties", "2.2", sets(itself, partOf=[{"reference": "Observation/o"}])),
    ("a patient as context", "qr-context-type", "2.2", sets(ORDER, valueReference={"reference": "Patient/p"})),
    (
        "a Coverage by qr-context in 2.2",
        "qr-context-type",
        "2.2",
        sets(ORDER, valueReference={"reference": "Coverage/c"}),
    ),
    (
        "an order by qr-coverage",
        "qr-context-type",
        "2.2",
        sets(COVERAGE, valueReference={"reference": "MedicationRequest/m"}),
    ),
    ("no coverage", "qr-context", "2.2", lambda r: r["extension"].pop(0)),
    ("no coverage in 2.0.1", "qr-context", "2.0.1", lambda r: r["extension"].pop(0)),
    ("no order in 2.0.1", "qr-context", "2.0.1", lambda r: r["extension"].pop(1)),
    ("a qr-coverage in 2.0.1", "qr-context-version", "2.0.1", lambda r: r["extension"].append(about("2.2")[0])),
    ("one order twice", "qr-context-once", "2.2", lambda r: r["extension"].append(ORDER(r))),
    ("no intended use", "qr-intended-use", "2.2", lambda r: r["extension"].pop(2)),
    (
        "an intended use that the list has not",
        "qr-intended-use",
        "2.2",
        lambda r: USE(r)["valueCodeableConcept"]["coding"][0].update(code="withletter"),
    ),
    (
        "a subject on the payer's server",
        "qr-references",
        "2.2",
        sets(itself, subject={"reference": "https://payer.example/fhir/Patient/p"}),
    ),
    ("a contained author that is not there", "qr-contained", "2.2", sets(itself, author={"reference": "#me"})),
    ("a linkId that the form has not", "answer-known", "2.2", sets(WEEKS, linkId="5")),
    ("one question as two items", "answer-once", "2.2", lambda r: r["item"].insert(-1, copy.deepcopy(WEEKS(r)))),
    (
        "one group twice that does not repeat",
        "answer-once",
        "2.2",
        lambda r: r["item"].insert(1, copy.deepcopy(r["item"][0])),
    ),
    ("the first group last", "answer-order", "2.2", moves("1")),
    ("the last question first", "answer-order", "2.2", moves("4", last=False)),
    ("no required answer", "answer-required", "2.2", without("1.1")),
    ("no required answer in a branch that is chosen", "answer-required", "2.2", without("2a")),
    ("a second group without what is required in it", "answer-required", "2.2", second_trial_without_dose),
    ("a group that is there without what is required", "answer-required", "2.2", lambda r: r["item"][0]["item"].pop(0)),
    ("a group that is gone with what is required", "answer-required", "2.2", without("1")),
    ("a required question without answers", "answer-required", "2.2", drops(WHICH, "answer")),
    ("items beside an answer", "qrs-1", "2.2", sets(YES, item=[{"linkId": "1.1.help"}])),
    (
        "an item of a group at the top",
        "answer-place",
        "2.2",
        lambda r: r["item"].insert(1, r["item"][0]["item"].pop(1)),
    ),
    ("a top item in a group", "answer-place", "2.2", lambda r: r["item"][0]["item"].append(r["item"].pop(4))),
    (
        "help beside the answer that it belongs below",
        "answer-place",
        "2.2",
        lambda r: (YES(r).pop("answer"), YES(r).update(item=[{"linkId": "1.1.help"}])),
    ),
    ("a group that is answered", "answer-of-no-question", "2.2", says("2a", valueBoolean=True)),
    ("help that is answered", "answer-of-no-question", "2.2", says("1.1.help", valueString="x")),
    ("an answer that holds nothing", "answer-value", "2.2", says("3")),
    ("an answer that holds two values", "answer-value", "2.2", says("3", valueInteger=8, valueDecimal=8)),
    ("a boolean in words", "answer-type", "2.2", says("1.1", valueString="yes")),
    ("a number as a quantity", "answer-type", "2.2", says("3", valueQuantity={"value": 8})),
    ("a choice in words", "answer-type", "2.2", says("2", valueString="failed")),
    ("a number that is text", "answer-form", "2.2", says("3", valueInteger="8")),
    ("a text of spaces", "answer-form", "2.2", says("1.2", valueString="  ")),
    ("two answers to one question", "answer-repeats", "2.2", lambda r: WEEKS(r)["answer"].append(answer("3")(r))),
    (
        "an option that there is not",
        "answer-option",
        "2.2",
        says("2", valueCoding={"system": "urn:x:branch", "code": "x"}),
    ),
    (
        "an option of another system",
        "answer-option",
        "2.2",
        says("2", valueCoding={"system": "urn:y", "code": "failed"}),
    ),
    ("an answer of one character too many", "answer-length", "2.2", says("1.2", valueString="x" * 41)),
    ("an answer in a branch that is not chosen", "answer-disabled", "2.2", says("2", valueCoding=BRANCH)),
    ("an answer to what a number closed", "answer-disabled", "2.2", says("3", valueInteger=12)),
    ("an answer without origin", "origin-once", "2.2", drops(answer("3"), "extension")),
    ("an answer with two origins", "origin-once", "2.0.1", gains(answer("3"), "extension", origin("manual"))),
    ("an origin without source", "origin-source", "2.2", of_origin("3", {"url": "author", "extension": [DOCTOR]})),
    ("a source of 2.0.1 in 2.2", "origin-source", "2.2", of_origin("3", {"url": "source", "valueCode": "auto"})),
    (
        "a source of 2.2 in 2.0.1",
        "origin-source",
        "2.0.1",
        of_origin("3", {"url": "source", "valueCode": "auto-server"}),
    ),
    ("an answer by hand and by nobody", "dtrx-1", "2.2", of_origin("3", SOURCE)),
    (
        "an author of what the server filled in",
        "dtrx-1",
        "2.2",
        of_origin("3", {"url": "source", "valueCode": "auto-server"}, {"url": "author", "extension": [DOCTOR]}),
    ),
    (
        "an author by a value",
        "origin-author",
        "2.2",
        of_origin("3", SOURCE, {"url": "author", "valueReference": {"reference": "Practitioner/d"}}),
    ),
    (
        "an author who is a patient",
        "origin-author",
        "2.2",
        of_origin(
            "3", SOURCE, {"url": "author", "extension": [{**DOCTOR, "valueReference": {"reference": "Patient/p"}}]}
        ),
    ),
    (
        "an author of whom nothing is said",
        "origin-author",
        "2.2",
        of_origin("3", SOURCE, {"url": "author", "extension": [{**DOCTOR, "valueReference": {"display": " "}}]}),
    ),
    (
        "an author who is a patient with a name",
        "origin-author",
        "2.2",
        of_origin("3", SOURCE, {"url": "author", "extension": [{**DOCTOR, "valueReference": PATIENT}]}),
    ),
]


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in RESPONSES])
def test_a_broken_response_is_found_by_the_rule_it_breaks(rule: str, version: str, change: Change) -> None:
    broken = response(version)
    change(broken)
    assert rule in rules(response_faults(broken, form(), version))


@pytest.mark.parametrize(
    ("operator", "open_at"),
    [("<", {7}), ("<=", {7, 8}), ("=", {8}), ("!=", {7, 9}), (">=", {8, 9}), (">", {9})],
)
def test_a_number_opens_a_question_by_its_operator(operator: str, open_at: set[int]) -> None:
    asked = form()
    compares(WHY, "3", operator, answerInteger=8)(asked)
    for weeks in (7, 8, 9):
        answered = response("2.2")
        says("3", valueInteger=weeks)(answered)
        expected = set() if weeks in open_at else {"answer-disabled"}
        assert rules(response_faults(answered, asked)) == expected


@pytest.mark.parametrize(("behavior", "faults"), [("any", set()), ("all", {"answer-disabled"})])
def test_one_of_two_conditions_opens_a_question_where_any_does(behavior: str, faults: set[str]) -> None:
    asked, answered = form(), response("2.2")
    sets(WHY, enableBehavior=behavior)(asked)
    says("3", valueInteger=12)(answered)
    assert rules(response_faults(answered, asked)) == faults


def test_what_stands_in_a_closed_branch_is_closed() -> None:
    answered = response("2.2")
    says("2", valueCoding=BRANCH)(answered)
    found = [fault for fault in response_faults(answered, form()) if fault.startswith("answer-disabled")]
    assert [fault.split(": ")[1] for fault in found] == ["2a.1", "2a.2", "2a.1"]
    assert "answer-required: 2b.1: has no answer" in response_faults(answered, form())


def test_a_text_of_as_many_characters_as_are_allowed_is_allowed() -> None:
    answered = response("2.2")
    says("1.2", valueString="x" * 40)(answered)
    assert response_faults(answered, form()) == []


def test_an_author_whom_no_server_holds_may_be_named_in_words_alone() -> None:
    answered = response("2.2")
    named = {"url": "author", "extension": [{**DOCTOR, "valueReference": {"display": "A. Example, MD"}}]}
    of_origin("3", SOURCE, named)(answered)
    assert response_faults(answered, form()) == []


def test_a_group_that_repeats_may_be_left_out_where_it_is_not_required() -> None:
    asked, answered = form(), response("2.2")
    drops(TRIAL, "required")(asked)
    without("2a")(answered)
    assert response_faults(answered, asked) == []


BUNDLE, OUTCOME = inside("parameter", 0, "resource"), inside("parameter", 1, "resource")
FIRST, SECOND = inside("parameter", 0, "resource", "entry", 0), inside("parameter", 0, "resource", "entry", 1)
DRAFT = inside("parameter", 0, "resource", "entry", 1, "resource")
NOTE = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
PACKAGES: list[Mutant] = [
    ("a Bundle that is not in Parameters", "package-parameters", "2.2", sets(itself, resourceType="Bundle")),
    ("the name of 2.0.1 in 2.2", "package-names", "2.2", sets(inside("parameter", 0), name="PackageBundle")),
    ("the name of 2.2 in 2.0.1", "package-names", "2.0.1", sets(inside("parameter", 1), name="outcome")),
    ("a parameter without resource", "package-values", "2.2", gains(itself, "parameter", {"name": "packagebundle"})),
    ("a parameter with a value", "package-values", "2.2", sets(inside("parameter", 1), valueString="x")),
    ("two outcomes", "package-outcome", "2.2", lambda p: p["parameter"].append(p["parameter"][1])),
    ("an outcome that is no outcome", "package-outcome", "2.2", sets(OUTCOME, resourceType="Basic")),
    ("an outcome without issues", "package-outcome", "2.2", drops(OUTCOME, "issue")),
    (
        "an issue of another severity",
        "package-outcome-codes",
        "2.2",
        sets(inside("parameter", 1, "resource", "issue", 0), severity="bad"),
    ),
    (
        "an issue without words",
        "package-outcome-codes",
        "2.2",
        drops(inside("parameter", 1, "resource", "issue", 0), "diagnostics"),
    ),
    ("one draft in two Bundles", "drafts-distinct", "2.2", lambda p: p["parameter"].append(p["parameter"][0])),
    ("one form in two Bundles", "package-distinct", "2.2", lambda p: p["parameter"].append(p["parameter"][0])),
    (
        "another patient's draft",
        "package-one-patient",
        "2.2",
        lambda p: (
            p["parameter"].append(copy.deepcopy(p["parameter"][0])),
            DRAFT(p).update(subject={"reference": "Patient/q"}),
        ),
    ),
    ("a Bundle of another type", "bundle-type", "2.2", sets(BUNDLE, type="searchset")),
    ("a timestamp without zone", "bundle-base-r4", "2.2", sets(BUNDLE, timestamp="yesterday")),
    ("an issue beside the entries", "bundle-unknown-member", "2.2", sets(BUNDLE, issues=[{"severity": "error"}])),
    ("an empty member in a Bundle", "bundle-empty", "2.2", sets(BUNDLE, link=[])),
    ("the draft before the form", "dtrb-1", "2.2", lambda p: BUNDLE(p)["entry"].reverse()),
    ("two forms in one Bundle", "one-form", "2.2", lambda p: BUNDLE(p)["entry"].append(FIRST(p))),
    ("no draft in 2.2", "one-draft", "2.2", lambda p: BUNDLE(p)["entry"].pop()),
    ("two drafts", "one-draft", "2.0.1", lambda p: BUNDLE(p)["entry"].append(SECOND(p))),
    ("a draft that is completed", "draft-status", "2.2", sets(DRAFT, status="completed")),
    (
        "a draft that somebody answered",
        "draft-origin",
        "2.2",
        lambda p: answer("1.2")(DRAFT(p)).update(extension=[origin("manual")]),
    ),
    (
        "a resource of another type",
        "bundle-closed",
        "2.2",
        lambda p: BUNDLE(p)["entry"].append({"fullUrl": "https://x.example/Basic/b", "resource": NOTE}),
    ),
    ("an entry without fullUrl", "full-url", "2.2", drops(FIRST, "fullUrl")),
    (
        "a fullUrl of another id",
        "full-url",
        "2.2",
        sets(FIRST, fullUrl="https://payer.example/fhir/Questionnaire/x"),
    ),
    ("a relative fullUrl", "full-url", "2.2", sets(FIRST, fullUrl="Questionnaire/mtx-1")),
    ("one fullUrl twice", "bdl-7", "2.2", lambda p: SECOND(p).update(fullUrl=FIRST(p)["fullUrl"])),
    ("a total", "bundle-no-search", "2.2", sets(BUNDLE, total=2)),
    ("a search mode", "bundle-no-search", "2.2", sets(FIRST, search={"mode": "match"})),
    ("a form without id", "bundle-ids", "2.2", drops(inside("parameter", 0, "resource", "entry", 0, "resource"), "id")),
    ("a draft with an id", "draft-nowhere", "2.2", sets(DRAFT, id="d-1")),
    (
        "a draft at a place on the payer's server",
        "draft-nowhere",
        "2.0.1",
        sets(SECOND, fullUrl="https://payer.example/fhir/QuestionnaireResponse/d-1"),
    ),
    ("a draft under what is no UUID", "draft-nowhere", "2.2", sets(SECOND, fullUrl="urn:uuid:mtx-1")),
    ("a draft under an OID", "draft-nowhere", "2.2", sets(SECOND, fullUrl="urn:oid:1.2.3")),
    (
        "a value set that is not in the package",
        "bundle-whole",
        "2.2",
        lambda p: WHICH(FIRST(p)["resource"]).update(answerOption=[], answerValueSet="https://x.example/ValueSet/y|1"),
    ),
    ("a form in it that breaks a rule", "que-1", "2.2", lambda p: TRIAL(FIRST(p)["resource"]).pop("item")),
    ("a draft in it that breaks a rule", "qr-context", "2.2", lambda p: DRAFT(p)["extension"].pop(0)),
]


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in PACKAGES])
def test_a_broken_package_is_found_by_the_rule_it_breaks(rule: str, version: str, change: Change) -> None:
    broken = package(version)
    change(broken)
    assert rule in rules(package_faults(broken, version))


# Of the tool as a whole.

TABLES: tuple[tuple[tuple[str, object], ...], ...] = (
    *(dtr_rules.FORM_RULES, dtr_rules.ITEM_RULES, dtr_rules.RESPONSE_RULES, dtr_rules.SAID_RULES),
    *(dtr_rules.PACKAGE_RULES, dtr_rules.OUTPUT_RULES),
)


def test_every_rule_is_broken_by_some_mutant_and_has_a_name_of_its_own() -> None:
    names = [rule for table in TABLES for rule, _ in table]
    assert len(set(names)) == len(names)
    assert set(names) - {rule for _, rule, *_ in [*FORMS, *RESPONSES, *PACKAGES]} == set()


@pytest.mark.parametrize("mutants", [FORMS, RESPONSES, PACKAGES])
def test_every_sentence_is_said_once(mutants: list[Mutant]) -> None:
    sentences = [name for name, *_ in mutants]
    assert len(set(sentences)) == len(sentences)


WORDS = st.sampled_from(
    (
        *("url", "extension", "resource", "resourceType", "id", "type", "item", "linkId", "answer", "answerOption"),
        *("enableWhen", "question", "operator", "answerCoding", "valueCoding", "valueExpression", "valueCode", "code"),
        *("initial", "contained", "reference", "valueReference", "entry", "name", "language", "expression", "group"),
        *("choice", "boolean", "parameter", "packagebundle", "Questionnaire", "QuestionnaireResponse", "source"),
        *("author", f"{SDC}launchContext", f"{CORE}variable", f"{DTR}information-origin", f"{DTR}qr-context", ">"),
        *("maxLength", "valueString", "text/fhirpath", "application/x-fhir-query", "exists", "required", "system"),
    )
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=14,
)
OBJECT = st.dictionaries(WORDS, ANY, max_size=6)


@given(OBJECT, OBJECT, st.sampled_from(VERSIONS))
def test_any_json_is_judged_without_an_exception(body: Json, other: Json, version: str) -> None:
    assert questionnaire_faults(body, version) != []
    assert response_faults(other, body, version) != []
    entry = [{"resource": {**body, "resourceType": "Questionnaire"}}]
    entry.append({"resource": {**other, "resourceType": "QuestionnaireResponse"}})
    name = dtr_rules.NAMES[version][0]
    assert package_faults({"parameter": [{"name": name, "resource": {"entry": entry}}]}, version) != []
    assert isinstance(package_faults(body, version), list)


@given(st.data(), st.sampled_from(VERSIONS))
def test_a_form_with_anything_in_place_of_anything_is_judged_without_an_exception(
    data: st.DataObject, version: str
) -> None:
    asked, said = form(), response(version)
    for resource in (asked, said):
        _, spoiled = data.draw(st.sampled_from(list(dtr_rules.nodes(resource))))
        spoiled[data.draw(st.sampled_from(sorted(spoiled)))] = data.draw(ANY)
    assert isinstance(questionnaire_faults(asked, version), list)
    assert isinstance(response_faults(said, asked, version), list)
