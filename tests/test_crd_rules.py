"""The second opinion judged: valid answers pass, and every rule finds the answer that breaks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import crd_rules
from tests.crd_rules import (
    COVERAGE_INFORMATION,
    TEMP,
    TOPIC_SYSTEM,
    Json,
    Version,
    discovery_faults,
    faults,
    response_faults,
)

Change = Callable[[Any], object]
Mutant = tuple[str, str, Version, Change]

VERSIONS: tuple[Version, ...] = ("2.0", "2.2")
DETAIL = "http://terminology.hl7.org/CodeSystem/crd-coverage-detail"
DRAFT = """{
  "resourceType": "MedicationRequest", "id": "mtx", "status": "draft", "intent": "order",
  "extension": [
    {"url": "https://ehr.example/order-set", "valueString": "rheumatology"},
    {"url": "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information", "extension": [
      {"url": "coverage", "valueReference": {"reference": "Coverage/other"}},
      {"url": "covered", "valueCode": "covered"}, {"url": "pa-needed", "valueCode": "no-auth"},
      {"url": "date", "valueDate": "2026-01-05"}, {"url": "coverage-assertion-id", "valueString": "B-1"}]}],
  "medicationCodeableConcept": {"text": "methotrexate 2.5 mg"},
  "subject": {"reference": "Patient/p"}, "note": [{"text": ""}],
  "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 12.50, "unit": "mg"}}]}]
}"""


def read(text: str) -> Json:
    found: Json = json.loads(text, parse_float=Decimal)
    return found


def code(name: str, value: str) -> Json:
    return {"url": name, "valueCode": value}


def text(name: str, value: str) -> Json:
    return {"url": name, "valueString": value}


def because(words: str, reason: str = "") -> Json:
    coding: Json = {"coding": [{"system": TEMP, "code": reason}]} if reason else {}
    return {"url": "reason", "valueCodeableConcept": {**coding, "text": words}}


def detail(version: Version, name: str, category: str = "cat-limitation", **value: object) -> Json:
    system = DETAIL if version == "2.2" else TEMP
    parts = [
        {"url": "code", "valueCodeableConcept": {"coding": [{"system": system, "code": name}]}},
        {"url": "value", **value},
    ]
    return {"url": "detail", "extension": ([code("category", category)] if version == "2.2" else []) + parts}


def coverage_information(*parts: Json, coverage: str = "Coverage/cov", assertion: str = "A-1") -> Json:
    first: Json = {"url": "coverage", "valueReference": {"reference": coverage}}
    last: list[Json] = [{"url": "date", "valueDate": "2026-03-10"}, text("coverage-assertion-id", assertion)]
    return {"url": COVERAGE_INFORMATION, "extension": [first, *parts, *last]}


def filed(extension: Json, draft: Json) -> Json:
    resource = copy.deepcopy(draft)
    resource["extension"].append(extension)
    return {"type": "update", "description": "Coverage information added", "resource": resource}


def allowed(version: Version) -> list[Json]:
    quantity = {"value": Decimal("4"), "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"}
    period = {"start": "2026-03-10", "end": "2026-09-10"}
    return [
        detail(version, "allowed-quantity", valueQuantity=quantity),
        detail(version, "allowed-period", valuePeriod=period),
    ]


FORM = {"url": "questionnaire", "valueCanonical": "https://payer.example/Questionnaire/mtx|1.0.0"}
COVERED, NEEDED = code("covered", "covered"), code("pa-needed", "auth-needed")
CONDITIONAL = (code("covered", "conditional"), NEEDED, code("info-needed", "OTH"), because("another policy decides"))
MISSING = (COVERED, NEEDED, code("doc-needed", "clinical"), code("doc-purpose", "withpa"), because("needs a diagnosis"))
PA = text("satisfied-pa-id", "PA-9")
POLICY = {"valueUrl": "https://payer.example/policy/mtx#3"}
# Each row of policy outcomes, with its answer in 2.0 and 2.2.
OUTCOMES: tuple[tuple[str, list[Json], list[Json]], ...] = (
    ("no authorization is needed", [COVERED, code("pa-needed", "no-auth")], [COVERED, code("pa-needed", "no-auth")]),
    (
        "granted at once",
        [COVERED, code("pa-needed", "satisfied"), because("criteria met"), PA, *allowed("2.0")],
        [
            *(COVERED, code("pa-needed", "satisfied"), because("criteria met", "gold-card"), PA, *allowed("2.2")),
            *(detail("2.2", "policy-link", "cat-other", **POLICY), {"url": "expiry-date", "valueDate": "2026-09-10"}),
        ],
    ),
    (
        "approvable, a request is wanted",
        [COVERED, NEEDED, because("criteria met by the record")],
        [COVERED, NEEDED, because("criteria met"), detail("2.2", "instructions", "cat-other", valueString="send it")],
    ),
    ("documentation is missing", [*MISSING, FORM], [*MISSING, FORM, code("doc-needed", "patient")]),
    ("a criterion is not met", [COVERED, NEEDED, because("step therapy")], [COVERED, NEEDED, because("step therapy")]),
    ("a fact is known only later", [*CONDITIONAL], [*CONDITIONAL, code("info-needed", "detail-code")]),
    (
        "authorization depends on a later fact",
        [COVERED, code("pa-needed", "conditional"), code("info-needed", "performer")],
        [COVERED, code("pa-needed", "conditional"), code("info-needed", "performer")],
    ),
    (
        "the benefit is excluded",
        [code("covered", "not-covered"), because("excluded")],
        [code("covered", "not-covered"), because("excluded")],
    ),
    (
        "no coverage is in force",
        [code("covered", "not-covered"), because("ended")],
        [code("covered", "not-covered"), because("ended", "no-active-coverage")],
    ),
    (
        "the service failed",
        [*CONDITIONAL],
        [code("covered", "indeterminate"), code("pa-needed", "indeterminate"), because("later", "technical")],
    ),
)
ROWS = [
    pytest.param(parts, version, id=f"{version} {name}")
    for name, *answers in OUTCOMES
    for version, parts in zip(VERSIONS, answers, strict=True)
]


def rules(found: list[str]) -> set[str]:
    return {fault.partition(":")[0] for fault in found}


@pytest.mark.parametrize(("parts", "version"), ROWS)
def test_an_answer_for_every_outcome_is_valid(parts: list[Json], version: Version) -> None:
    draft = read(DRAFT)
    action = filed(coverage_information(*parts), draft)
    assert faults(action, draft, version) == []
    assert response_faults({"cards": [], "systemActions": [action]}, "order-sign", [draft], version) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_optional_part_has_a_valid_form(version: Version) -> None:
    point = {"system": "phone", "value": "555 0100"}
    contact: Json = {"valueContactPoint": point} if version == "2.0" else {"valueContactDetail": {"telecom": [point]}}
    more = [
        {"url": "billingCode", "valueCoding": {"system": "http://www.ama-assn.org/go/cpt", "code": "96372"}},
        {"url": "dependency", "valueReference": {"reference": "ServiceRequest/s"}},
        {"url": "contact", **contact},
        detail(version, "in-network-copay", valueQuantity={"value": Decimal("12.50"), "unit": "USD"}),
        detail(version, "concurrent-review", "cat-decisional", valueBoolean=False),
        detail(version, "allowed-period", valuePeriod={"start": "2026", "end": "2026-09-10T10:00:00Z"}),
    ]
    more += [{"url": "response", "valueReference": {"reference": "#form"}}] if version == "2.0" else []
    draft = read(DRAFT)
    assert faults(filed(coverage_information(*MISSING, *more), draft), draft, version) == []


def test_the_answer_for_the_same_coverage_may_be_replaced() -> None:
    draft = filed(coverage_information(*MISSING), read(DRAFT))["resource"]
    action = {"type": "update", "description": "Coverage information changed", "resource": copy.deepcopy(draft)}
    action["resource"]["extension"][-1] = coverage_information(COVERED, NEEDED, because("met"))
    assert faults(action, draft, "2.2") == []


def test_what_the_draft_has_wrong_is_not_held_against_the_answer() -> None:
    draft = read(DRAFT) | {"subject": {"display": ""}, "status": 7, "colour": None}
    assert faults(filed(coverage_information(*MISSING), draft), draft, "2.2") == []


# Changes to an action: `ours` is the extension that was added, a part is named by its url.


def ours(action: Json) -> Json:
    found: Json = action["resource"]["extension"][-1]
    return found


def part(action: Json, name: str) -> Json:
    return next(p for p in ours(action)["extension"] if p["url"] == name)


def piece(name: str) -> Callable[[Json], Json]:
    """A part of the detail."""
    return lambda action: next(p for p in part(action, "detail")["extension"] if p["url"] == name)


def of(name: str) -> Callable[[Json], Json]:
    return lambda action: part(action, name)


def sets(where: Callable[[Json], Json], **members: object) -> Change:
    return lambda holder: where(holder).update(members)


def drops(where: Callable[[Json], Json], name: str) -> Change:
    return lambda holder: where(holder).pop(name)


def becomes(name: str, **members: object) -> Change:
    """The part loses its value for another."""

    def change(action: Json) -> None:
        found = part(action, name)
        found.clear()
        found.update({"url": name, **members})

    return change


def lacks(*names: str) -> Change:
    def change(action: Json) -> None:
        ours(action)["extension"] = [p for p in ours(action)["extension"] if p["url"] not in names]

    return change


def gains(*parts: Json) -> Change:
    return lambda action: ours(action)["extension"].extend(parts)


def in_turn(*changes: Change) -> Change:
    def change(holder: Json) -> None:
        for one in changes:
            one(holder)

    return change


def itself(holder: Json) -> Json:
    return holder


def resource(action: Json) -> Json:
    found: Json = action["resource"]
    return found


def dose(action: Json) -> Json:
    found: Json = action["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    return found


def detail_code(action: Json) -> Json:
    found: Json = piece("code")(action)["valueCodeableConcept"]["coding"][0]
    return found


def reason(action: Json) -> Json:
    found: Json = part(action, "reason")["valueCodeableConcept"]
    return found


def no_detail_part(name: str) -> Change:
    return lambda action: part(action, "detail")["extension"].remove(piece(name)(action))


def detail_gains(*parts: Json) -> Change:
    return lambda action: part(action, "detail")["extension"].extend(parts)


# The answers that are broken: documentation is missing, or all is granted.
MISSING_ANSWER: dict[Version, list[Json]] = {
    "2.0": [*MISSING, FORM, detail("2.0", "concurrent-review", valueBoolean=True)],
    "2.2": [*MISSING, FORM, detail("2.2", "policy-link", "cat-other", **POLICY)],
}
GRANTED_ANSWER = dict(zip(VERSIONS, OUTCOMES[1][1:], strict=True))


def contact_of(version: Version) -> Json:
    return {"valueContactDetail": {"name": "x"}} if version == "2.2" else {"valueContactPoint": {"value": "x"}}


ACTION: list[Mutant] = [
    ("an action that creates", "action-type", "2.2", sets(itself, type="create")),
    ("an action without description", "action-description", "2.2", drops(itself, "description")),
    ("a description of spaces", "action-description", "2.2", sets(itself, description="  ")),
    ("an answer on another order", "same-order", "2.2", sets(resource, id="other")),
    ("an answer on another type", "same-order", "2.2", sets(resource, resourceType="ServiceRequest")),
    ("a type that takes no answer", "context", "2.0", sets(resource, resourceType="VisionPrescription")),
    ("a dose that lost its zero", "resp-37", "2.2", sets(dose, value=Decimal("12.5"))),
    ("a status that was mended", "resp-37", "2.2", sets(resource, status="active")),
    ("a member that was added", "resp-37", "2.2", sets(resource, priority="routine")),
    ("a member that was lost", "resp-37", "2.2", drops(resource, "note")),
    ("another extension that was lost", "resp-37", "2.2", lambda a: a["resource"]["extension"].pop(0)),
    ("an extension with a misspelt url", "resp-37", "2.2", sets(ours, url=COVERAGE_INFORMATION + "s")),
    ("no answer at all", "crd-respci1", "2.2", lambda a: a["resource"].pop("extension")),
    ("nothing but what the draft said", "resp-35", "2.2", lambda a: a["resource"]["extension"].pop()),
    ("another payer's answer that was lost", "others-kept", "2.2", lambda a: a["resource"]["extension"].pop(1)),
    ("an order that FHIR refuses", "base-r4", "2.2", sets(resource, intent=["order"])),
    (
        "an extension that FHIR refuses",
        "base-r4",
        "2.2",
        sets(reason, coding=[{"system": TEMP, "code": "gold-card", "display": 7}]),
    ),
    ("a part with a member that FHIR does not know", "unknown-member", "2.2", sets(of("covered"), colour="red")),
    ("a value with such a member", "unknown-member", "2.0", sets(reason, display="x")),
    ("an empty name in the action", "empty", "2.2", sets(itself, extension={})),
    ("an empty text in the order", "empty", "2.2", sets(resource, implicitRules="")),
    ("an empty text in the answer", "empty", "2.2", sets(reason, id="")),
    ("a null in the answer", "empty", "2.2", sets(reason, coding=None)),
    ("a value on the extension itself", "own-value", "2.2", sets(ours, valueString="x")),
    ("an unknown part", "unknown-part", "2.2", gains(text("coverageInfo", "x"))),
    ("a response reference in 2.2", "unknown-part", "2.2", gains({"url": "response", "valueReference": {}})),
    ("an expiry date in 2.0", "unknown-part", "2.0", gains({"url": "expiry-date", "valueDate": "2026-09-10"})),
    ("no coverage", "cardinality", "2.2", lacks("coverage")),
    ("no covered", "cardinality", "2.0", lacks("covered")),
    ("no date", "cardinality", "2.2", lacks("date")),
    ("no assertion id", "cardinality", "2.0", lacks("coverage-assertion-id")),
    ("two needs of authorization", "cardinality", "2.2", gains(NEEDED)),
    ("two needs of documentation in 2.0", "cardinality", "2.0", gains(code("doc-needed", "admin"))),
    ("a code written as a string", "value-type", "2.2", becomes("covered", valueString="covered")),
    ("a part with two values", "value-type", "2.2", sets(of("date"), valueString="2026-03-10")),
    ("a part without value", "value-type", "2.2", drops(of("date"), "valueDate")),
    ("a part with parts of its own", "value-type", "2.2", sets(of("date"), extension=[text("x", "y")])),
    ("a detail with a value", "value-type", "2.2", sets(of("detail"), valueString="x")),
    ("a detail without parts", "value-type", "2.2", becomes("detail", valueString="x")),
    ("a contact point in 2.2", "value-type", "2.2", gains({"url": "contact", **contact_of("2.0")})),
    ("a contact detail in 2.0", "value-type", "2.0", gains({"url": "contact", **contact_of("2.2")})),
    ("both as documentation in 2.2", "code-set", "2.2", sets(of("doc-needed"), valueCode="both")),
    ("patient as documentation in 2.0", "code-set", "2.0", sets(of("doc-needed"), valueCode="patient")),
    ("indeterminate in 2.0", "code-set", "2.0", sets(of("covered"), valueCode="indeterminate")),
    ("an unheard need of authorization", "code-set", "2.2", sets(of("pa-needed"), valueCode="noauth")),
    ("an unheard purpose", "code-set", "2.2", sets(of("doc-purpose"), valueCode="withpayment")),
    ("detail-code as information in 2.0", "code-set", "2.0", gains(code("info-needed", "detail-code"))),
    ("a date that is a moment", "value-form", "2.2", sets(of("date"), valueDate="2026-03-10T10:00:00Z")),
    ("a date that no calendar has", "value-form", "2.2", sets(of("date"), valueDate="2026-02-30")),
    (
        "a coverage that is a patient",
        "value-form",
        "2.2",
        sets(of("coverage"), valueReference={"reference": "Patient/p"}),
    ),
    (
        "a questionnaire without version",
        "value-form",
        "2.2",
        sets(of("questionnaire"), valueCanonical="https://p.example/q"),
    ),
    ("a reason without words", "value-form", "2.2", sets(of("reason"), valueCodeableConcept={"id": "r"})),
    ("an assertion id that is a number", "value-form", "2.2", sets(of("coverage-assertion-id"), valueString=7)),
    (
        "a dependency on a patient",
        "value-form",
        "2.0",
        gains({"url": "dependency", "valueReference": {"reference": "Patient/p"}}),
    ),
    (
        "a billing code without system",
        "value-form",
        "2.2",
        gains({"url": "billingCode", "valueCoding": {"code": "96372"}}),
    ),
    ("a contact point without system", "value-form", "2.0", gains({"url": "contact", **contact_of("2.0")})),
    (
        "a reason code outside its version",
        "reason-coding",
        "2.0",
        sets(reason, coding=[{"system": TEMP, "code": "technical"}]),
    ),
    (
        "detail-code as reason in 2.2",
        "reason-coding",
        "2.2",
        sets(reason, coding=[{"system": TEMP, "code": "detail-code"}]),
    ),
    (
        "a reason code of another system",
        "reason-coding",
        "2.2",
        sets(reason, coding=[{"system": "http://x.example", "code": "technical"}]),
    ),
    ("a detail without category in 2.2", "detail-cardinality", "2.2", no_detail_part("category")),
    ("a detail without code", "detail-cardinality", "2.0", no_detail_part("code")),
    ("a detail without value", "detail-cardinality", "2.2", no_detail_part("value")),
    ("a category in 2.0", "detail-unknown-part", "2.0", detail_gains(code("category", "cat-other"))),
    ("a category of another name", "detail-code-set", "2.2", sets(piece("category"), valueCode="other")),
    (
        "a value with an url in 2.0",
        "detail-value-type",
        "2.0",
        lambda a: (piece("value")(a).pop("valueBoolean"), piece("value")(a).update(POLICY)),
    ),
    (
        "a value that is an integer",
        "detail-value-type",
        "2.2",
        lambda a: (piece("value")(a).pop("valueUrl"), piece("value")(a).update(valueInteger=3)),
    ),
    ("a policy link that is no web address", "detail-value-form", "2.2", sets(piece("value"), valueUrl="policy/mtx")),
    ("a detail code of no list", "detail-code", "2.2", sets(detail_code, code="copay")),
    ("a detail code of 2.2 in 2.0", "detail-code", "2.0", sets(detail_code, code="instructions")),
    ("a detail system of 2.2 in 2.0", "detail-code", "2.0", sets(detail_code, system=DETAIL)),
    (
        "a policy link that is a string",
        "detail-code-value",
        "2.2",
        lambda a: (piece("value")(a).pop("valueUrl"), piece("value")(a).update(valueString="x")),
    ),
    ("a questionnaire without documentation", "q1", "2.2", lacks("doc-needed")),
    ("not covered and authorization", "q2", "2.0", sets(of("covered"), valueCode="not-covered")),
    ("covered without a word on authorization", "q2-pa-demanded", "2.0", lacks("pa-needed")),
    ("the same in 2.2", "q2-pa-demanded", "2.2", lacks("pa-needed")),
    ("conditional documentation without information", "q3", "2.2", sets(of("doc-needed"), valueCode="conditional")),
    (
        "information where nothing is conditional",
        "q3-only-if-conditional",
        "2.0",
        gains(code("info-needed", "location")),
    ),
    ("satisfied, yet papers with the request", "q4", "2.2", sets(of("pa-needed"), valueCode="satisfied")),
    ("not covered, yet papers with the request", "q4", "2.0", sets(of("covered"), valueCode="not-covered")),
    ("no authorization, yet papers with it", "q4-as-meant", "2.0", sets(of("pa-needed"), valueCode="no-auth")),
    ("an authorization number without one", "q5", "2.2", gains(PA)),
    ("satisfied without a number", "q5", "2.0", sets(of("pa-needed"), valueCode="satisfied")),
    ("other information without reason", "q6", "2.0", in_turn(lacks("reason"), gains(code("info-needed", "OTH")))),
    ("a purpose without reason", "q8", "2.2", lacks("reason")),
    (
        "indeterminate without reason",
        "q9",
        "2.2",
        in_turn(lacks("reason"), sets(of("covered"), valueCode="indeterminate")),
    ),
]


def judged(mutant_version: Version, answer: list[Json], change: Change) -> list[str]:
    draft = read(DRAFT)
    action = filed(coverage_information(*copy.deepcopy(answer)), draft)
    assert faults(action, draft, mutant_version) == []
    change(action)
    return faults(action, draft, mutant_version)


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in ACTION])
def test_a_broken_answer_is_found_by_the_rule_it_breaks(rule: str, version: Version, change: Change) -> None:
    assert rule in rules(judged(version, MISSING_ANSWER[version], change))


ONLY_CODED = {"url": "reason", "valueCodeableConcept": {"coding": [{"system": "http://x.example", "code": "own"}]}}


def period(action: Json) -> Json:
    found: Json = ours(action)["extension"][6]["extension"][-1]["valuePeriod"]
    return found


GRANTED: list[Mutant] = [
    ("an expiry date of another form", "value-form", "2.2", sets(of("expiry-date"), valueDate="09/10/2026")),
    (
        "a limit whose number is a word",
        "detail-value-form",
        "2.2",
        sets(piece("value"), valueQuantity={"unit": "mL", "value": "4"}),
    ),
    (
        "a unit code without system",
        "detail-value-form",
        "2.0",
        lambda a: piece("value")(a)["valueQuantity"].pop("system"),
    ),
    ("a quantity for a period", "detail-code-value", "2.0", sets(detail_code, code="allowed-period")),
    ("a number for the same coverage twice", "cardinality", "2.0", gains(text("satisfied-pa-id", "PA-10"))),
    ("two expiry dates", "cardinality", "2.2", gains({"url": "expiry-date", "valueDate": "2026-10-10"})),
    ("an authorization number that is empty", "empty", "2.0", sets(of("satisfied-pa-id"), valueString="")),
    ("a grant whose number is gone", "q5", "2.2", lacks("satisfied-pa-id")),
    ("a reason with nothing but a foreign code", "q7", "2.2", gains(ONLY_CODED)),
    ("a grant that is not covered", "q2", "2.2", sets(of("covered"), valueCode="not-covered")),
    ("two qualifications", "detail-cardinality", "2.2", detail_gains(*[text("qualification", "per fill")] * 2)),
    ("a period that ends before it starts", "detail-value-form", "2.0", sets(period, start="2026-09-11")),
]


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in GRANTED])
def test_a_broken_grant_is_found_by_the_rule_it_breaks(rule: str, version: Version, change: Change) -> None:
    assert rule in rules(judged(version, GRANTED_ANSWER[version], change))


# The whole response: an action for each of two drafts, and a card of each kind.

SECOND: Json = {"resourceType": "MedicationRequest", "id": "two", "status": "draft", "intent": "order", "extension": []}
SECOND |= {"medicationCodeableConcept": {"text": "methotrexate 10 mg"}, "subject": {"reference": "Patient/p"}}


def drafts() -> list[Json]:
    return [read(DRAFT), copy.deepcopy(SECOND)]


def identified(number: int) -> str:
    return f"6f1c1d1e-0000-4000-8000-{number:012d}"


def card(version: Version, number: int, topic: str, **members: object) -> Json:
    coding = {"system": TOPIC_SYSTEM[version], "code": topic, "display": topic}
    source = {"label": "Payer", "topic": coding}
    return {"uuid": identified(number), "summary": "s" * 139, "indicator": "info", "source": source, **members}


def suggestion(number: int, *actions: Json) -> Json:
    return {"label": "Take it", "uuid": identified(number), "actions": list(actions)}


def response(version: Version, hook: str = "order-sign") -> Json:
    first, second = drafts()
    new = {name: value for name, value in first.items() if name not in ("id", "extension")}
    delete = {"type": "delete", "description": "Drop it", "resourceId": "MedicationRequest/mtx"}
    create = {"type": "create", "description": "Order generic", "resource": new}
    update = {"type": "update", "description": "Mend the dose", "resource": {**first, "note": [{"text": ""}]}}
    link = {"label": "Policy", "type": "absolute", "url": "https://payer.example/policy"}
    smart = {"label": "Form", "type": "smart", "url": "https://payer.example/launch", "appContext": "a"}
    why = {"code": "other", "system": "https://payer.example/why", "display": "Another reason"}
    about = {"davinci-crd.associated-resource": [{"reference": "MedicationRequest/mtx"}]}
    offers = [suggestion(11, delete, create) | {"isRecommended": True}, suggestion(12, update), suggestion(13, create)]
    cards = [
        card(version, 1, "guideline", links=[link, smart], detail="See *the policy*.", extension=about),
        card(version, 2, "therapy-alternatives-req", suggestions=offers, selectionBehavior="at-most-one"),
        card(version, 3, "insurance", overrideReasons=[why]),
    ]
    cards[2]["source"]["topic"] = {"system": "https://payer.example/topics", "code": "own"}
    if hook == "order-select":
        return {"cards": cards}
    actions = [filed(coverage_information(*MISSING, assertion=f"A-{draft['id']}"), draft) for draft in (first, second)]
    return {"cards": cards, "systemActions": actions}


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_response_with_every_kind_of_card_is_valid(version: Version, hook: str) -> None:
    assert response_faults(response(version, hook), hook, drafts(), version) == []


def test_nothing_to_say_is_a_valid_response() -> None:
    assert response_faults({"cards": [], "systemActions": []}, "order-sign", drafts(), "2.2") == []
    assert response_faults({"cards": []}, "order-select", drafts(), "2.2") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_two_coverages_of_an_order_are_answered_with_two_assertions_and_numbers(version: Version) -> None:
    body = response(version)
    extensions = resource(body["systemActions"][0])["extension"]
    granted = OUTCOMES[1][VERSIONS.index(version) + 1]
    extensions.append(coverage_information(*granted, coverage="Coverage/second", assertion="A-3"))
    assert response_faults(body, "order-sign", drafts(), version) == []


def nth(number: int) -> Callable[[Json], Json]:
    def found(body: Json) -> Json:
        one: Json = body["cards"][number]
        return one

    return found


def inside(*path: str | int) -> Callable[[Json], Json]:
    def found(body: Json) -> Json:
        here: Any = body
        for step in path:
            here = here[step]
        one: Json = here
        return one

    return found


POLICY_LINK = inside("cards", 0, "links", 0)
TOPIC = inside("cards", 0, "source", "topic")
OFFER = inside("cards", 1, "suggestions", 0)
DELETE = inside("cards", 1, "suggestions", 0, "actions", 0)
CREATE = inside("cards", 1, "suggestions", 0, "actions", 1)
UPDATE = inside("cards", 1, "suggestions", 1, "actions", 0)
WHY = inside("cards", 2, "overrideReasons", 0)
FIRST, OTHER = inside("systemActions", 0), inside("systemActions", 1)


def about(*associated: object) -> Change:
    return sets(nth(0), extension={"davinci-crd.associated-resource": list(associated)})


def also(number: int, coverage: str, assertion: str, pa_id: str) -> Change:
    """An action gains an answer that grants."""
    granted = [COVERED, code("pa-needed", "satisfied"), text("satisfied-pa-id", pa_id)]
    extension = coverage_information(*granted, coverage=coverage, assertion=assertion)
    return lambda body: body["systemActions"][number]["resource"]["extension"].append(extension)


def offers(*actions: Json) -> Change:
    return lambda body: OFFER(body).update(actions=list(actions))


def arrays(body: Json, *path: str | int) -> list[Json]:
    found: Any = body
    for step in path:
        found = found[step]
    return [] if not isinstance(found, list) else found


def doubled(*path: str | int) -> Change:
    """The last step of the path is an array, that gets its first entry once more."""
    return lambda body: arrays(body, *path).append(copy.deepcopy(arrays(body, *path)[0]))


A_DELETE = {"type": "delete", "description": "Drop it", "resourceId": "MedicationRequest/mtx"}
A_CREATE = {
    "type": "create",
    "description": "New",
    "resource": {**SECOND, "extension": [{"url": "u", "valueCode": "c"}]},
}
A_SERVICE = {"type": "create", "description": "New", "resource": {"resourceType": "ServiceRequest", "status": "draft"}}
RESPONSE: list[Mutant] = [
    ("no cards", "cards-array", "2.2", drops(itself, "cards")),
    ("cards that are an object", "cards-array", "2.2", sets(itself, cards={})),
    ("a card that is null", "cards-array", "2.2", lambda b: b["cards"].append(None)),
    ("order-sign without system actions", "system-actions-array", "2.0", drops(itself, "systemActions")),
    ("system actions that are null", "system-actions-array", "2.2", sets(itself, systemActions=None)),
    ("an empty member beside the arrays", "empty", "2.2", sets(itself, extension={})),
    ("two actions for a draft", "one-action-per-draft", "2.2", doubled("systemActions")),
    (
        "an action for an order that is no draft",
        "action-targets-a-draft",
        "2.2",
        lambda b: resource(FIRST(b)).update(id="z"),
    ),
    ("a broken action", "q8", "2.2", lambda b: lacks("reason")(FIRST(b))),
    ("two coverages with one assertion", "resp-32-assertion-id", "2.2", also(1, "Coverage/b", "A-mtx", "PA-1")),
    ("another payer's assertion", "resp-32-assertion-id", "2.0", also(1, "Coverage/b", "B-1", "PA-1")),
    (
        "two coverages with one number",
        "resp-32-pa-id",
        "2.2",
        in_turn(also(0, "Coverage/b", "A-3", "PA-1"), also(0, "Coverage/c", "A-4", "PA-1")),
    ),
    ("two assertions for an order and coverage", "one-assertion-id", "2.0", also(0, "Coverage/cov", "A-3", "PA-1")),
    (
        "two numbers for an order and coverage",
        "one-pa-id",
        "2.0",
        in_turn(also(0, "Coverage/b", "A-3", "PA-1"), also(0, "Coverage/b", "A-3", "PA-2")),
    ),
    ("two cards with one uuid", "uuid-distinct", "2.2", lambda b: nth(0)(b).update(uuid=nth(1)(b)["uuid"])),
    ("a card without summary", "summary", "2.2", drops(nth(0), "summary")),
    ("a summary of 140 characters", "summary", "2.2", sets(nth(0), summary="s" * 140)),
    ("a detail that is no text", "detail", "2.2", sets(nth(0), detail=["x"])),
    ("an indicator of another name", "indicator", "2.2", sets(nth(0), indicator="hard-stop")),
    ("a source without label", "source-label", "2.2", drops(inside("cards", 0, "source"), "label")),
    ("a source without topic", "source-topic", "2.2", drops(inside("cards", 0, "source"), "topic")),
    ("a topic without system", "source-topic", "2.0", drops(TOPIC, "system")),
    ("a topic without code", "source-topic", "2.2", drops(TOPIC, "code")),
    ("a topic of the other version", "topic-version", "2.0", sets(TOPIC, system=TOPIC_SYSTEM["2.2"])),
    ("a topic of a later version", "topic-version", "2.0", sets(TOPIC, code="unsolicited-determ")),
    ("a topic that the list has not", "topic-version", "2.2", sets(TOPIC, code="policy")),
    ("a card without uuid", "card-uuid", "2.2", drops(nth(2), "uuid")),
    ("a uuid with its urn", "card-uuid", "2.2", sets(nth(2), uuid="urn:uuid:" + identified(1))),
    ("an empty array of links", "card-lists", "2.2", sets(nth(2), links=[])),
    ("a link that is null", "card-lists", "2.2", sets(nth(2), links=[None])),
    ("an empty array of suggestions", "empty", "2.2", sets(nth(2), suggestions=[])),
    ("suggestions without selection", "selection-behavior", "2.2", drops(nth(1), "selectionBehavior")),
    ("a selection of another name", "selection-behavior", "2.2", sets(nth(1), selectionBehavior="all")),
    (
        "two recommendations where one is chosen",
        "recommended",
        "2.2",
        lambda b: b["cards"][1]["suggestions"][1].update(isRecommended=True),
    ),
    ("a recommendation that is a word", "recommended", "2.2", sets(OFFER, isRecommended="true")),
    ("an override reason without display", "override-reasons", "2.2", drops(WHY, "display")),
    ("an override reason without system", "override-reasons", "2.2", drops(WHY, "system")),
    ("an associated order that is a bare string", "associated-resource", "2.2", about("MedicationRequest/mtx")),
    ("an associated order that is no draft", "associated-resource", "2.2", about({"reference": "MedicationRequest/z"})),
    ("no associated order in the list", "associated-resource", "2.2", about()),
    ("an empty detail", "empty", "2.2", sets(nth(0), detail="")),
    ("a null in a card", "empty", "2.2", sets(POLICY_LINK, autolaunchable=None)),
    (
        "an empty text in a created order",
        "empty",
        "2.2",
        lambda b: CREATE(b)["resource"].update(groupIdentifier={"value": ""}),
    ),
    ("a created order that FHIR refuses", "suggested-base-r4", "2.2", lambda b: CREATE(b)["resource"].update(intent=7)),
    ("a suggestion without label", "suggestion-label", "2.2", drops(OFFER, "label")),
    ("a suggestion without uuid", "suggestion-uuid", "2.2", drops(OFFER, "uuid")),
    ("a suggestion without actions", "suggestion-actions", "2.2", drops(OFFER, "actions")),
    ("a suggestion with no action in it", "suggestion-actions", "2.2", offers()),
    ("a delete alone", "alternate-form", "2.0", offers(A_DELETE)),
    ("a delete with a create of another type", "alternate-form", "2.0", offers(A_DELETE, A_SERVICE)),
    ("a delete with two creates in 2.2", "alternate-form", "2.2", offers(A_DELETE, A_CREATE, A_CREATE)),
    (
        "an update with a create",
        "alternate-form",
        "2.0",
        lambda b: b["cards"][1]["suggestions"][1]["actions"].append(A_CREATE),
    ),
    ("a proposal of another type", "proposal-type", "2.2", sets(UPDATE, type="replace")),
    ("a proposal without description", "proposal-description", "2.2", drops(CREATE, "description")),
    ("a create without resource", "proposal-resource", "2.2", drops(CREATE, "resource")),
    ("a delete by a bare id", "proposal-resource", "2.2", sets(DELETE, resourceId="mtx")),
    ("a delete with a resource", "delete-without-resource", "2.2", sets(DELETE, resource=SECOND)),
    ("a delete of no draft", "delete-targets-a-draft", "2.2", sets(DELETE, resourceId="MedicationRequest/z")),
    ("an update of no draft", "update-targets-a-draft", "2.2", lambda b: resource(UPDATE(b)).update(id="z")),
    ("a link without label", "link-label", "2.2", drops(POLICY_LINK, "label")),
    ("a link of another type", "link-type", "2.2", sets(POLICY_LINK, type="relative")),
    ("a link that is a path", "link-url", "2.2", sets(POLICY_LINK, url="/policies/mtx")),
    ("a link to a file", "link-url", "2.2", sets(POLICY_LINK, url="file:///policy.pdf")),
    ("an absolute link with an app's context", "link-app-context", "2.2", sets(POLICY_LINK, appContext="x")),
]


@pytest.mark.parametrize(("rule", "version", "change"), [pytest.param(*rest, id=name) for name, *rest in RESPONSE])
def test_a_broken_response_is_found_by_the_rule_it_breaks(rule: str, version: Version, change: Change) -> None:
    body = response(version)
    change(body)
    assert rule in rules(response_faults(body, "order-sign", drafts(), version))


def test_a_created_pair_for_each_delete_is_an_alternate_in_2_0() -> None:
    body = response("2.0")
    second = {**A_DELETE, "resourceId": "MedicationRequest/two"}
    offers(A_DELETE, second, A_CREATE, A_CREATE)(body)
    assert response_faults(body, "order-sign", drafts(), "2.0") == []


def test_an_action_on_order_select_is_found() -> None:
    found = rules(response_faults(response("2.2"), "order-select", drafts(), "2.2"))
    assert found == {"no-actions-on-select"}


# Discovery.


def discovery() -> Json:
    coverage = {"code": "coverage-info", "type": "boolean", "name": "Coverage information", "description": "c"}
    most = {"code": "max-cards", "type": "integer", "name": "Maximum cards", "description": "m", "default": 10}
    options = [{**coverage, "default": True}, most]
    extension = {"davinci-crd.version": ["2.0", "2.2"], "davinci-crd.configuration-options": options}
    return {"services": [{"hook": "order-sign", "id": "sign", "description": "d", "extension": extension}]}


EXTENSION = inside("services", 0, "extension")
SWITCH = inside("services", 0, "extension", "davinci-crd.configuration-options", 0)
LIMIT = inside("services", 0, "extension", "davinci-crd.configuration-options", 1)
DISCOVERY: list[tuple[str, str, Change]] = [
    ("no services", "services-array", drops(itself, "services")),
    ("an empty array of services", "services-array", sets(itself, services=[])),
    ("a service without description", "service-members", drops(inside("services", 0), "description")),
    ("no version", "dev-1", drops(EXTENSION, "davinci-crd.version")),
    ("an empty array of versions", "dev-1", sets(EXTENSION, **{"davinci-crd.version": []})),
    ("a version of three parts", "version-form", sets(EXTENSION, **{"davinci-crd.version": ["2.0.1"]})),
    ("a version that is a number", "version-form", sets(EXTENSION, **{"davinci-crd.version": [Decimal("2.2")]})),
    ("an option without default", "dev-4", drops(SWITCH, "default")),
    ("an option without code", "dev-4", drops(LIMIT, "code")),
    ("an option of another type", "dev-4", sets(LIMIT, type="string")),
    ("a default of another type", "dev-4", sets(LIMIT, default=True)),
    ("an option that is a string", "dev-4", sets(EXTENSION, **{"davinci-crd.configuration-options": ["max-cards"]})),
    ("no options", "dev-5", drops(EXTENSION, "davinci-crd.configuration-options")),
    ("no switch for coverage information", "dev-5", sets(SWITCH, code="guideline")),
    ("no switch at all", "dev-5", sets(SWITCH, type="integer", default=1)),
    ("a code with a space", "dev-7", sets(LIMIT, code="max cards")),
    ("two options of one code", "dev-8", sets(LIMIT, code="coverage-info")),
    ("two options of one name", "dev-8", sets(LIMIT, name="Coverage information")),
    ("two options of one description", "dev-8", sets(LIMIT, description="c")),
]


def test_a_discovery_with_versions_and_options_is_valid() -> None:
    assert discovery_faults(discovery()) == []


@pytest.mark.parametrize(("rule", "change"), [pytest.param(*rest, id=name) for name, *rest in DISCOVERY])
def test_a_broken_discovery_is_found_by_the_rule_it_breaks(rule: str, change: Change) -> None:
    body = discovery()
    change(body)
    assert rule in rules(discovery_faults(body))


# Of the tool as a whole.


def every_rule() -> Iterator[str]:
    tables: tuple[tuple[tuple[str, object], ...], ...] = (
        *(crd_rules.STRUCTURE, crd_rules.ANSWER_RULES, crd_rules.INVARIANTS, crd_rules.FILING_RULES),
        *(crd_rules.RESPONSE_RULES, crd_rules.CARD_RULES, crd_rules.SUGGESTION_RULES, crd_rules.PROPOSAL_RULES),
        *(crd_rules.LINK_RULES, crd_rules.SERVICE_RULES),
    )
    yield from (rule for table in tables for rule, _ in table)
    yield from (f"detail-{rule}" for rule, _ in crd_rules.STRUCTURE)


def test_every_rule_is_broken_by_some_answer() -> None:
    broken = {rule for _, rule, *_ in [*ACTION, *GRANTED, *RESPONSE, *DISCOVERY]} | {"no-actions-on-select"}
    assert set(every_rule()) - broken == set()


def test_every_sentence_is_said_once() -> None:
    sentences = [name for name, *_ in [*ACTION, *GRANTED, *RESPONSE, *DISCOVERY]]
    assert len(set(sentences)) == len(sentences)


WORDS = st.sampled_from(
    (
        *("url", "extension", "resource", "resourceType", "id", "type", "cards", "systemActions", "actions", "links"),
        *(
            "suggestions",
            "detail",
            "coverage",
            "reason",
            "valueCode",
            "valueCodeableConcept",
            "coding",
            "code",
            "system",
        ),
        *("services", "davinci-crd.configuration-options", "source", "topic", COVERAGE_INFORMATION, "update", "delete"),
    )
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(Decimal("2.50")) | st.text(max_size=3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
OBJECT = st.dictionaries(WORDS, ANY, max_size=5)


@given(OBJECT, OBJECT, st.sampled_from(VERSIONS))
def test_any_json_is_judged_without_an_exception(body: Json, draft: Json, version: Version) -> None:
    assert faults(body, draft, version) != []
    assert response_faults({"cards": [body], "systemActions": [body]}, "order-sign", [draft], version) != []
    assert isinstance(discovery_faults(body), list)
