"""The form's expressions, evaluated as an app does: on what a FHIR server answers to their queries."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fhirpathpy import compile as compiled
from fhirpathpy.models import models

from service.fhir.chart import Chart
from service.fhir.shown import shown
from service.forms import questionnaire
from service.hooks.discovery import SERVICES
from service.hooks.gather import gather
from service.hooks.request import decode, parse
from service.policy import library
from service.policy.determine import Policy
from service.policy.form import form, questions
from service.prefill import context, initial
from service.questions import Shows
from service.terminology import load
from tests.fhir.synthetic import ICD, LOINC, NDC, RXNORM, SNOMED, chart_of, coded, status
from tests.fhir.test_shown import BODY, BORN, DRUG, SWALLOW, WEEKLY, condition, dosed, observed, taken
from tests.test_fixtures import ANSWERED, Fixture
from tests.web.test_questionnaires import MISSING, items

JSON = dict[str, Any]
TERMS, LIBRARY = load(), library.load()
POLICIES = [revision.policy for revision in LIBRARY.revisions()]
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
EVERY = [
    (f"{policy.document.version} {asked.ref}", asked.shows)
    for policy in POLICIES
    for outline in policy.outlines
    for asked in questions(form(policy, [c.ref for c in outline.leaves()]).parts)  # type: ignore[union-attr]
    if asked.shows
]
DISTINCT = list(dict.fromkeys(shows for _, shows in EVERY))


def chart_in(fixture: Fixture) -> Chart:
    """The fixture's chart, with its numbers as exact as the service reads them."""
    request = decode(json.dumps(fixture.request).encode())
    service = next(one for one in SERVICES if one.hook == fixture.request["hook"])
    return gather(parse(request, service), LIBRARY.resources())


def plain(value: Any) -> Any:
    """JSON with numbers as a browser has them: no trailing zeros."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def bundle(query: str, chart: Chart) -> JSON:
    """What a FHIR server of this chart answers to a query."""
    address = urlsplit(query.replace("{{%patient.id}}", chart.patient_id))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked.pop("patient") == chart.patient_id
    found = list(chart.of(address.path))
    if "code" in asked:
        codes = {tuple(one.split("|")) for one in asked.pop("code").split(",")}
        statuses = asked.pop("status").split(",")
        found = [o for o in found if o.get("status") in statuses and codes & set(codings(o))]
        assert (asked.pop("_sort"), asked.pop("_count")) == ("-date", "1")
        found = sorted(found, key=lambda o: o.get("effectiveDateTime", ""), reverse=True)[:1]
    assert set(asked) <= {"_count"}
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": plain(one)} for one in found]}


def codings(resource: JSON) -> Iterator[tuple[str, str]]:
    yield from ((c.get("system", ""), c.get("code", "")) for c in resource.get("code", {}).get("coding", []))


@cache
def program(expression: str) -> Any:
    return compiled(expression, models["r4"])


def evaluated(expression: str, extensions: list[JSON], chart: Chart) -> str | None:
    """What an app fills in: the launch's patient and the queries' answers at hand, under no other names."""
    variables: JSON = {"patient": plain(chart.patient)}
    for extension in extensions:
        if extension["url"] == VARIABLE:
            variable = extension["valueExpression"]
            assert variable["language"] == "application/x-fhir-query"
            variables[variable["name"]] = bundle(variable["expression"], chart)
    found = program(expression)({}, variables)
    assert len(found) <= 1
    return found[0] if found else None


def told(shows: tuple[Shows, ...], chart: Chart) -> str | None:
    (extension,) = initial(shows, TERMS)
    expression = extension["valueExpression"]
    assert (extension["url"], expression["language"]) == (f"{SDC}initialExpression", "text/fhirpath")
    return evaluated(expression["expression"], context(shows, TERMS), chart)


@pytest.mark.parametrize("fixture", MISSING, ids=lambda f: f.name)
def test_an_app_fills_in_what_the_service_reads_of_the_same_chart(fixture: Fixture) -> None:
    chart = chart_in(fixture)
    for determination in fixture.determinations:
        policy = LIBRARY.revision("CP.PHAR.134", determination["policy"]["version"]).policy
        asks = form(policy, determination["missing"])
        assert asks is not None
        made = questionnaire(asks, "https://pa.example.org", TERMS)
        expressions = {
            item["linkId"]: extension["valueExpression"]["expression"]
            for item in items(made["item"])
            for extension in item.get("extension", [])
            if extension["url"] == f"{SDC}initialExpression"
        }
        for asked in questions(asks.parts):
            expression = expressions.pop(f"{asked.ref}#explanation", None)
            found = evaluated(expression, made["extension"], chart) if expression else None
            assert found == shown(asked.shows, chart, TERMS)
        assert expressions == {}


@pytest.mark.parametrize("shows", DISTINCT, ids=lambda s: f"{s[0].kind} {' '.join(s[0].concepts)}"[:60])
def test_every_question_is_read_alike_in_every_chart(shows: tuple[Shows, ...]) -> None:
    said = [(told(shows, chart), shown(shows, chart, TERMS)) for chart in map(chart_in, ANSWERED)]
    assert [ours for _, ours in said] == [theirs for theirs, _ in said]


def test_there_is_something_to_read_in_the_charts_of_all_kinds() -> None:
    charts = list(map(chart_in, ANSWERED))
    kinds = {s[0].kind for s in DISTINCT if any(shown(s, chart, TERMS) for chart in charts)}
    assert kinds == {"condition", "medication", "measure", "birth-date"}


_PERIOD = {"start": "2025-01-02T08:00:00Z", "end": "2025-06"}
_MODIFIED = {"modifierExtension": [{"url": "https://example.org/not"}]}
_STAGES = [{"summary": {"text": "IA"}}, {"summary": coded(SNOMED, "2640006")}, {"type": {"text": "Clinical staging"}}]
_NARROWED = dosed(15, frequency=1, period=1, periodUnit="d", dayOfWeek=["mon"])
_RANGE = {"doseAndRate": [{"doseRange": {"low": {"value": 10}, "high": {"value": 15}}}]}
_BOTH = {"doseAndRate": [*dosed(10)["doseAndRate"], *dosed(15)["doseAndRate"]]}
_CODED = {"doseAndRate": [{"doseQuantity": {"value": Decimal("7.50"), "code": "mg"}}]}
_NAMED = {"coding": [{"system": RXNORM, "code": "6851"}, {"system": RXNORM, "code": "1", "display": "MTX"}]}


@pytest.mark.parametrize(
    ("shows", "records"),
    [
        (SWALLOW, [condition("a", clinicalStatus=status("active")), condition("b", onsetDateTime="2026-03-01T08:00Z")]),
        (SWALLOW, [condition(onsetDateTime="2020-01-01", recordedDate="2021")]),
        (SWALLOW, [condition(verificationStatus=status("refuted")), condition("b", recordedDate="2021-03")]),
        (SWALLOW, [condition(modifierExtension=[{"url": "https://example.org/not"}])]),
        (SWALLOW, [condition(implicitRules="https://example.org/rules")]),
        (SWALLOW, [condition(stage=_STAGES, onsetDateTime="2024-11-05"), condition("b", stage=_STAGES[1:])]),
        (SWALLOW, [condition(stage=[_STAGES[0] | _MODIFIED]), condition("b", stage=_STAGES[2:])]),
        (SWALLOW, [condition(code={"text": "a" * length, **coded(ICD, "R13.12")}) for length in (3000, 998)]),
        (SWALLOW, [condition("a", code={"text": "a" * 3999, **coded(ICD, "R13.12")}), condition("b")]),
        (DRUG, [taken(dosage=[{"text": "15 mg weekly"}, {"text": "2.5 mg as needed"} | WEEKLY])]),
        (DRUG, [taken("MedicationRequest", dosageInstruction=[WEEKLY, WEEKLY], authoredOn="2025-01-09")]),
        (DRUG, [taken("MedicationDispense", dosageInstruction=[_CODED, _NARROWED]), taken(dosage=[_RANGE, _BOTH])]),
        (DRUG, [taken(dosage=[dosed(15, frequency=1, period=Decimal("1.5"), periodUnit="wk")])]),
        (DRUG, [taken(dosage=[dosed(15, frequency=1, period=1), {"timing": WEEKLY["timing"]}])]),
        (DRUG, [taken(dosage=[WEEKLY | _MODIFIED, {"text": "2 mg"}]), taken(identity="b", effectivePeriod=_PERIOD)]),
        (
            DRUG,
            [taken("MedicationRequest", name, doNotPerform=name == "a", dosageInstruction=[WEEKLY]) for name in "ab"],
        ),
        (DRUG, [taken(effectivePeriod=_PERIOD), taken(identity="b", effectiveDateTime="2024-02-29")]),
        (DRUG, [taken(effectivePeriod={"start": "2025"}), taken(identity="b", effectivePeriod={"end": "2025"})]),
        (DRUG, [taken("MedicationDispense", whenHandedOver="2025-02-01", whenPrepared="2025-01-31")]),
        (DRUG, [taken("MedicationDispense", whenPrepared="2025-01-31"), taken("MedicationRequest", status="draft")]),
        (DRUG, [taken("MedicationRequest", authoredOn="2025-01-09T00:00:00+02:00"), taken(status="entered-in-error")]),
        (DRUG, [taken(medicationCodeableConcept=_NAMED), taken("MedicationDispense"), taken("MedicationRequest")]),
        (BODY, [observed("29463-7", Decimal("82.50")), observed("29463-7", 90, "2025"), observed("8302-2", 171)]),
        (BODY, [observed("29463-7", 82, "2026"), observed("29463-7", 90, "2026-03-01", status="preliminary")]),
        (BODY, [observed("29463-7", 82, "2026"), observed("29463-7", 83, "2026-03-01", valueQuantity=None)]),
        (BODY, [observed("29463-7", 82, valueQuantity={"value": Decimal("82.0"), "code": "kg"})]),
        (BODY, [observed("8302-2", 171, valueQuantity={"value": 171}, effectiveDateTime=None)]),
        (BORN, [{"resourceType": "Patient", "id": "pat-1", "birthDate": "1974-12"}]),
        (BORN, [{"resourceType": "Patient", "id": "pat-1", "birthDate": "1974-12-25", "_birthDate": {"id": "x"}}]),
        (BORN, [{"resourceType": "Patient", "id": "pat-1"}]),
    ],
)
def test_every_shape_of_a_record_is_told_alike(shows: Shows, records: list[JSON]) -> None:
    chart = chart_of(*records)
    assert told((shows,), chart) == shown((shows,), chart, TERMS)


@pytest.mark.parametrize(
    ("concept", "system", "code", "of_it"),
    [
        ("unable-to-swallow-pills", ICD, "R13.12", True),
        ("unable-to-swallow-pills", ICD, "R1312", True),
        ("unable-to-swallow-pills", ICD, "R13.0", True),
        ("unable-to-swallow-pills", ICD, "R13.01", False),
        ("unable-to-swallow-pills", ICD, "R13", False),
        ("unable-to-swallow-pills", ICD, "XR13.12", False),
        ("unable-to-swallow-pills", SNOMED, "40739000", True),
        ("unable-to-swallow-pills", SNOMED, "407390001", False),
        ("unable-to-swallow-pills", ICD, "40739000", False),
        ("non-hodgkin-lymphoma", ICD, "C83.10", True),
        ("non-hodgkin-lymphoma", ICD, "C81.10", False),
        ("methotrexate-ingredient", RXNORM, "6851", True),
        ("otrexup", NDC, "54436-012-02", True),
        ("otrexup", NDC, "54436-0012-02", True),
        ("otrexup", NDC, "54436001202", True),
        ("otrexup", NDC, "5443601202", True),
        ("otrexup", NDC, "54436-0123", False),
        ("otrexup", NDC, "54436-013-02", False),
        ("generic-methotrexate-injection", NDC, "0143-9516-01", True),
        ("generic-methotrexate-injection", NDC, "00143951601", True),
        ("generic-methotrexate-injection", NDC, "0143951601", True),
        ("generic-methotrexate-injection", NDC, "0143-9517-01", False),
    ],
)
def test_a_code_belongs_by_its_expression_as_by_the_value_set(
    concept: str, system: str, code: str, of_it: bool
) -> None:
    assert (concept in TERMS.concepts(system, code)) is of_it
    condition = {"resourceType": "Condition", "id": "c", "code": coded(system, code)}
    found = told((Shows("condition", (concept,)),), chart_of(condition))
    assert found == (code if of_it else None)


def test_what_a_value_set_leaves_out_is_left_out_for_no_other() -> None:
    both = (Shows("condition", ("non-hodgkin-lymphoma", "mycosis-fungoides")),)
    (barred, *_) = sorted(code for (_, code), sets in TERMS.excluded_subtree.items() if "non-hodgkin-lymphoma" in sets)
    for code in (barred, "C84.00", "C83.10", "C81.10"):
        chart = chart_of({"resourceType": "Condition", "id": "c", "code": coded(ICD, code)})
        assert told(both, chart) == shown(both, chart, TERMS)
        assert (told(both, chart) is None) is not bool(
            TERMS.concepts(ICD, code) & {"non-hodgkin-lymphoma", "mycosis-fungoides"}
        )


def test_only_what_is_used_is_asked_for() -> None:
    names = lambda shows: [  # noqa: E731
        e["valueExpression"]["name"] for e in context(shows, TERMS) if e["url"] == VARIABLE
    ]
    born, swallow = Shows("birth-date"), Shows("condition", ("unable-to-swallow-pills",))
    assert context([], TERMS) == []
    assert names([born]) == []
    assert names([swallow, born, swallow]) == ["conditions"]
    assert names([Shows("medication", ("otrexup",))]) == ["statements", "requests", "dispenses"]
    assert names([Shows("measure", ("body-weight",))]) == ["bodyWeight"]


def test_the_patient_and_the_user_are_had_from_the_launch() -> None:
    launched = [e["extension"] for e in context([Shows("birth-date")], TERMS)]
    system = "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext"
    assert [(parts[0]["valueCoding"]["system"], parts[0]["valueCoding"]["code"]) for parts in launched] == [
        (system, "patient"),
        (system, "user"),
    ]
    assert [parts[1]["valueCode"] for parts in launched] == ["Patient", "Practitioner"]


def test_an_observation_is_asked_for_by_its_value_sets_codes_the_newest_alone() -> None:
    (_, _, variable) = context([Shows("measure", ("body-surface-area",))], TERMS)
    codes = sorted(code for (_, code), sets in TERMS.exact.items() if "body-surface-area" in sets)
    assert variable["valueExpression"]["expression"] == (
        f"Observation?patient={{{{%patient.id}}}}&code={','.join(f'{LOINC}|{code}' for code in codes)}"
        "&status=final,amended,corrected&_sort=-date&_count=1"
    )


@pytest.mark.parametrize(("name", "shows"), EVERY, ids=[name for name, _ in EVERY])
def test_an_expression_is_short_enough_to_be_read(name: str, shows: tuple[Shows, ...]) -> None:
    ((extension,), longest) = initial(shows, TERMS), 4200 if name.endswith("I.E.1") else 3000
    assert len(extension["valueExpression"]["expression"]) < longest


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.document.version)
def test_a_form_asks_an_ehr_for_each_list_once(policy: Policy) -> None:
    asks = form(policy, [c.ref for c in policy.document.clause if c.ref.startswith("II.")])
    assert asks is not None
    made = questionnaire(asks, "https://pa.example.org", TERMS)
    names = [e["valueExpression"]["name"] for e in made["extension"] if e["url"] == VARIABLE]
    assert sorted(names) == ["bodyHeight", "bodySurfaceArea", "bodyWeight", "dispenses", "requests", "statements"]


def test_a_question_of_which_a_chart_shows_nothing_has_no_expression() -> None:
    asks = form(POLICIES[-1], ["I.B.3.a"])
    assert asks is not None
    made = questionnaire(asks, "https://pa.example.org", TERMS)
    assert "extension" not in made
    assert made["meta"]["profile"] == [f"{SDC.removesuffix('-')}"]
    assert made == questionnaire(asks, "https://pa.example.org")


def test_a_questionnaire_without_value_sets_reads_no_chart() -> None:
    asks = form(POLICIES[-1], ["I.B.6"])
    assert asks is not None
    with_, without = questionnaire(asks, "https://pa.example.org", TERMS), questionnaire(asks, "https://pa.example.org")
    assert "extension" in with_
    assert f"{SDC}pop-exp" in with_["meta"]["profile"]
    assert [item["linkId"] for item in items(with_["item"])] == [item["linkId"] for item in items(without["item"])]
    assert "Expression" not in json.dumps(without)
