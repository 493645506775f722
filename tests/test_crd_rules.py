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


# The answers that are broken: documentation missing, granted, conditional, not covered.
MISSING_ANSWER: dict[Version, list[Json]] = {
    "2.0": [*MISSING, FORM, detail("2.0", "concurrent-review", valueBoolean=True)],
    "2.2": [*MISSING, FORM, detail("2.2", "policy-link", "cat-other", **POLICY)],
}
GRANTED_ANSWER = {version: answers[n] for n, version in enumerate(VERSIONS) for answers in [OUTCOMES[1][1:]]}
LATER = {"2.0": [*CONDITIONAL], "2.2": [*CONDITIONAL]}
EXCLUDED = {version: [code("covered", "not-covered"), because("excluded")] for version in VERSIONS}
CODED = {
    "2.0": [COVERED, NEEDED, because("", "gold-card")],
    "2.2": [COVERED, NEEDED, because("", "gold-card")],
}
for answers in CODED.values():
    answers[-1] = copy.deepcopy(answers[-1])
    del answers[-1]["valueCodeableConcept"]["text"]


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
    ("an extension that FHIR refuses", "base-r4", "2.2", sets(of("covered"), colour="red")),
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
    ("a coverage that is a patient", "value-form", "2.2", sets(of("coverage"), valueReference={"reference": "Patient/p"})),
    ("a questionnaire without version", "value-form", "2.2", sets(of("questionnaire"), valueCanonical="https://p.example/q")),
    ("a reason without words", "value-form", "2.2", sets(of("reason"), valueCodeableConcept={"id": "r"})),
    ("an assertion id that is a number", "value-form", "2.2", sets(of("coverage-assertion-id"), valueString=7)),
    ("a dependency on a patient", "value-form", "2.0", gains({"url": "dependency", "valueReference": {"reference": "Patient/p"}})),
    ("a billing code without system", "value-form", "2.2", gains({"url": "billingCode", "valueCoding": {"code": "96372"}})),
    ("a contact point without system", "value-form", "2.0", gains({"url": "contact", **contact_of("2.0")})),
    ("a reason code outside its version", "reason-coding", "2.0", sets(reason, coding=[{"system": TEMP, "code": "technical"}])),
    ("detail-code as reason in 2.2", "reason-coding", "2.2", sets(reason, coding=[{"system": TEMP, "code": "detail-code"}])),
    ("a reason code of another system", "reason-coding", "2.2", sets(reason, coding=[{"system": "http://x.example", "code": "technical"}])),
    ("a detail without category in 2.2", "detail-cardinality", "2.2", no_detail_part("category")),
    ("a detail without code", "detail-cardinality", "2.0", no_detail_part("code")),
    ("a detail without value", "detail-cardinality", "2.2", no_detail_part("value")),
    ("a category in 2.0", "detail-unknown-part", "2.0", detail_gains(code("category", "cat-other"))),
    ("a category of another name", "detail-code-set", "2.2", sets(piece("category"), valueCode="other")),
    ("a value with an url in 2.0", "detail-value-type", "2.0", lambda a: (piece("value")(a).pop("valueBoolean"), piece("value")(a).update(POLICY))),
    ("a value that is an integer", "detail-value-type", "2.2", lambda a: (piece("value")(a).pop("valueUrl"), piece("value")(a).update(valueInteger=3))),
    ("a policy link that is no web address", "detail-value-form", "2.2", sets(piece("value"), valueUrl="policy/mtx")),
    ("a detail code of no list", "detail-code", "2.2", sets(detail_code, code="copay")),
    ("a detail code of 2.2 in 2.0", "detail-code", "2.0", sets(detail_code, code="instructions")),
    ("a detail system of 2.2 in 2.0", "detail-code", "2.0", sets(detail_code, system=DETAIL)),
    ("a policy link that is a string", "detail-code-value", "2.2", lambda a: (piece("value")(a).pop("valueUrl"), piece("value")(a).update(valueString="x"))),
    ("a questionnaire without documentation", "q1", "2.2", lacks("doc-needed")),
    ("not covered and authorization", "q2", "2.0", sets(of("covered"), valueCode="not-covered")),
    ("covered without a word on authorization", "q2-pa-demanded", "2.0", lacks("pa-needed")),
    ("the same in 2.2", "q2-pa-demanded", "2.2", lacks("pa-needed")),
    ("conditional documentation without information", "q3", "2.2", sets(of("doc-needed"), valueCode="conditional")),
    ("information where nothing is conditional", "q3-only-if-conditional", "2.0", gains(code("info-needed", "location"))),
    ("satisfied, yet papers with the request", "q4", "2.2", sets(of("pa-needed"), valueCode="satisfied")),
    ("not covered, yet papers with the request", "q4", "2.0", sets(of("covered"), valueCode="not-covered")),
    ("no authorization, yet papers with it", "q4-as-meant", "2.0", sets(of("pa-needed"), valueCode="no-auth")),
    ("an authorization number without one", "q5", "2.2", gains(PA)),
    ("satisfied without a number", "q5", "2.0", sets(of("pa-needed"), valueCode="satisfied")),
    ("other information without reason", "q6", "2.0", in_turn(lacks("reason"), gains(code("info-needed", "OTH")))),
    ("a purpose without reason", "q8", "2.2", lacks("reason")),
    ("indeterminate without reason", "q9", "2.2", in_turn(lacks("reason"), sets(of("covered"), valueCode="indeterminate"))),
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
