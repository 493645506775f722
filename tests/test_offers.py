"""What is never offered, and how what is offered is written: the ways in which a suggestion could harm."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.decide import Circumstances, Decided, Desk, Office, decide
from service.determination import Alert, Determination, NotEvaluated, Outcome, SafetyNotice
from service.fhir.elements import Json
from service.hooks.discovery import SERVICES
from service.hooks.gather import gather
from service.hooks.request import decode, parse
from service.offers import MOST, Evaluate, offer
from service.plans import Plans
from service.policy import library
from service.suggestion import Suggestion
from service.terminology import load
from tests.charts import BASES, JSON, TODAY, build

Ask = Callable[..., Any]
CHILD = {"birth_date": "2012-01-01"}
UCUM = "http://unitsofmeasure.org"


def mk(base: str, change: JSON | None = None, add: JSON | None = None) -> JSON:
    return build({"name": "offer", "base": base, "change": change or {}, "add": add or {}})


def order_of(request: JSON) -> JSON:
    found: JSON = request["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def offered(ask: Ask, request: JSON) -> dict[str, JSON]:
    """The suggestions of an answer, by kind."""
    cards = ask(request).json["cards"]
    return {s["extension"]["promise"]["kind"]: s for card in cards for s in card.get("suggestions", [])}


def taken(suggestion: JSON) -> JSON:
    """The resource that a suggestion leaves."""
    found: JSON = suggestion["actions"][-1]["resource"]
    return found


def quantity(order: JSON) -> tuple[Decimal, str]:
    dose = order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    return Decimal(str(dose["value"])), dose["unit"]


@pytest.mark.parametrize(
    ("base", "change", "conditions"),
    [
        ("otrexup-ra", {"trial": None}, ["icd:Z33.1"]),
        ("otrexup-ra", {"trial": None}, ["icd:K70.30"]),
        ("otrexup-ra", {"trial": None}, ["icd:D61.9"]),
        ("jylamvo-ra", {"dose": "40 mg"}, ["icd:K70.30"]),
        ("jylamvo-ra", {"dose": "40 mg"}, ["icd:B20"]),
        ("xatmep-pjia", {"birth_date": "2010-01-01"}, ["icd:Z33.1"]),
    ],
)
def test_no_other_drug_is_offered_where_the_drug_is_contraindicated(
    ask: Ask, base: str, change: JSON, conditions: list[str]
) -> None:
    assert not {"generic", "product"} & set(offered(ask, mk(base, change, {"conditions": conditions})))


def test_the_same_orders_without_the_condition_are_offered_one(ask: Ask) -> None:
    assert "generic" in offered(ask, mk("otrexup-ra", {"trial": None}))
    assert "generic" in offered(ask, mk("jylamvo-ra", {"dose": "40 mg"}))


@pytest.mark.parametrize("reason", ["Not tolerated: severe nausea", "Inadequate response", ""])
def test_a_drug_that_was_tried_is_not_offered_again_whatever_is_ordered(ask: Ask, reason: str) -> None:
    assert "generic" not in offered(ask, mk("jylamvo-ra", {"dose": "40 mg", "trial": reason}))
    assert "generic" not in offered(ask, mk("otrexup-ra", {"dose": "40 mg", "trial": reason}))


def test_tablets_are_not_offered_to_who_cannot_swallow_them_whatever_is_ordered(ask: Ask) -> None:
    without = {"dose": "25 mg", "reason": ["icd:M08.3"], **CHILD, "trial": "Inadequate response"}
    bsa = {"observations": ["bsa 1.4 m2 @2026-03-01 final"]}
    (able,) = [s for s in offered(ask, mk("otrexup-ra", without, bsa)).values() if "tablets" in s["label"]]
    assert able
    unable = offered(ask, mk("otrexup-ra", without, {**bsa, "conditions": ["icd:R13.10"]}))
    assert not any("tablets" in s["label"] for s in unable.values())


def test_a_dose_drawn_from_a_device_is_that_of_the_new_device(ask: Ask) -> None:
    medication = {"codes": ["ndc:54436-025"], "text": "Otrexup 25 mg/0.4 mL auto-injector"}
    request = mk("otrexup-ra", {"dose": "0.4 mL", "medication": medication, "reason": ["icd:M08.3"], **CHILD})
    order = taken(offered(ask, request)["dose"])
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "54436-020"
    assert quantity(order) == (Decimal("0.4"), "mL")


@pytest.mark.parametrize("kind", ["dose", "generic"])
def test_nothing_of_the_old_dose_is_left_beside_the_new_one(ask: Ask, kind: str) -> None:
    request = mk("jylamvo-ra", {"dose": "40 mg"})
    order = order_of(request)
    order |= {
        "text": {"status": "generated", "div": "<div>40 mg weekly</div>"},
        "dispenseRequest": {"quantity": {"value": 80, "unit": "mL"}, "numberOfRepeatsAllowed": 2},
    }
    order["dosageInstruction"][0] |= {
        "additionalInstruction": [{"text": "Draw up 20 mL (40 mg)"}, {"text": "With food"}],
        "maxDosePerPeriod": {"numerator": {"value": 40, "unit": "mg"}, "denominator": {"value": 1, "unit": "wk"}},
        "patientInstruction": "40 mg every Monday",
    }
    order["dosageInstruction"][0]["timing"]["code"] = {"text": "40 mg every week"}
    found = taken(offered(ask, request)[kind])
    assert "40" not in str(found["dosageInstruction"])
    assert "20 mL" not in str(found)
    assert "quantity" not in found.get("dispenseRequest", {})
    assert "text" not in found
    if kind == "dose":
        assert found["dosageInstruction"][0]["additionalInstruction"] == [{"text": "With food"}]
        assert found["dispenseRequest"] == {"numberOfRepeatsAllowed": 2}


def test_daily_is_taken_back_wherever_it_is_said_and_the_dose_stays_as_it_is_written(ask: Ask) -> None:
    request = mk("otrexup-ra", {"timing": "daily"})
    order = order_of(request)
    order |= {
        "text": {"status": "generated", "div": "<div>Otrexup 15 mg daily</div>"},
        "dispenseRequest": {"quantity": {"value": 30, "unit": "auto-injector"}},
    }
    dose = [{"type": {"text": "ordered"}, "doseRange": {"low": {"value": 10}, "high": {"value": 15, "unit": "mg"}}}]
    order["dosageInstruction"][0] |= {
        "doseAndRate": dose,
        "additionalInstruction": [{"text": "Take every day"}],
        "maxDosePerPeriod": {"numerator": {"value": 15, "unit": "mg"}, "denominator": {"value": 1, "unit": "d"}},
    }
    found = taken(offered(ask, request)["weekly"])
    (instruction,) = found["dosageInstruction"]
    assert instruction["timing"] == {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    assert instruction["doseAndRate"] == dose
    assert not {"additionalInstruction", "maxDosePerPeriod"} & set(instruction)
    assert not {"text", "dispenseRequest"} & set(found)


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ("jylamvo-ra", {"dose": "20 mg", "timing": "4 a week"}),
        ("jylamvo-mf", {"dose": "40 mg", "timing": "twice weekly", "conditions": []}),
    ],
)
def test_no_alternative_is_offered_at_a_rate_that_it_is_not_given_at(ask: Ask, base: str, change: JSON) -> None:
    request = mk(base, {**change, "timing": "weekly"})
    order_of(request)["dosageInstruction"][0]["timing"]["repeat"]["frequency"] = 4 if base == "jylamvo-ra" else 2
    order_of(request)["dosageInstruction"][0].pop("text", None)
    assert "generic" not in offered(ask, request)


def test_the_product_that_keeps_the_dose_goes_before_one_that_does_not(ask: Ask) -> None:
    request = mk("jylamvo-ra", {"dose": "30 mg", **CHILD})
    found = offered(ask, request)["product"]
    assert "Rasuvo 30 mg" in found["label"]
    assert quantity(taken(found)) == (Decimal(30), "mg")


def test_a_product_that_cuts_the_dose_says_so_and_is_not_recommended(ask: Ask) -> None:
    found = offered(ask, mk("jylamvo-ra", {"dose": "100 mg", **CHILD})).get("product")
    assert found is None or ("ordered: 100 mg" in found["label"] and "isRecommended" not in found)


def test_a_clash_of_two_products_recommends_neither(ask: Ask) -> None:
    request = mk("otrexup-ra", {"medication": {"codes": ["rxnorm:1441416"], "text": "methotrexate auto-injector"}})
    cards = ask(request).json["cards"]
    suggestions = [s for card in cards for s in card.get("suggestions", [])]
    assert len([s for s in suggestions if s["extension"]["promise"]["kind"] == "product"]) == 2
    assert not any("isRecommended" in s for s in suggestions)


def test_an_order_without_an_id_is_offered_nothing(ask: Ask) -> None:
    request = mk("otrexup-ra", {"dose": "40 mg"})
    assert "dose" in offered(ask, request)
    del order_of(request)["id"]
    assert offered(ask, request) == {}


def test_what_only_the_old_medicine_named_is_contained_no_more(ask: Ask) -> None:
    request = mk("otrexup-ra", {"reason": ["icd:M08.3"], "dose": "25 mg", **CHILD})
    order = order_of(request)
    concept = {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "54436-025"}]}
    order.pop("medicationCodeableConcept", None)
    order["medicationReference"] = {"reference": "#m"}
    order["contained"] = [
        *order.get("contained", []),
        {"resourceType": "Medication", "id": "m", "code": concept, "manufacturer": {"reference": "#maker"}},
        {"resourceType": "Organization", "id": "maker", "name": "Maker"},
    ]
    found = taken(offered(ask, request)["dose"])
    assert {one["id"] for one in found.get("contained", [])} & {"m", "maker"} == set()
    assert "medicationReference" not in found


@pytest.mark.parametrize(
    ("milligrams", "area"), [(41, "1.7"), (40, "0.83"), (60, "1.99"), (100, "0.51"), (37, "1.234")]
)
def test_a_dose_by_surface_is_never_above_its_limit_and_can_be_drawn_up(ask: Ask, milligrams: int, area: str) -> None:
    change = {"dose": f"{milligrams} mg", "observations": [f"bsa {area} m2 @2026-03-01 final"]}
    found = offered(ask, mk("jylamvo-all", change)).get("dose")
    limit = 20 * Fraction(area)
    if milligrams <= limit:
        assert found is None
        return
    assert found is not None
    value, unit = quantity(taken(found))
    assert (unit, Fraction(value) <= limit) == ("mg", True)
    assert Fraction(value) + Fraction(2, 10) > limit  # a tenth of a millilitre more would be too much
    assert (Fraction(value) / 2 * 10).denominator == 1


# An offer by itself: what is decided, and how a changed order is evaluated, given

OFFICE = Office(library.load(), load(), Plans())
RANK = {"approvable": 0, "documentation-needed": 1, "not-met": 2, "refer": 3}


def never() -> bool:
    return False


def deciding(request: JSON) -> tuple[Decided, Evaluate]:
    """The first draft as it was decided, and the evaluation of what would stand in its place."""
    asked = parse(decode(json.dumps(request).encode()), SERVICES[0])
    desk = Desk(gather(asked, OFFICE.library.resources()), OFFICE, Circumstances(date.fromisoformat(TODAY), "c"))

    def evaluate(draft: Json, changed: Json) -> tuple[Decided, ...]:
        return decide((changed,), desk.instead(draft, changed))

    (decided, *_) = decide(asked.orders(), desk)
    return decided, evaluate


def suggested(outcome: Outcome) -> tuple[Suggestion, ...]:
    return () if isinstance(outcome, NotEvaluated) else outcome.suggestions


def offers(request: JSON) -> tuple[Suggestion, ...]:
    decided, evaluate = deciding(request)
    return suggested(offer(decided, OFFICE.terms, evaluate, never))


HIGH = mk("otrexup-ra", {"dose": "40 mg"})


def test_an_offer_changes_nothing_of_what_was_decided() -> None:
    decided, evaluate = deciding(HIGH)
    before = repr(decided)
    outcome = offer(decided, OFFICE.terms, evaluate, never)
    assert suggested(outcome)
    assert isinstance(outcome, Determination)
    assert replace(outcome, suggestions=()) == decided.outcome
    assert repr(decided) == before


def test_nothing_is_offered_once_it_is_late() -> None:
    decided, evaluate = deciding(HIGH)
    evaluated = []

    def counted(draft: Json, changed: Json) -> tuple[Decided, ...]:
        evaluated.append(changed)
        return evaluate(draft, changed)

    assert offer(decided, OFFICE.terms, counted, lambda: True) == decided.outcome
    assert evaluated == []
    assert suggested(offer(decided, OFFICE.terms, counted, lambda: bool(evaluated)))[0].kind == "dose"
    assert len(evaluated) == 1


def test_nothing_is_offered_for_an_order_that_an_update_could_not_name() -> None:
    decided, evaluate = deciding(HIGH)
    for identity in ({}, {"id": ""}, {"id": "  "}, {"id": 7}, {"id": None}):
        order = {name: value for name, value in decided.order.items() if name != "id"} | identity
        assert offer(replace(decided, order=order), OFFICE.terms, evaluate, never) == decided.outcome


def test_nothing_is_offered_for_an_order_that_was_not_evaluated() -> None:
    decided, evaluate = deciding(HIGH)
    unread = NotEvaluated("MedicationRequest/order-1", "", "why")
    for one in (replace(decided, outcome=unread), replace(decided, case=None), replace(decided, policy=None)):
        assert offer(one, OFFICE.terms, evaluate, never) == one.outcome


def test_a_changed_order_that_cannot_be_evaluated_or_is_two_things_at_once_is_not_offered() -> None:
    decided, evaluate = deciding(HIGH)
    unread = Decided(NotEvaluated("MedicationRequest/order-1", "", "why"), {})

    def failing(_draft: Json, _changed: Json) -> tuple[Decided, ...]:
        return (unread,)

    def twofold(draft: Json, changed: Json) -> tuple[Decided, ...]:
        return (*evaluate(draft, changed), *evaluate(draft, changed))

    assert suggested(offer(decided, OFFICE.terms, failing, never)) == ()
    assert suggested(offer(decided, OFFICE.terms, twofold, never)) == ()


def test_a_changed_order_that_does_no_better_is_not_offered() -> None:
    decided, evaluate = deciding(HIGH)

    def as_before(draft: Json, _changed: Json) -> tuple[Decided, ...]:
        return evaluate(draft, draft)

    assert suggested(offer(decided, OFFICE.terms, as_before, never)) == ()


@pytest.mark.parametrize("code", ["pregnancy", "liver-disease", "strength-unavailable"])
def test_a_changed_order_that_raises_an_alert_is_not_offered(code: str) -> None:
    decided, evaluate = deciding(HIGH)
    alert = Alert(code, "warning", ())

    def alarming(draft: Json, changed: Json) -> tuple[Decided, ...]:
        (one,) = evaluate(draft, changed) or (decided,)
        assert isinstance(one.outcome, Determination | SafetyNotice)
        return (replace(one, outcome=replace(one.outcome, safety=(alert,))),)

    assert suggested(offer(decided, OFFICE.terms, evaluate, never))
    assert suggested(offer(decided, OFFICE.terms, alarming, never)) == ()


@pytest.mark.parametrize(
    ("base", "change", "add", "recommended"),
    [
        ("otrexup-ra", {"dose": "40 mg"}, {}, "dose"),
        ("otrexup-ra", {"dose": "40 mg", "trial": None}, {}, None),  # a step is lacking all the same
        ("otrexup-ra", {"trial": None}, {}, None),
        ("otrexup-ra", {"timing": "daily"}, {}, None),  # which weekly dose was meant is the prescriber's to say
        ("jylamvo-ra", {"medication": "xatmep"}, {}, "product"),
        ("jylamvo-ra", {"medication": "xatmep", "conditions": []}, {}, None),
        ("jylamvo-ra", {"reason": []}, {"conditions": ["icd:M06.9"]}, None),
    ],
)
def test_what_is_recommended_leaves_the_order_approvable(
    base: str, change: JSON, add: JSON, recommended: str | None
) -> None:
    found = [one for one in offers(mk(base, change, add)) if one.recommended]
    assert [one.kind for one in found] == ([recommended] if recommended else [])
    assert all(one.promised is not None and one.promised.value == "approvable" for one in found)


def test_a_product_in_place_of_the_ordered_one_is_not_offered_where_another_dose_settles_it() -> None:
    kinds = [one.kind for one in offers(mk("rasuvo-pjia", {"dose": "30 mg"}))]
    assert "dose" in kinds
    assert "product" not in kinds


def test_weekly_is_offered_with_the_dose_that_then_is_within_the_limit() -> None:
    (weekly,) = [one for one in offers(mk("jylamvo-ra", {"dose": "40 mg", "timing": "daily"})) if one.kind == "weekly"]
    assert (weekly.says, weekly.recommended) == ("30 mg once weekly (another dose)", False)
    resource = weekly.actions[0].resource
    assert resource is not None
    assert quantity(resource) == (Decimal(30), "mg")


_ORDERS = st.fixed_dictionaries(
    {
        "medication": st.sampled_from(
            [
                *("otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo"),
                {"codes": ["rxnorm:1441416"], "text": "methotrexate"},
            ]
        ),
        "dose": st.sampled_from(["2.5 mg", "10 mg", "15 mg", "20 mg", "25 mg", "30 mg", "40 mg", "90 mg", "25 mg/m2"]),
        "timing": st.sampled_from(["weekly", "twice weekly", "three times weekly", "daily", "every two weeks"]),
        "trial": st.sampled_from([None, "", "Inadequate response"]),
    }
)
_INITIAL = [name for name in BASES if name not in ("blank", "generic")]
_FURTHER = st.lists(st.sampled_from(["icd:Z33.1", "icd:K70.30", "icd:R13.10", "icd:M06.9"]), max_size=2)


@given(st.sampled_from(_INITIAL), _ORDERS, _FURTHER, st.booleans())
def test_what_is_offered_is_few_helps_and_never_doses_higher(
    base: str, change: JSON, conditions: list[str], measured: bool
) -> None:
    surface = ["bsa 1.7 m2 @2026-03-01 final"] if measured else []
    request = mk(base, change, {"conditions": conditions, "observations": surface})
    asked, evaluate = deciding(request)
    found = suggested(offer(asked, OFFICE.terms, evaluate, never))
    assert len(found) <= MOST
    assert sum(one.recommended for one in found) <= 1
    assert isinstance(asked.outcome, Determination | SafetyNotice)
    for one in found:
        after = evaluate(asked.order, taken_of(one))
        assert len(after) <= 1
        told = after[0].outcome if after else None
        status = told.status if isinstance(told, Determination) else None
        assert status == one.promised
        if isinstance(told, Determination | SafetyNotice):
            assert {a.code for a in told.safety} <= {a.code for a in asked.outcome.safety}
        before = RANK[asked.outcome.status] if isinstance(asked.outcome, Determination) else 0
        now = RANK[status] if status else 0
        assert now < before or one.kind in ("weekly", "indication", "generic")
        assert now <= before
        if after and after[0].case and asked.case and one.kind != "indication":
            area = asked.case.body.area if asked.case.body else None
            old, new = (case.dose.weekly("mg", area) for case in (asked.case, after[0].case))
            assert old is None or (new is not None and new <= old)


def taken_of(one: Suggestion) -> JSON:
    found = one.actions[-1].resource
    assert found is not None
    return found


@pytest.mark.parametrize("base", ["jylamvo-ra", "otrexup-ra"])
def test_a_dose_that_a_maximum_holds_back_is_not_taken_for_the_dose_elsewhere(ask: Ask, base: str) -> None:
    change = {"jylamvo-ra": {"medication": "xatmep", "dose": "15 mg"}, "otrexup-ra": {"trial": None, "dose": "30 mg"}}
    request = mk(base, change[base])
    assert {"product", "generic"} & set(offered(ask, request))
    week = {"value": 1, "unit": "wk", "code": "wk", "system": UCUM}
    most = {"value": 10, "unit": "mg", "code": "mg", "system": UCUM}
    order_of(request)["dosageInstruction"][0]["maxDosePerPeriod"] = {"numerator": most, "denominator": week}
    assert not {"product", "generic", "dose"} & set(offered(ask, request))


def test_the_limit_that_the_regimen_has_is_the_one_that_is_kept(ask: Ask) -> None:
    add = {"observations": ["bsa 1.9 m2 @2026-03-01 final"]}
    found = offered(ask, mk("continued-jylamvo-mf", {"dose": "80 mg", "statements": []}, add))["dose"]
    assert quantity(taken(found)) == (Decimal(75), "mg")


@pytest.mark.parametrize("instructions", [[{"text": "Inject one pen every week as taught"}], None])
def test_naming_the_product_leaves_the_directions_alone(ask: Ask, instructions: list[JSON] | None) -> None:
    medication = {"codes": ["rxnorm:1441416"], "text": "methotrexate auto-injector"}
    request = mk("otrexup-ra", {"medication": medication, "attest": {"I.B.7": True}})
    order = order_of(request)
    order.pop("dosageInstruction")
    order |= {"dosageInstruction": instructions} if instructions else {}
    cards = ask(request).json["cards"]
    found = [s for c in cards for s in c.get("suggestions", []) if s["extension"]["promise"]["kind"] == "product"]
    assert len(found) == 2
    assert [taken(one).get("dosageInstruction") for one in found] == [instructions] * 2


@pytest.mark.parametrize(
    "record",
    [
        {"requests": [{"medication": "otrexup", "status": "stopped", "reason": "text:Not tolerated: severe nausea"}]},
        {"statements": [{"medication": "otrexup", "status": "stopped", "reason": "text:Not tolerated: severe nausea"}]},
    ],
)
def test_a_product_that_was_not_tolerated_is_not_offered(ask: Ask, record: JSON) -> None:
    young = {**CHILD, "trial": "Inadequate response", "dose": "15 mg"}
    assert "Otrexup" in offered(ask, mk("jylamvo-ra", young))["product"]["label"]
    dated = {kind: [{**row, "date": "2025-06-01"} for row in rows] for kind, rows in record.items()}
    assert "Otrexup" not in str(offered(ask, mk("jylamvo-ra", young, dated)))


def test_nothing_of_the_drug_is_offered_to_who_did_not_tolerate_it(ask: Ask) -> None:
    allergy = {"codes": ["rxnorm:6851"], "text": "Methotrexate", "type": "intolerance"}
    found = offered(ask, mk("jylamvo-ra", {"dose": "40 mg"}, {"allergies": [allergy]}))
    assert not {"generic", "product"} & set(found)


def test_a_device_named_by_its_concentration_is_written_anew(ask: Ask) -> None:
    change = {"medication": {"text": "RediTrex 25 mg/mL"}, "dose": "22.5 mg", "conditions": []}
    order = taken(offered(ask, mk("reditrex-pjia", change))["dose"])
    assert order["medicationCodeableConcept"]["text"] == "RediTrex 20 mg/0.8 mL prefilled syringe"
    assert quantity(order) == (Decimal(20), "mg")


def test_of_a_dose_said_two_ways_the_text_says_the_one_that_counts(ask: Ask) -> None:
    request = mk("otrexup-ra", {"timing": "daily"})
    system = "http://terminology.hl7.org/CodeSystem/dose-rate-type"
    order_of(request)["dosageInstruction"][0]["doseAndRate"] = [
        {"type": {"coding": [{"system": system, "code": code}]}, "doseQuantity": {"value": value, "unit": "mg"}}
        for code, value in (("calculated", 28), ("ordered", 15))
    ]
    found = taken(offered(ask, request)["weekly"])
    assert found["dosageInstruction"][0]["text"] == "15 mg once weekly"


@pytest.mark.parametrize(
    "further",
    [
        {"text": "nocte"},
        {"text": "QD"},
        {"text": "Tome una vez al dia"},
        {"coding": [{"system": "http://snomed.info/sct", "code": "229797004"}]},
    ],
)
def test_no_further_instruction_that_may_say_daily_is_left(ask: Ask, further: JSON) -> None:
    request = mk("otrexup-ra", {"timing": "daily"})
    order_of(request)["dosageInstruction"][0] |= {"additionalInstruction": [further]}
    assert "additionalInstruction" not in taken(offered(ask, request)["weekly"])["dosageInstruction"][0]


def test_no_note_extension_rate_or_interval_says_the_old_dose(ask: Ask) -> None:
    request = mk("otrexup-ra", {"timing": "daily"})
    order = order_of(request)
    rendered = "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationRequest.renderedDosageInstruction"
    order |= {
        "note": [{"text": "Take 15 mg every day"}, {"text": "Seen with 2 interpreters"}],
        "extension": [
            {"url": rendered, "valueMarkdown": "15 mg daily"},
            {"url": "https://x/y", "valueString": "RX-15"},
        ],
        "dispenseRequest": {"dispenseInterval": {"value": 1, "unit": "d"}, "numberOfRepeatsAllowed": 1},
    }
    day = {"value": 1, "unit": "d"}
    order["dosageInstruction"][0]["doseAndRate"][0]["rateRatio"] = {"numerator": {"value": 15}, "denominator": day}
    found = taken(offered(ask, request)["weekly"])
    assert found["note"] == [{"text": "Seen with 2 interpreters"}]
    assert found["extension"] == [{"url": "https://x/y", "valueString": "RX-15"}]
    assert found["dispenseRequest"] == {"numberOfRepeatsAllowed": 1}
    assert "rateRatio" not in found["dosageInstruction"][0]["doseAndRate"][0]


def test_an_offered_update_carries_no_answer_about_the_order_as_it_was(ask: Ask) -> None:
    url = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
    request = mk("jylamvo-ra", {"dose": "40 mg"})
    order_of(request)["extension"] = [{"url": url, "extension": [{"url": "satisfied-pa-id", "valueString": "PA-1"}]}]
    assert "extension" not in taken(offered(ask, request)["dose"])


def test_another_product_is_not_called_the_only_step_nor_is_stopping_another_medicine_an_orders_change(
    ask: Ask,
) -> None:
    wrong = mk("jylamvo-ra", {"medication": "xatmep", "conditions": [], "trial": None})
    assert "One change of the order away" not in ask(wrong).json["cards"][0]["detail"]
    beside = {
        "requests": [{"medication": "bexarotene", "status": "active"}],
        "observations": ["bsa 1.9 m2 @2026-03-01 final"],
    }
    (card, *_) = ask(mk("jylamvo-mf", {"dose": "25 mg", "timing": "twice weekly"}, beside)).json["cards"]
    assert "only antineoplastic" not in card["detail"].split("**What")[0]
