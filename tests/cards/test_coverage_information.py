"""Filings in FHIR, by Da Vinci CRD 2.2.1 and 2.0.1, and the action that puts them on a draft order."""

import copy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.coverage_information import URL, Version, extension, number_of, system_action
from service.determination import DoseLimit
from service.filing import Filing
from tests.cards.outcomes import HOSTILE, empties

Json = dict[str, Any]
VERSIONS: tuple[Version, ...] = ("2.0", "2.2")
TEMPORARY = "http://hl7.org/fhir/us/davinci-crd/CodeSystem/temp"
DETAILS = {"2.0": TEMPORARY, "2.2": "http://terminology.hl7.org/CodeSystem/crd-coverage-detail"}
POLICY = "https://payer.example/policy"

DOCUMENTS = Filing(
    coverage="Coverage/cov-1",
    covered="covered",
    authorization="auth-needed",
    why="documentation",
    details=("Chart note on tablets (I.B.6)", "Date of birth (I.B.4.b)"),
    on=date(2026, 3, 10),
    assertion="assertion-1",
    policy_url=POLICY,
    documents=True,
)
APPROVABLE = replace(DOCUMENTS, why="approvable", details=(), documents=False)
GRANTED = replace(
    APPROVABLE,
    authorization="satisfied",
    why="granted",
    number="CS-0001",
    expires=date(2027, 3, 9),
    period=(date(2026, 3, 10), date(2027, 3, 9)),
    limit=DoseLimit(Decimal(30), "mg", "week", "I.B.7"),
)
UNMET = replace(APPROVABLE, why="unmet", details=("At most 30 mg a week (I.B.7)",))
ELSEWHERE = replace(APPROVABLE, covered="conditional", why="elsewhere", details=("CP.PMN.53",), open=True)
DAILY = replace(APPROVABLE, why="daily", policy_url=None)
LAPSED = replace(APPROVABLE, covered="not-covered", authorization=None, why="no-active-coverage", policy_url=None)
FILINGS = (DOCUMENTS, APPROVABLE, GRANTED, UNMET, ELSEWHERE, DAILY, LAPSED)

ORDER: Json = {
    "resourceType": "MedicationRequest",
    "id": "mtx-1",
    "status": "draft",
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": Decimal("1.10"), "unit": "mL"}}]}],
    "_status": {"extension": [{"url": "https://ehr.example/unknown", "valueDecimal": Decimal("0.50")}]},
    "unknown": {"kept": [None, "", {}]},
}
FOREIGN: Json = {"url": "https://ehr.example/StructureDefinition/ward", "valueString": "7 West"}
OTHER_PAYER: Json = {
    "url": URL,
    "extension": [
        {"url": "coverage", "valueReference": {"reference": "Coverage/other"}},
        {"url": "covered", "valueCode": "covered"},
        {"url": "coverage-assertion-id", "valueString": "theirs"},
    ],
}


def parts(said: Json, name: str) -> list[Json]:
    return [part for part in said["extension"] if part["url"] == name]


def reason(filing: Filing, version: Version = "2.2") -> str:
    (found,) = parts(extension(filing, version), "reason")
    return str(found["valueCodeableConcept"]["text"])


def resource(order: Json, filing: Filing = DOCUMENTS, version: Version = "2.2") -> Json:
    action = system_action(order, filing, version)
    assert action is not None
    found: Json = action["resource"]
    return found


def test_missing_documentation_in_the_shape_of_2_2() -> None:
    assert extension(DOCUMENTS, "2.2") == {
        "url": "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information",
        "extension": [
            {"url": "coverage", "valueReference": {"reference": "Coverage/cov-1"}},
            {"url": "covered", "valueCode": "covered"},
            {"url": "pa-needed", "valueCode": "auth-needed"},
            {"url": "doc-needed", "valueCode": "clinical"},
            {"url": "doc-purpose", "valueCode": "withpa"},
            {
                "url": "reason",
                "valueCodeableConcept": {"text": "Needed: Chart note on tablets (I.B.6); Date of birth (I.B.4.b)"},
            },
            {
                "url": "detail",
                "extension": [
                    {"url": "category", "valueCode": "cat-other"},
                    {
                        "url": "code",
                        "valueCodeableConcept": {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/crd-coverage-detail",
                                    "code": "policy-link",
                                }
                            ]
                        },
                    },
                    {"url": "value", "valueUrl": POLICY},
                ],
            },
            {"url": "date", "valueDate": "2026-03-10"},
            {"url": "coverage-assertion-id", "valueString": "assertion-1"},
        ],
    }


def test_an_authorization_in_the_shape_of_2_0() -> None:
    found = extension(GRANTED, "2.0")
    assert [part["url"] for part in found["extension"]] == [
        "coverage",
        "covered",
        "pa-needed",
        "reason",
        "detail",
        "detail",
        "date",
        "coverage-assertion-id",
        "satisfied-pa-id",
    ]
    assert parts(found, "satisfied-pa-id") == [{"url": "satisfied-pa-id", "valueString": "CS-0001"}]
    period, quantity = parts(found, "detail")
    assert period["extension"] == [
        {"url": "code", "valueCodeableConcept": {"coding": [{"system": TEMPORARY, "code": "allowed-period"}]}},
        {"url": "value", "valuePeriod": {"start": "2026-03-10", "end": "2027-03-09"}},
    ]
    assert quantity["extension"] == [
        {"url": "code", "valueCodeableConcept": {"coding": [{"system": TEMPORARY, "code": "allowed-quantity"}]}},
        {
            "url": "value",
            "valueQuantity": {
                "value": Decimal(30),
                "unit": "mg/wk",
                "system": "http://unitsofmeasure.org",
                "code": "mg/wk",
            },
        },
        {"url": "qualification", "valueString": "At most, a week (I.B.7)"},
    ]


def _codes(filing: Filing, version: Version) -> list[tuple[str, str | None]]:
    found = []
    for part in parts(extension(filing, version), "detail"):
        inner = {p["url"]: p for p in part["extension"]}
        (coding,) = inner["code"]["valueCodeableConcept"]["coding"]
        assert coding["system"] == DETAILS[version]
        found.append((coding["code"], inner.get("category", {}).get("valueCode")))
    return found


@pytest.mark.parametrize(
    ("filing", "version", "wanted"),
    [
        (GRANTED, "2.0", [("allowed-period", None), ("allowed-quantity", None)]),
        (
            GRANTED,
            "2.2",
            [
                ("allowed-period", "cat-limitation"),
                ("allowed-quantity", "cat-limitation"),
                ("policy-link", "cat-other"),
            ],
        ),
        (replace(GRANTED, limit=None), "2.0", [("allowed-period", None)]),
        (APPROVABLE, "2.0", []),
        (APPROVABLE, "2.2", [("instructions", "cat-other"), ("policy-link", "cat-other")]),
        (replace(APPROVABLE, policy_url=None), "2.2", [("instructions", "cat-other")]),
        (DOCUMENTS, "2.0", []),
        (UNMET, "2.2", [("policy-link", "cat-other")]),
        (ELSEWHERE, "2.2", [("policy-link", "cat-other")]),
        (DAILY, "2.2", []),
        (LAPSED, "2.2", []),
    ],
)
def test_each_version_has_the_details_it_knows(
    filing: Filing, version: Version, wanted: list[tuple[str, str | None]]
) -> None:
    assert _codes(filing, version) == wanted


def test_only_2_2_says_when_an_authorization_expires() -> None:
    assert parts(extension(GRANTED, "2.2"), "expiry-date") == [{"url": "expiry-date", "valueDate": "2027-03-09"}]
    assert parts(extension(GRANTED, "2.0"), "expiry-date") == []
    assert parts(extension(APPROVABLE, "2.2"), "expiry-date") == []


def test_only_2_2_codes_why_there_is_no_coverage() -> None:
    text = "No coverage on record is in force on the day of the order"
    (coded,) = parts(extension(LAPSED, "2.2"), "reason")
    assert coded["valueCodeableConcept"] == {
        "coding": [{"system": TEMPORARY, "code": "no-active-coverage"}],
        "text": text,
    }
    (plain,) = parts(extension(LAPSED, "2.0"), "reason")
    assert plain["valueCodeableConcept"] == {"text": text}
    assert parts(extension(LAPSED, "2.2"), "pa-needed") == []


def test_a_use_that_other_policies_decide_says_what_is_open() -> None:
    for version in VERSIONS:
        found = extension(ELSEWHERE, version)
        assert parts(found, "covered") == [{"url": "covered", "valueCode": "conditional"}]
        assert parts(found, "info-needed") == [{"url": "info-needed", "valueCode": "OTH"}]
        assert reason(ELSEWHERE, version) == "Another policy decides this use: CP.PMN.53"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("filing", FILINGS, ids=lambda filing: filing.why)
def test_nothing_that_is_filed_is_empty(filing: Filing, version: Version) -> None:
    action = system_action({"resourceType": "MedicationRequest", "id": "mtx-1"}, filing, version)
    assert list(empties(action)) == []


@pytest.mark.parametrize(
    ("value", "unit", "per", "shown", "code", "qualification"),
    [
        (Decimal(30), "mg", "week", "30", "mg/wk", "At most, a week (I.B.7)"),
        (Decimal("7.50"), "mg", "week", "7.5", "mg/wk", "At most, a week (I.B.7)"),
        (Decimal("1E+2"), "mg/m2", "week", "100", "mg/m2/wk", "At most, a week (I.B.7)"),
        (Decimal(10), "mg/m2", "dose", "10", "mg/m2", "At most, a dose (I.B.7)"),
    ],
)
def test_a_dose_limit_is_a_quantity_in_ucum(
    value: Decimal, unit: Any, per: Any, shown: str, code: str, qualification: str
) -> None:
    found = extension(replace(GRANTED, limit=DoseLimit(value, unit, per, "I.B.7")), "2.2")
    inner = {part["url"]: part for part in parts(found, "detail")[1]["extension"]}
    quantity = inner["value"]["valueQuantity"]
    assert (str(quantity["value"]), quantity["unit"], quantity["code"]) == (shown, code, code)
    assert inner["qualification"]["valueString"] == qualification


def test_a_reason_without_particulars_does_not_announce_any() -> None:
    assert reason(replace(ELSEWHERE, details=())) == "Another policy decides this use"


def _items(length: int) -> tuple[str, ...]:
    """Two items that make a reason ("Needed: one; two") of so many characters."""
    return "a" * 100, "b" * (length - len("Needed: ") - 100 - len("; "))


@pytest.mark.parametrize(("length", "whole"), [(299, True), (300, True), (301, False)])
def test_a_reason_lists_whole_items_as_far_as_there_is_room(length: int, whole: bool) -> None:
    one, two = _items(length)
    said = reason(replace(DOCUMENTS, details=(one, two)))
    assert said == (f"Needed: {one}; {two}" if whole else f"Needed: {one}; and 1 more")


def test_one_item_that_is_too_long_by_itself_is_cut() -> None:
    said = reason(replace(DOCUMENTS, details=("a" * 400,)))
    assert (len(said), said[-1]) == (300, "…")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_reason_is_one_printable_line(hostile: str) -> None:
    said = reason(replace(UNMET, details=(hostile,)))
    assert said.isprintable()
    assert len(said) <= 300


@pytest.mark.parametrize("version", VERSIONS)
def test_the_action_updates_the_whole_draft_and_adds_the_extension(version: Version) -> None:
    action = system_action(ORDER, DOCUMENTS, version)
    assert action is not None
    assert sorted(action) == ["description", "resource", "type"]
    assert (action["type"], bool(action["description"].strip())) == ("update", True)
    assert action["resource"] == {**ORDER, "extension": [extension(DOCUMENTS, version)]}
    dose = action["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]
    assert str(dose) == "1.10"


def test_the_draft_is_never_touched() -> None:
    order = {**ORDER, "extension": [FOREIGN, OTHER_PAYER, extension(APPROVABLE, "2.2")]}
    before = copy.deepcopy(order)
    assert resource(order) is not order
    assert order == before


def test_other_extensions_and_other_payers_answers_stay_where_they_are() -> None:
    found = resource({**ORDER, "extension": [FOREIGN, OTHER_PAYER]})
    assert found["extension"] == [FOREIGN, OTHER_PAYER, extension(DOCUMENTS, "2.2")]


@pytest.mark.parametrize("earlier", VERSIONS)
def test_an_earlier_answer_for_the_coverage_is_replaced_in_either_shape(earlier: Version) -> None:
    order = {**ORDER, "extension": [extension(GRANTED, earlier), FOREIGN, OTHER_PAYER]}
    assert resource(order)["extension"] == [FOREIGN, OTHER_PAYER, extension(DOCUMENTS, "2.2")]


def test_several_earlier_answers_for_the_coverage_become_one() -> None:
    order = {**ORDER, "extension": [extension(GRANTED, "2.0"), FOREIGN, extension(UNMET, "2.2")]}
    assert resource(order)["extension"] == [FOREIGN, extension(DOCUMENTS, "2.2")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("filing", FILINGS, ids=lambda filing: filing.why)
def test_the_same_answer_of_another_day_is_nothing_new(filing: Filing, version: Version) -> None:
    once = resource(ORDER, filing, version)
    assert system_action(once, filing, version) is None
    assert system_action(once, replace(filing, on=date(2026, 3, 11)), version) is None


def test_the_same_answer_in_another_order_is_nothing_new() -> None:
    said = extension(GRANTED, "2.2")
    turned = {**said, "extension": said["extension"][::-1]}
    assert system_action({**ORDER, "extension": [turned]}, GRANTED, "2.2") is None


@pytest.mark.parametrize(
    "change",
    [
        {"assertion": "assertion-2"},
        {"details": ("Date of birth (I.B.4.b)",)},
        {"policy_url": None},
        {"documents": False},
        {"authorization": None, "covered": "not-covered"},
    ],
)
def test_an_answer_that_differs_is_new(change: dict[str, Any]) -> None:
    order = {**ORDER, "extension": [extension(DOCUMENTS, "2.2")]}
    now = replace(DOCUMENTS, **change)
    assert resource(order, now)["extension"] == [extension(now, "2.2")]


def test_an_answer_in_the_other_versions_shape_is_new() -> None:
    order = {**ORDER, "extension": [extension(APPROVABLE, "2.0")]}
    assert resource(order, APPROVABLE)["extension"] == [extension(APPROVABLE, "2.2")]


def test_the_same_answer_beside_a_contrary_one_is_new() -> None:
    order = {**ORDER, "extension": [extension(DOCUMENTS, "2.2"), extension(GRANTED, "2.2")]}
    assert resource(order)["extension"] == [extension(DOCUMENTS, "2.2")]


def test_the_same_answer_for_another_coverage_is_not_ours() -> None:
    theirs = extension(replace(DOCUMENTS, coverage="Coverage/other", assertion="another-thread"), "2.2")
    assert resource({**ORDER, "extension": [theirs]})["extension"] == [theirs, extension(DOCUMENTS, "2.2")]


def test_an_answer_of_the_same_thread_is_replaced_whatever_coverage_it_names() -> None:
    ours = extension(replace(GRANTED, coverage="Coverage/other"), "2.2")
    now = replace(DOCUMENTS, assertion=GRANTED.assertion)
    assert resource({**ORDER, "extension": [ours]}, now)["extension"] == [extension(now, "2.2")]


@pytest.mark.parametrize("identity", [None, "", " ", 7, ["mtx-1"]])
def test_a_draft_without_an_id_has_no_action(identity: Any) -> None:
    assert system_action({**ORDER, "id": identity}, DOCUMENTS, "2.2") is None
    assert system_action({k: v for k, v in ORDER.items() if k != "id"}, DOCUMENTS, "2.2") is None


@pytest.mark.parametrize("broken", [None, "text", 7, Decimal("1.0"), True, []])
def test_what_is_no_list_of_extensions_stands_for_none(broken: Any) -> None:
    assert resource({**ORDER, "extension": broken})["extension"] == [extension(DOCUMENTS, "2.2")]
    assert number_of({"extension": broken}, "Coverage/cov-1") is None


def test_a_lone_extension_stands_for_a_list_of_one() -> None:
    assert resource({**ORDER, "extension": FOREIGN})["extension"] == [FOREIGN, extension(DOCUMENTS, "2.2")]
    assert system_action({**ORDER, "extension": extension(DOCUMENTS, "2.2")}, DOCUMENTS, "2.2") is None


BROKEN: tuple[Any, ...] = (
    None,
    "text",
    7,
    [],
    {},
    {"url": None},
    {"url": [URL]},
    {"url": URL},
    {"url": URL, "extension": None},
    {"url": URL, "extension": "coverage"},
    {"url": URL, "extension": [None, "coverage", 7, []]},
    {"url": URL, "extension": [{"url": "coverage"}]},
    {"url": URL, "extension": [{"url": "coverage", "valueReference": "Coverage/cov-1"}]},
    {"url": URL, "extension": [{"url": "coverage", "valueReference": {"reference": ["Coverage/cov-1"]}}]},
)


@pytest.mark.parametrize("broken", BROKEN, ids=repr)
def test_a_broken_extension_is_kept_as_it_is(broken: Any) -> None:
    order = {**ORDER, "extension": [broken, FOREIGN]}
    assert resource(order)["extension"] == [broken, FOREIGN, extension(DOCUMENTS, "2.2")]
    assert number_of(order, "Coverage/cov-1") is None


_NAMES = st.sampled_from(["url", "extension", "valueReference", "reference", "valueString"])
_WORDS = st.sampled_from([URL, "coverage", "coverage-assertion-id", "Coverage/cov-1", ""])
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(_ANYTHING)
def test_no_shape_of_an_extension_is_stumbled_over(found: Any) -> None:
    order = {**ORDER, "extension": found}
    before = copy.deepcopy(order)
    changed = resource(order)
    assembled = number_of(order, "Coverage/cov-1")
    assert order == before
    assert assembled is None or assembled
    assert {**changed, "extension": None} == {**ORDER, "extension": None}
    assert changed["extension"][-1] == extension(DOCUMENTS, "2.2")
    assert system_action(changed, DOCUMENTS, "2.2") is None


def _carrying(coverage: str, *numbers: Any) -> Json:
    named = {"url": "coverage", "valueReference": {"reference": coverage}}
    given = [{"url": "satisfied-pa-id", "valueString": value} for value in numbers]
    return {**ORDER, "extension": [FOREIGN, OTHER_PAYER, {"url": URL, "extension": [named, *given]}]}


def test_the_number_that_an_order_carries_for_its_coverage_is_read() -> None:
    assert number_of(_carrying("Coverage/cov-1", "CS-1"), "Coverage/cov-1") == "CS-1"
    assert number_of(_carrying("Coverage/cov-1", "CS-1"), "Coverage/none") is None
    assert number_of(ORDER, "Coverage/cov-1") is None


@pytest.mark.parametrize("value", [None, 7, {}])
def test_a_number_that_is_no_text_is_none(value: Any) -> None:
    assert number_of(_carrying("Coverage/cov-1", value), "Coverage/cov-1") is None


@pytest.mark.parametrize(
    "named", ["Coverage/cov-1", "https://ehr.example/fhir/Coverage/cov-1", "Coverage/cov-1/_history/3"]
)
def test_an_answer_about_the_same_coverage_is_replaced_however_it_is_named(named: str) -> None:
    changed = resource(_carrying(named, "CS-1"))
    assert changed["extension"] == [FOREIGN, OTHER_PAYER, extension(DOCUMENTS, "2.2")]
