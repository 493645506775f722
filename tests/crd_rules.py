"""What Da Vinci CRD 2.0.1 and 2.2 ask of an answer, written from the guide's rules as a second opinion on the service.

Knows nothing of the service's own code. A fault reads `rule: what is wrong`, the rule by the guide's id or our name.
JSON is to be read with `parse_float=Decimal`, so that numbers are compared to their last zero. Where the versions word
an invariant differently both are asked, so that one answer is valid in both.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from fhir.resources.R4B.extension import Extension
from fhir.resources.R4B.medicationrequest import MedicationRequest
from pydantic import ValidationError

Json = dict[str, Any]
Version = Literal["2.0", "2.2"]
Path = tuple[str, ...]

CRD = "http://hl7.org/fhir/us/davinci-crd"
COVERAGE_INFORMATION = f"{CRD}/StructureDefinition/ext-coverage-information"
TEMP = f"{CRD}/CodeSystem/temp"
DETAIL_SYSTEMS = {"2.0": {TEMP}, "2.2": {"http://terminology.hl7.org/CodeSystem/crd-coverage-detail", TEMP}}
TOPIC_SYSTEM = {"2.0": TEMP, "2.2": "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"}
TOPICS_2_0 = frozenset(
    {
        *("coverage-info", "claim", "insurance", "limits", "network", "appropriate-use", "cost", "clinical-reminder"),
        *("therapy-alternatives-opt", "therapy-alternatives-req", "duplicate-therapy", "contraindication", "guideline"),
        "off-guideline",
    }
)
TOPICS = {"2.0": TOPICS_2_0, "2.2": TOPICS_2_0 | {"unsolicited-determ"}}
ORDERS = ("CommunicationRequest", "DeviceRequest", "MedicationRequest", "NutritionOrder", "ServiceRequest")
CONTEXTS_2_0 = frozenset({*ORDERS, "Encounter", "QuestionnaireResponse"})
CONTEXTS = {"2.0": CONTEXTS_2_0, "2.2": CONTEXTS_2_0 | {"Appointment", "VisionPrescription"}}
REASONS = {
    "2.0": {"gold-card", "detail-code"},
    "2.2": {
        *("gold-card", "no-member-found", "no-active-coverage", "coverage-not-found", "auth-out-network", "technical"),
    },
}
EVERY_REASON = REASONS["2.0"] | REASONS["2.2"]
BOTH_DETAILS = {
    "allowed-quantity": "valueQuantity",
    "allowed-period": "valuePeriod",
    "in-network-copay": "valueQuantity",
    "out-network-copay": "valueQuantity",
    "concurrent-review": "valueBoolean",
    "appropriate-use-needed": "valueBoolean",
}
DETAILS: dict[str, dict[str, str | None]] = {
    "2.0": {**BOTH_DETAILS, "auth-out-network-only": None},
    "2.2": {**BOTH_DETAILS, "policy-link": "valueUrl", "instructions": "valueString"},
}


# Any JSON may stand anywhere: what is not an object or an array reads as an empty one.


def members(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def objects(value: object) -> list[Json]:
    return [entry for entry in entries(value) if isinstance(entry, dict)]


def worded(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def exact(value: object) -> object:
    """A form in which two JSON values are equal only if they are written alike: 2.5 is not 2.50, 1 is not true."""
    match value:
        case dict():
            return {name: exact(member) for name, member in value.items()}
        case list():
            return [exact(entry) for entry in value]
        case bool():
            return value
        case int() | float() | Decimal():
            return ("number", str(value))
        case _:
            return value


def empties(value: object, path: Path = ()) -> Iterator[Path]:
    """The paths (names only) of empty strings, arrays, objects and nulls."""
    match value:
        case None:
            yield path
        case dict() | list() if not value:
            yield path
        case str() if not value.strip():
            yield path
        case dict():
            for name, member in value.items():
                yield from empties(member, (*path, name))
        case list():
            for entry in value:
                yield from empties(entry, path)


def reference_to(resource: object) -> str:
    return f"{members(resource).get('resourceType')}/{members(resource).get('id')}"


# The forms of values (FHIR R4, datatypes).


def is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value, re.ASCII):
        return False
    try:
        date.fromisoformat(f"{value}-01-01"[:10])
    except ValueError:
        return False
    return True


def is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    zoned = r"T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:\d\d)"
    day, *rest = re.split(r"(?=T)", value, maxsplit=1)
    return is_date(day) and (not rest or (len(day) == 10 and bool(re.fullmatch(zoned, rest[0], re.ASCII))))


def is_period(value: object) -> bool:
    ends = [members(value)[end] for end in ("start", "end") if end in members(value)]
    if not ends or not all(map(is_moment, ends)):
        return False
    length = min(10, *map(len, ends)) if len(ends) == 2 else 0
    return bool(ends[0][:length] <= ends[-1][:length])


def is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def is_quantity(value: object) -> bool:
    quantity = members(value)
    return is_number(quantity.get("value")) and ("code" not in quantity or worded(quantity.get("system")))


def is_code(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\S+( \S+)*", value))


def is_url(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"https?://[^\s/|]+[^\s|]*", value))


def is_canonical(value: object) -> bool:
    """A canonical with its version, as the guide asks of a questionnaire: url|version."""
    return isinstance(value, str) and bool(re.fullmatch(r"(https?://[^\s/|]+|urn:\w+:)[^\s|]*\|[^\s|#]+", value))


def is_coding(value: object) -> bool:
    return is_code(members(value).get("code")) and worded(members(value).get("system"))


def is_concept(value: object) -> bool:
    codings = members(value).get("coding", [])
    told = worded(members(value).get("text")) or bool(codings)
    return told and isinstance(codings, list) and all(map(is_coding, codings))


def is_contact_point(value: object) -> bool:
    systems = ("phone", "fax", "email", "pager", "url", "sms", "other")
    return worded(members(value).get("value")) and members(value).get("system") in systems


def is_contact_detail(value: object) -> bool:
    telecom = members(value).get("telecom", [])
    told = worded(members(value).get("name")) or bool(telecom)
    return told and isinstance(telecom, list) and all(map(is_contact_point, telecom))


def refers(*types: str) -> Callable[[object], bool]:
    form = re.compile(rf"(https?://\S+/)?({'|'.join(types)})/[A-Za-z0-9.-]{{1,64}}(/_history/[A-Za-z0-9.-]{{1,64}})?")
    return lambda value: bool(form.fullmatch(str(members(value).get("reference", ""))))


def is_response(value: object) -> bool:
    reference = members(value).get("reference")
    contained = isinstance(reference, str) and bool(re.fullmatch(r"#[A-Za-z0-9.-]{1,64}", reference))
    return contained or refers("QuestionnaireResponse")(value)


FORMS: dict[str, Callable[[object], bool]] = {
    "valueBoolean": lambda value: isinstance(value, bool),
    "valueCanonical": is_canonical,
    "valueCode": is_code,
    "valueCodeableConcept": is_concept,
    "valueCoding": is_coding,
    "valueContactDetail": is_contact_detail,
    "valueContactPoint": is_contact_point,
    "valueDate": is_date,
    "valuePeriod": is_period,
    "valueQuantity": is_quantity,
    "valueString": worded,
    "valueUrl": is_url,
}


# The members of datatypes, each with its own type where it has one. The models do not tell: whether they refuse unknown
# members is a setting of the whole process.
VALUES = (
    *("Boolean", "Canonical", "Code", "CodeableConcept", "Coding", "ContactDetail", "ContactPoint", "Date", "Period"),
    *("Quantity", "Reference", "String", "Url"),
)
MEMBERS: dict[str, dict[str, str]] = {
    "Extension": {"url": "", "extension": "Extension", **{f"value{name}": name for name in VALUES}},
    "CodeableConcept": {"coding": "Coding", "text": ""},
    "Coding": dict.fromkeys(("system", "version", "code", "display", "userSelected"), ""),
    "ContactDetail": {"name": "", "telecom": "ContactPoint"},
    "ContactPoint": {"system": "", "value": "", "use": "", "rank": "", "period": "Period"},
    "Period": {"start": "", "end": ""},
    "Quantity": dict.fromkeys(("value", "comparator", "unit", "system", "code"), ""),
    "Reference": dict.fromkeys(("reference", "type", "identifier", "display"), ""),
}


def strangers(value: object, kind: str) -> Iterator[str]:
    """Members that the datatype does not have. (What value[x] a part may hold is another rule's.)"""
    if isinstance(value, list):
        for entry in value:
            yield from strangers(entry, kind)
    elif isinstance(value, dict) and kind in MEMBERS:
        known = {"id": "", **MEMBERS[kind]}
        for name, member in value.items():
            if name not in known and not name.startswith("value"):
                yield f"{name} in {kind}"
            yield from strangers(member, known.get(name, ""))


# The coverage-information extension: its parts in each version.


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-extension: value[x] types allowed (none: it has parts of its own), occurrences, required codes, form."""

    values: tuple[str, ...]
    least: int = 0
    most: int | None = None
    codes: frozenset[str] | None = None
    form: Callable[[object], bool] | None = None


Parts = dict[str, Part]


def coded(words: str, least: int = 0, most: int | None = None) -> Part:
    return Part(("valueCode",), least, most, frozenset(words.split()))


ALIKE: Parts = {
    "coverage": Part(("valueReference",), 1, 1, form=refers("Coverage")),
    "doc-purpose": coded("withpa withclaim withorder retain-doc OTH"),
    "billingCode": Part(("valueCoding",)),
    "reason": Part(("valueCodeableConcept",)),
    "detail": Part(()),
    "dependency": Part(("valueReference",), form=refers(*ORDERS, "VisionPrescription", "Appointment")),
    "questionnaire": Part(("valueCanonical",)),
    "date": Part(("valueDate",), 1, 1),
    "coverage-assertion-id": Part(("valueString",), 1, 1),
    "satisfied-pa-id": Part(("valueString",), 0, 1),
}
PARTS: dict[str, Parts] = {
    "2.0": {
        **ALIKE,
        "covered": coded("covered not-covered conditional", 1, 1),
        "pa-needed": coded("no-auth auth-needed satisfied performpa conditional", 0, 1),
        "doc-needed": coded("clinical admin both conditional", 0, 1),
        "info-needed": coded("performer location timeframe contract-window OTH"),
        "response": Part(("valueReference",), form=is_response),
        "contact": Part(("valueContactPoint",)),
    },
    "2.2": {
        **ALIKE,
        "covered": coded("covered not-covered conditional indeterminate", 1, 1),
        "pa-needed": coded("no-auth auth-needed satisfied performpa conditional indeterminate", 0, 1),
        "doc-needed": coded("clinical admin patient conditional indeterminate"),
        "info-needed": coded("performer location timeframe contract-window OTH detail-code"),
        "contact": Part(("valueContactDetail",)),
        "expiry-date": Part(("valueDate",), 0, 1),
    },
}
DETAIL_ALIKE: Parts = {
    "code": Part(("valueCodeableConcept",), 1, 1),
    "value": Part(("valueBoolean", "valueString", "valueQuantity", "valuePeriod"), 1, 1),
    "qualification": Part(("valueString",), 0, 1),
}
DETAIL_PARTS: dict[str, Parts] = {
    "2.0": DETAIL_ALIKE,
    "2.2": {
        **DETAIL_ALIKE,
        "category": coded("cat-limitation cat-decisional cat-other", 1, 1),
        "value": Part((*DETAIL_ALIKE["value"].values, "valueUrl"), 1, 1),
    },
}


def parts(extension: object, name: str) -> list[Json]:
    return [part for part in objects(members(extension).get("extension")) if part.get("url") == name]


def values_of(extension: object) -> list[str]:
    return [name for name in members(extension) if name.startswith(("value", "_value"))]


def unknown_parts(extension: Json, known: Parts) -> Iterator[str]:
    for part in entries(extension.get("extension")):
        url = members(part).get("url")
        if not isinstance(url, str) or url not in known:
            yield f"no sub-extension {url!r}"


def miscounted_parts(extension: Json, known: Parts) -> Iterator[str]:
    for name, part in known.items():
        count = len(parts(extension, name))
        if count < part.least or (part.most is not None and count > part.most):
            yield f"{name} occurs {count} times"


def mistyped_parts(extension: Json, known: Parts) -> Iterator[str]:
    for name, part in known.items():
        for given in parts(extension, name):
            found = values_of(given)
            if ("extension" in given) == bool(part.values) or len(found) > 1 or not set(found) <= set(part.values):
                yield f"{name} holds {found or sorted(given)}"
            elif part.values and not found:
                yield f"{name} has no value"


def miscoded_parts(extension: Json, known: Parts) -> Iterator[str]:
    for name, part in known.items():
        for given in parts(extension, name):
            code = given.get("valueCode")
            if part.codes is not None and code is not None and code not in tuple(part.codes):
                yield f"{name} has no code {code!r}"


def malformed_parts(extension: Json, known: Parts) -> Iterator[str]:
    for name, part in known.items():
        for given in parts(extension, name):
            for found in set(values_of(given)) & set(part.values):
                if not (part.form or FORMS[found])(given[found]):
                    yield f"{name}: {given[found]!r}"


STRUCTURE: tuple[tuple[str, Callable[[Json, Parts], Iterator[str]]], ...] = (
    ("unknown-part", unknown_parts),
    ("cardinality", miscounted_parts),
    ("value-type", mistyped_parts),
    ("code-set", miscoded_parts),
    ("value-form", malformed_parts),
)


# What one coverage-information extension says.


@dataclass(frozen=True, slots=True)
class Answer:
    extension: Json
    version: Version

    def has(self, name: str) -> bool:
        return bool(parts(self.extension, name))

    def codes(self, *names: str) -> set[str]:
        found = (part.get("valueCode") for name in names for part in parts(self.extension, name))
        return {code for code in found if isinstance(code, str)}

    def strings(self, name: str) -> list[str]:
        found = (part.get("valueString") for part in parts(self.extension, name))
        return [text for text in found if isinstance(text, str)]

    def concepts(self, name: str) -> list[Json]:
        return [members(part.get("valueCodeableConcept")) for part in parts(self.extension, name)]

    def coverage(self) -> str:
        references = [members(part.get("valueReference")) for part in parts(self.extension, "coverage")]
        return str(references[0].get("reference")) if references else ""


NEEDS = ("covered", "pa-needed", "doc-needed")


def explained(answer: Answer) -> bool:
    return answer.has("reason")


def not_covered(answer: Answer) -> bool:
    return "not-covered" in answer.codes("covered")


def conditional(answer: Answer) -> bool:
    return "conditional" in answer.codes(*NEEDS)


def satisfied(answer: Answer) -> bool:
    return "satisfied" in answer.codes("pa-needed")


def listed(coding: Json, version: Version) -> bool:
    return coding.get("system") == TEMP and coding.get("code") in tuple(REASONS[version])


def reasons_told(answer: Answer) -> bool:
    return all(
        worded(concept.get("text")) or any(listed(c, answer.version) for c in objects(concept.get("coding")))
        for concept in answer.concepts("reason")
    )


def with_pa(answer: Answer) -> bool:
    return "withpa" in answer.codes("doc-purpose")


def never_with_pa(answer: Answer) -> bool:
    return satisfied(answer) or "noauth" in answer.codes("pa-needed") or not_covered(answer)


# Each holds of a valid answer. q2 and q3 have two lines: each version enforces one of them, an answer obeys both.
INVARIANTS: tuple[tuple[str, Callable[[Answer], bool]], ...] = (
    ("q1", lambda a: a.has("doc-needed") or not a.has("questionnaire")),
    ("q2", lambda a: not (not_covered(a) and a.has("pa-needed"))),
    ("q2-pa-demanded", lambda a: not_covered(a) or a.has("pa-needed")),
    ("q3", lambda a: a.has("info-needed") or not conditional(a)),
    ("q3-only-if-conditional", lambda a: conditional(a) or not a.has("info-needed")),
    ("q4", lambda a: not (never_with_pa(a) and with_pa(a))),
    ("q4-as-meant", lambda a: not ("no-auth" in a.codes("pa-needed") and with_pa(a))),
    ("q5", lambda a: a.has("satisfied-pa-id") == satisfied(a)),
    ("q6", lambda a: "OTH" not in a.codes("info-needed") or explained(a)),
    ("q7", reasons_told),
    ("q8", lambda a: explained(a) or not a.has("doc-purpose")),
    ("q9", lambda a: explained(a) or "indeterminate" not in a.codes(*NEEDS)),
)


def own_values(answer: Answer) -> Iterator[str]:
    yield from values_of(answer.extension)


def miscoded_reasons(answer: Answer) -> Iterator[str]:
    """A listed code belongs to the temporary system, and that system has no codes but those of the version."""
    for concept in answer.concepts("reason"):
        for coding in objects(concept.get("coding")):
            claimed = coding.get("system") == TEMP or coding.get("code") in tuple(EVERY_REASON)
            if claimed and not listed(coding, answer.version):
                yield f"{coding.get('system')}#{coding.get('code')}"


def details(answer: Answer) -> list[Json]:
    return parts(answer.extension, "detail")


def detail_codes(detail: Json, version: Version) -> list[str]:
    concepts = (members(part.get("valueCodeableConcept")) for part in parts(detail, "code"))
    codings = (coding for concept in concepts for coding in objects(concept.get("coding")))
    return [c["code"] for c in codings if c.get("system") in tuple(DETAIL_SYSTEMS[version]) and is_code(c.get("code"))]


def miscoded_details(answer: Answer) -> Iterator[str]:
    for detail in details(answer):
        codes = detail_codes(detail, answer.version)
        if not codes or not set(codes) <= set(DETAILS[answer.version]):
            yield f"detail code {[part.get('valueCodeableConcept') for part in parts(detail, 'code')]!r}"


def mismatched_details(answer: Answer) -> Iterator[str]:
    for detail in details(answer):
        wanted = {DETAILS[answer.version].get(code) for code in detail_codes(detail, answer.version)} - {None}
        found = {name for part in parts(detail, "value") for name in values_of(part)}
        if wanted and found != wanted:
            yield f"{detail_codes(detail, answer.version)} holds {sorted(found)}"


def empty_parts(answer: Answer) -> Iterator[str]:
    yield from map(".".join, empties(answer.extension))


def extension_of_r4(answer: Answer) -> Iterator[str]:
    yield from sorted(r4_faults(Extension, answer.extension))


ANSWER_RULES: tuple[tuple[str, Callable[[Answer], Iterator[str]]], ...] = (
    ("own-value", own_values),
    ("reason-coding", miscoded_reasons),
    ("detail-code", miscoded_details),
    ("detail-code-value", mismatched_details),
    ("empty", empty_parts),
    ("unknown-member", lambda answer: strangers(answer.extension, "Extension")),
    ("base-r4", extension_of_r4),
)


def structure_faults(answer: Answer) -> Iterator[str]:
    for rule, check in STRUCTURE:
        yield from (f"{rule}: {what}" for what in check(answer.extension, PARTS[answer.version]))
        for detail in details(answer):
            yield from (f"detail-{rule}: {what}" for what in check(detail, DETAIL_PARTS[answer.version]))


def answer_faults(answer: Answer) -> Iterator[str]:
    yield from structure_faults(answer)
    for rule, check in ANSWER_RULES:
        yield from (f"{rule}: {what}" for what in check(answer))
    yield from (f"{rule}: {answer.coverage()}" for rule, holds in INVARIANTS if not holds(answer))


# The resource that carries it.


def r4_faults(model: type[MedicationRequest] | type[Extension], resource: object) -> set[str]:
    """What base R4 has against a resource; positions in arrays are left out, so that two resources compare."""
    try:
        model.model_validate(resource)
    except ValidationError as error:
        return {f"{'.'.join(n for n in e['loc'] if isinstance(n, str))} {e['msg']}" for e in error.errors()}
    return set()


def order_faults(resource: object, drafts: Iterable[Json]) -> Iterator[str]:
    """Base R4 of a MedicationRequest, without what the drafts have wrong themselves."""
    if members(resource).get("resourceType") == "MedicationRequest":
        known = (r4_faults(MedicationRequest, draft) for draft in drafts)
        yield from sorted(r4_faults(MedicationRequest, resource).difference(*known))


def is_coverage_information(extension: object) -> bool:
    return members(extension).get("url") == COVERAGE_INFORMATION


def coverage_information(resource: object) -> list[Json]:
    return [e for e in objects(members(resource).get("extension")) if is_coverage_information(e)]


def bare(resource: object) -> Json:
    """The resource without coverage-information."""
    kept = dict(members(resource))
    if isinstance(kept.get("extension"), list):
        kept["extension"] = [e for e in kept["extension"] if not is_coverage_information(e)]
        if not kept["extension"]:
            del kept["extension"]
    return kept


def missing_from(first: list[Json], second: list[Json]) -> list[Json]:
    """Those of the first that are not, written alike, in the second."""
    known = [exact(extension) for extension in second]
    return [extension for extension in first if exact(extension) not in known]


def said(extension: Json) -> list[str]:
    """What an answer says, whenever and in whatever order it says it."""
    kept = [part for part in entries(extension.get("extension")) if members(part).get("url") != "date"]
    return sorted(json.dumps(exact(part), sort_keys=True) for part in kept)


@dataclass(frozen=True, slots=True)
class Filing:
    """One system action, the draft it answers, the version it is written in."""

    action: Json
    draft: Json
    version: Version

    @property
    def resource(self) -> Json:
        return members(self.action.get("resource"))

    @property
    def added(self) -> list[Answer]:
        new = missing_from(coverage_information(self.resource), coverage_information(self.draft))
        return [Answer(extension, self.version) for extension in new]


def not_an_update(filing: Filing) -> Iterator[str]:
    if filing.action.get("type") != "update":
        yield f"type {filing.action.get('type')!r}"


def undescribed(filing: Filing) -> Iterator[str]:
    if not worded(filing.action.get("description")):
        yield "an action without description"


def another_resource(filing: Filing) -> Iterator[str]:
    if any(filing.resource.get(name) != filing.draft.get(name) for name in ("resourceType", "id")):
        yield f"{reference_to(filing.resource)} for {reference_to(filing.draft)}"


def changed(filing: Filing) -> Iterator[str]:
    before, after = members(exact(bare(filing.draft))), members(exact(bare(filing.resource)))
    names = sorted({*before, *after})
    yield from (name for name in names if (name in before, before.get(name)) != (name in after, after.get(name)))


def lost(filing: Filing) -> Iterator[str]:
    """Coverage-information of the draft may be replaced only by an answer for the same coverage."""
    answered = {answer.coverage() for answer in filing.added}
    for extension in missing_from(coverage_information(filing.draft), coverage_information(filing.resource)):
        if (coverage := Answer(extension, filing.version).coverage()) not in answered:
            yield f"the answer for {coverage} is gone"


def unanswered(filing: Filing) -> Iterator[str]:
    if not coverage_information(filing.resource):
        yield "no coverage-information on the resource"


def nothing_new(filing: Filing) -> Iterator[str]:
    before = [said(extension) for extension in coverage_information(filing.draft)]
    if coverage_information(filing.resource) and all(said(answer.extension) in before for answer in filing.added):
        yield "the draft says it already"


def out_of_context(filing: Filing) -> Iterator[str]:
    if filing.resource.get("resourceType") not in tuple(CONTEXTS[filing.version]):
        yield f"no coverage-information on {filing.resource.get('resourceType')}"


def unwritten(action: Json, drafts: Iterable[Json]) -> Iterator[str]:
    """What is empty in an action, but for what its resource has from the draft."""
    echoed = {path for draft in drafts for path in empties(bare(draft))}
    yield from map(".".join, empties({name: value for name, value in action.items() if name != "resource"}))
    if "resource" in action:
        yield from (".".join(path) for path in empties(bare(action["resource"])) if path not in echoed)


def empty_action(filing: Filing) -> Iterator[str]:
    yield from unwritten(filing.action, [filing.draft])


def order_of_r4(filing: Filing) -> Iterator[str]:
    yield from order_faults(filing.resource, [filing.draft])


FILING_RULES: tuple[tuple[str, Callable[[Filing], Iterator[str]]], ...] = (
    ("action-type", not_an_update),
    ("action-description", undescribed),
    ("same-order", another_resource),
    ("resp-37", changed),
    ("others-kept", lost),
    ("crd-respci1", unanswered),
    ("resp-35", nothing_new),
    ("context", out_of_context),
    ("empty", empty_action),
    ("base-r4", order_of_r4),
)


def faults(action: Json, draft: Json, version: Version) -> list[str]:
    """What is wrong with a coverage-information system action as the answer to a draft."""
    filing = Filing(action, draft, version)
    found = [f"{rule}: {what}" for rule, check in FILING_RULES for what in check(filing)]
    return found + [fault for answer in filing.added for fault in answer_faults(answer)]


# The whole response.


@dataclass(frozen=True, slots=True)
class Response:
    body: Json
    hook: str
    drafts: list[Json]
    version: Version

    @property
    def actions(self) -> list[Json]:
        return objects(self.body.get("systemActions"))

    @property
    def cards(self) -> list[Json]:
        return objects(self.body.get("cards"))

    @property
    def suggestions(self) -> list[Json]:
        return [suggestion for card in self.cards for suggestion in objects(card.get("suggestions"))]

    @property
    def proposed(self) -> list[Json]:
        return [action for suggestion in self.suggestions for action in objects(suggestion.get("actions"))]

    @property
    def orders(self) -> dict[str, Json]:
        return {reference_to(draft): draft for draft in self.drafts}

    def filed(self) -> list[tuple[str, Answer]]:
        """Each answer with the order it is on."""
        resources = [members(action.get("resource")) for action in self.actions]
        return [(reference_to(r), Answer(e, self.version)) for r in resources for e in coverage_information(r)]


def no_array_of_cards(response: Response) -> Iterator[str]:
    cards = response.body.get("cards")
    if not isinstance(cards, list) or len(response.cards) < len(cards):
        yield "cards is no array of objects"


def no_array_of_actions(response: Response) -> Iterator[str]:
    actions = response.body.get("systemActions")
    wanted = response.hook == "order-sign" or "systemActions" in response.body
    if wanted and (not isinstance(actions, list) or len(response.actions) < len(actions)):
        yield "systemActions is no array of objects"


def acting_on_select(response: Response) -> Iterator[str]:
    if response.hook == "order-select" and response.body.get("systemActions"):
        yield "order-select is answered without actions"


def answered_twice(response: Response) -> Iterator[str]:
    counts = Counter(reference_to(action.get("resource")) for action in response.actions)
    yield from (f"{order} is answered {count} times" for order, count in counts.items() if count > 1)


def no_such_draft(response: Response) -> Iterator[str]:
    for action in response.actions:
        if (order := reference_to(action.get("resource"))) not in response.orders:
            yield order


def shared(response: Response, name: str) -> Iterator[str]:
    """Identifiers that answers for different coverages share."""
    used: dict[str, set[str]] = defaultdict(set)
    for _, answer in response.filed():
        for identifier in answer.strings(name):
            used[identifier].add(answer.coverage())
    yield from (f"{name} {i} for {sorted(coverages)}" for i, coverages in used.items() if len(coverages) > 1)


def several(response: Response, name: str) -> Iterator[str]:
    """Answers for one order and coverage with several identifiers."""
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for order, answer in response.filed():
        used[order, answer.coverage()].update(answer.strings(name))
    yield from (f"{name} {sorted(found)} for {key}" for key, found in used.items() if len(found) > 1)


RESPONSE_RULES: tuple[tuple[str, Callable[[Response], Iterator[str]]], ...] = (
    ("cards-array", no_array_of_cards),
    ("system-actions-array", no_array_of_actions),
    ("no-actions-on-select", acting_on_select),
    ("one-action-per-draft", answered_twice),
    ("action-targets-a-draft", no_such_draft),
    ("resp-32-assertion-id", lambda r: shared(r, "coverage-assertion-id")),
    ("resp-32-pa-id", lambda r: shared(r, "satisfied-pa-id")),
    ("one-assertion-id", lambda r: several(r, "coverage-assertion-id")),
    ("one-pa-id", lambda r: several(r, "satisfied-pa-id")),
    ("uuid-distinct", lambda r: repeated([*r.cards, *r.suggestions], "uuid")),
    ("suggested-base-r4", lambda r: (f for a in r.proposed for f in order_faults(a.get("resource"), r.drafts))),
)


def repeated(holders: Iterable[Json], name: str) -> Iterator[str]:
    counts = Counter(holder[name] for holder in holders if isinstance(holder.get(name), str))
    yield from (f"{name} {value!r} is used {count} times" for value, count in counts.items() if count > 1)


# Cards.

CardCheck = Callable[[Json, Response], bool]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and bool(UUID.fullmatch(value))


def optional_list(holder: Json, name: str) -> bool:
    value = holder.get(name, [{}])
    return isinstance(value, list) and bool(value) and len(objects(value)) == len(value)


def short_summary(card: Json, _: Response) -> bool:
    return worded(card.get("summary")) and len(card["summary"]) < 140


def topic_of(card: Json) -> Json:
    return members(members(card.get("source")).get("topic"))


def topic_in_version(card: Json, response: Response) -> bool:
    """A code of the card types has the version's system, and that system has no other codes but options'."""
    topic = topic_of(card)
    known = topic.get("code") in tuple(TOPICS["2.2"])
    versioned = topic.get("code") in tuple(TOPICS[response.version])
    ours = versioned and topic.get("system") == TOPIC_SYSTEM[response.version]
    return ours or not (known or topic.get("system") in tuple(TOPIC_SYSTEM.values()))


def detail_worded(card: Json, _: Response) -> bool:
    return "detail" not in card or worded(card["detail"])


def selection_told(card: Json, _: Response) -> bool:
    return ("suggestions" not in card and "selectionBehavior" not in card) or (
        card.get("selectionBehavior") in ("any", "at-most-one")
    )


def one_recommended(card: Json, _: Response) -> bool:
    told = [s["isRecommended"] for s in objects(card.get("suggestions")) if "isRecommended" in s]
    at_most = 1 if card.get("selectionBehavior") == "at-most-one" else len(told)
    return all(isinstance(recommended, bool) for recommended in told) and told.count(True) <= at_most


def lists_of_objects(card: Json, _: Response) -> bool:
    return all(optional_list(card, name) for name in ("suggestions", "links", "overrideReasons"))


def override_reasons(card: Json, _: Response) -> bool:
    reasons = objects(card.get("overrideReasons"))
    return all(worded(reason.get(name)) for reason in reasons for name in ("code", "system", "display"))


def associated_orders(card: Json, response: Response) -> bool:
    """`[{"reference": "MedicationRequest/x"}]`, each a draft of the request (dev-25)."""
    extension = members(card.get("extension"))
    name = "davinci-crd.associated-resource"
    if name not in extension:
        return True
    associated = objects(extension[name])
    named = all(set(a) == {"reference"} and a["reference"] in list(response.orders) for a in associated)
    return optional_list(extension, name) and named


CARD_RULES: tuple[tuple[str, CardCheck], ...] = (
    ("summary", short_summary),
    ("detail", detail_worded),
    ("indicator", lambda card, _: card.get("indicator") in ("info", "warning", "critical")),
    ("source-label", lambda card, _: worded(members(card.get("source")).get("label"))),
    ("source-topic", lambda card, _: is_coding(topic_of(card))),
    ("topic-version", topic_in_version),
    ("card-uuid", lambda card, _: is_uuid(card.get("uuid"))),
    ("card-lists", lists_of_objects),
    ("selection-behavior", selection_told),
    ("recommended", one_recommended),
    ("override-reasons", override_reasons),
    ("associated-resource", associated_orders),
)


# Suggestions, their actions, links.


def action_types(suggestion: Json) -> list[str]:
    return [str(action.get("type")) for action in objects(suggestion.get("actions"))]


def types_acted_on(suggestion: Json, kind: str) -> Counter[str]:
    acting = [action for action in objects(suggestion.get("actions")) if action.get("type") == kind]
    if kind == "delete":
        return Counter(str(action.get("resourceId")).partition("/")[0] for action in acting)
    return Counter(str(members(action.get("resource")).get("resourceType")) for action in acting)


def alternate_form(suggestion: Json, response: Response) -> bool:
    """One update, or a delete with a create of its type (2.2: one of each); creates alone are additional orders."""
    types = sorted(action_types(suggestion))
    if set(types) <= {"create"} or types == ["update"]:
        return True
    paired = types_acted_on(suggestion, "delete") <= types_acted_on(suggestion, "create")
    return "update" not in types and paired and (response.version == "2.0" or types == ["create", "delete"])


SUGGESTION_RULES: tuple[tuple[str, CardCheck], ...] = (
    ("suggestion-label", lambda suggestion, _: worded(suggestion.get("label"))),
    ("suggestion-uuid", lambda suggestion, _: is_uuid(suggestion.get("uuid"))),
    ("suggestion-actions", lambda suggestion, _: "actions" in suggestion and optional_list(suggestion, "actions")),
    ("alternate-form", alternate_form),
)


def carries(action: Json, _: Response) -> bool:
    if action.get("type") == "delete":
        return bool(re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}", str(action.get("resourceId", ""))))
    return worded(members(action.get("resource")).get("resourceType"))


def deletes_a_draft(action: Json, response: Response) -> bool:
    return action.get("type") != "delete" or action.get("resourceId") in list(response.orders)


def updates_a_draft(action: Json, response: Response) -> bool:
    return action.get("type") != "update" or reference_to(action.get("resource")) in response.orders


PROPOSAL_RULES: tuple[tuple[str, CardCheck], ...] = (
    ("proposal-type", lambda action, _: action.get("type") in ("create", "update", "delete")),
    ("proposal-description", lambda action, _: worded(action.get("description"))),
    ("proposal-resource", carries),
    ("delete-without-resource", lambda action, _: action.get("type") != "delete" or "resource" not in action),
    ("delete-targets-a-draft", deletes_a_draft),
    ("update-targets-a-draft", updates_a_draft),
)
LINK_RULES: tuple[tuple[str, CardCheck], ...] = (
    ("link-label", lambda link, _: worded(link.get("label"))),
    ("link-type", lambda link, _: link.get("type") in ("absolute", "smart")),
    ("link-url", lambda link, _: is_url(link.get("url"))),
    ("link-app-context", lambda link, _: link.get("type") != "absolute" or "appContext" not in link),
)


def broken(rules: Iterable[tuple[str, CardCheck]], holder: Json, response: Response, where: str) -> Iterator[str]:
    yield from (f"{rule}: {where}" for rule, holds in rules if not holds(holder, response))


def empty_card(card: Json, response: Response, where: str) -> Iterator[str]:
    """What is empty in a card; the actions of suggestions may repeat a draft's."""
    suggestions = [{k: v for k, v in s.items() if k != "actions" or not v} for s in objects(card.get("suggestions"))]
    own = {**card, "suggestions": suggestions} if suggestions else card
    yield from (f"empty: {where}.{'.'.join(path)}" for path in empties(own))
    for suggestion in objects(card.get("suggestions")):
        for action in objects(suggestion.get("actions")):
            yield from (f"empty: {where} action {path}" for path in unwritten(action, response.drafts))


def suggestion_faults(suggestion: Json, response: Response, where: str) -> Iterator[str]:
    yield from broken(SUGGESTION_RULES, suggestion, response, where)
    for action in objects(suggestion.get("actions")):
        yield from broken(PROPOSAL_RULES, action, response, f"{where} {action.get('type')}")


def card_faults(card: Json, response: Response, where: str) -> Iterator[str]:
    yield from broken(CARD_RULES, card, response, where)
    yield from empty_card(card, response, where)
    for suggestion in objects(card.get("suggestions")):
        yield from suggestion_faults(suggestion, response, f"{where} {suggestion.get('label')}")
    for link in objects(card.get("links")):
        yield from broken(LINK_RULES, link, response, f"{where} {link.get('label')}")


def empty_elsewhere(response: Response) -> Iterator[str]:
    """Empty members besides the two arrays: those may be empty, and their entries are judged one by one."""
    rest = {name: value for name, value in response.body.items() if name not in ("cards", "systemActions")}
    yield from (f"empty: {'.'.join(path)}" for path in (empties(rest) if rest else ()))


def response_faults(response: Json, hook: str, drafts: list[Json], version: Version) -> list[str]:
    """What is wrong with the body of a CDS Hooks response to a hook that was called with these drafts."""
    whole = Response(response, hook, drafts, version)
    found = [f"{rule}: {what}" for rule, check in RESPONSE_RULES for what in check(whole)]
    found += empty_elsewhere(whole)
    for number, card in enumerate(whole.cards):
        found += card_faults(card, whole, f"card {number}")
    for action in whole.actions:
        draft = whole.orders.get(reference_to(action.get("resource")))
        found += faults(action, draft, version) if draft is not None else ()
    return found


# Discovery.


def options(service: Json) -> list[Json]:
    return objects(members(service.get("extension")).get("davinci-crd.configuration-options"))


def versions_declared(service: Json) -> bool:
    versions = members(service.get("extension")).get("davinci-crd.version")
    return isinstance(versions, list) and bool(versions)


def versions_formed(service: Json) -> bool:
    versions = entries(members(service.get("extension")).get("davinci-crd.version"))
    return all(isinstance(v, str) and re.fullmatch(r"[1-9]\d*\.\d+", v, re.ASCII) for v in versions)


def default_fits(option: Json) -> bool:
    default = option.get("default")
    whole = isinstance(default, int) and not isinstance(default, bool)
    return isinstance(default, bool) if option.get("type") == "boolean" else whole


def options_described(service: Json) -> bool:
    return all(
        option.get("type") in ("boolean", "integer")
        and default_fits(option)
        and all(worded(option.get(name)) for name in ("code", "name", "description"))
        for option in options(service)
    ) and optional_list(members(service.get("extension")), "davinci-crd.configuration-options")


def types_switchable(service: Json) -> bool:
    """A boolean option at least, and one for coverage information where it is required (order-sign)."""
    switches = [option.get("code") for option in options(service) if option.get("type") == "boolean"]
    return "coverage-info" in switches if service.get("hook") == "order-sign" else bool(switches)


def options_distinct(service: Json) -> bool:
    return not any(True for name in ("code", "name", "description") for _ in repeated(options(service), name))


def codes_are_names(service: Json) -> bool:
    codes = [option["code"] for option in options(service) if isinstance(option.get("code"), str)]
    return all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", code) for code in codes)


SERVICE_RULES: tuple[tuple[str, Callable[[Json], bool]], ...] = (
    ("service-members", lambda service: all(worded(service.get(n)) for n in ("hook", "id", "description"))),
    ("dev-1", versions_declared),
    ("version-form", versions_formed),
    ("dev-4", options_described),
    ("dev-5", types_switchable),
    ("dev-7", codes_are_names),
    ("dev-8", options_distinct),
)


def discovery_faults(discovery: Json) -> list[str]:
    """What is wrong with the body that `/cds-services` answers."""
    services = objects(discovery.get("services"))
    found = [f"{rule}: {s.get('id')}" for s in services for rule, holds in SERVICE_RULES if not holds(s)]
    return found if optional_list({"services": discovery.get("services")}, "services") else ["services-array: ", *found]
