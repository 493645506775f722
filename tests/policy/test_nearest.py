"""The nearest way to yes: no smaller set of criteria leads there, and what follows of itself is not asked for."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.case import Age, Case, Companions, Diagnoses, Had, History, Prescriber, Specialty, Trial
from service.dose import Dose
from service.policy import library
from service.policy.nearest import nearest
from service.policy.on_chart import ProductClause
from service.policy.on_dose import DoseClause, OnLabelClause
from service.policy.on_therapy import compare
from service.policy.outline import Item, Outline
from service.policy.pathway import Pathway, walk
from tests.charts import JSON, build, load_cases
from tests.policy.facts import SEEN, attested, diagnosis, product, surface, tried, weekly
from tests.policy.facts import case as order

CASES = [case for case in load_cases() if case.service == "prior-auth-order-sign"]
OPEN = ("unknown", "not-met")


def told(ask: Callable[..., Any], request: JSON, **how: Any) -> Iterator[JSON]:
    response = ask(request, **how)
    for card in response.json.get("cards", ()) if response.status_code == 200 else ():
        if found := card.get("extension", {}).get("determination"):
            yield {**found, "detail": card["detail"]}


def one(ask: Callable[..., Any], base: str, **change: Any) -> JSON:
    add = change.pop("add", {})
    (found,) = told(ask, build({"name": "near", "base": base, "change": change, "add": add}))
    return found


def outline_of(found: JSON) -> Outline:
    policy = library.load().revision(found["policy"]["id"], found["policy"]["version"]).policy
    return next(o for o in policy.outlines if o.section.ref == found["pathway"])


def met(node: Any, granted: set[str], results: dict[str, str]) -> bool | None:
    """Whether a node is met once these leaves are; None where it takes no part. Read off the outline anew."""
    if not isinstance(node, Item):
        result = results.get(node.ref, "not-applicable")
        return None if result == "not-applicable" else node.ref in granted or result in ("met", "waived")
    parts = [m for part in node.parts if (m := met(part, granted, results)) is not None]
    joined = [m for part in node.joined if (m := met(part, granted, results)) is not None]
    own = [any(parts) if node.of == "any" else all(parts)] if parts else []
    return all([*own, *joined]) if own or joined else None


def leads(outline: Outline, granted: set[str], results: dict[str, str], *, notes: bool) -> bool:
    """Whether the section is met by these leaves; `notes` takes a note as following from any dose that is granted, and
    where another product is, from any that is met."""
    then = set(granted)
    if notes:
        other = any(isinstance(c, ProductClause) and c.ref in granted for c in outline.leaves())
        doses = granted | ({ref for ref, result in results.items() if result == "met"} if other else set())
        then |= {c.ref for c in outline.leaves() if isinstance(c, OnLabelClause) and set(c.doses) & doses}
    return all(m is not False for item in outline.items if (m := met(item, then, results)) is not None)


@pytest.mark.parametrize("theme", sorted({case.theme for case in CASES}))
def test_the_way_of_the_chosen_pathway_leads_there_and_no_smaller_one_does(theme: str, ask: Callable[..., Any]) -> None:
    wrong = []
    for row in (c for c in CASES if c.theme == theme):
        for found in told(ask, row.request, today=row.today, plans=row.plans):
            if found["pathway"] is None or found["status"] == "approvable":
                continue
            (way,) = [w for w in found["nearest"] if w["pathway"] == found["pathway"]]
            outline, results = outline_of(found), {c["id"]: c["result"] for c in found["criteria"]}
            candidates = [ref for ref, result in results.items() if result in OPEN]
            if not leads(outline, set(way["criteria"]), results, notes=True):
                wrong.append((row.name, "leads nowhere", way))
            size = len(way["criteria"])
            if any(
                leads(outline, set(chosen), results, notes=False)
                for n in range(size)
                for chosen in itertools.combinations(candidates, n)
            ) and not _facts(outline, way, found):
                wrong.append((row.name, "a smaller set leads there", way))
    assert wrong == []


def _facts(outline: Outline, way: JSON, found: JSON) -> bool:
    """Whether a smaller set would need a fact that nobody can change: then it is not the nearer one."""
    facts = {c.ref for c in outline.leaves() if c.fails_as in ("age", "stage")}
    unmet = {c["id"] for c in found["criteria"] if c["result"] == "not-met"}
    return bool(facts & unmet - set(way["criteria"]))


def test_a_note_follows_from_a_dose_within_the_label(ask: Callable[..., Any]) -> None:
    found = one(ask, "jylamvo-all", dose="60 mg")
    assert found["nearest"][0]["criteria"] == ["I.C.5.a"]
    assert "One change of the order away" in found["detail"]


def test_a_note_follows_from_the_product_that_would_be_ordered_instead(ask: Callable[..., Any]) -> None:
    add = {"conditions": ["icd:R13.10"], "observations": ["bsa 1.9 m2 @2026-03-01 final"]}
    found = one(ask, "otrexup-pso", reason=["icd:C91.01"], dose="20 mg", requester="oncology", add=add)
    assert found["nearest"][0] == {"pathway": "I.C", "criteria": ["I.C.2"], "changes": ["Xatmep or Jylamvo"]}


def test_what_was_answered_no_may_be_documented_anew_and_a_fact_heads_no_card(ask: Callable[..., Any]) -> None:
    no = one(ask, "jylamvo-all", attest={"I.C.3": False}, requester="none")
    assert no["nearest"][0]["criteria"] == ["I.C.3"]
    assert "One piece of documentation away" in no["detail"]
    young = one(ask, "jylamvo-ra", birth_date="2010-01-01")
    assert young["nearest"][0]["criteria"] == ["I.B.4.b"]
    assert " away:**" not in young["detail"]


def test_a_dose_that_contradicts_itself_is_the_orders_to_change_and_a_daily_one_is_made_weekly_first(
    ask: Callable[..., Any],
) -> None:
    clash = one(ask, "jylamvo-ra", sig="15 mg once weekly", timing="daily")
    assert clash["nearest"][0]["criteria"] == ["I.B.7"]
    assert "One change of the order away" in clash["detail"]
    daily = one(ask, "otrexup-ra", timing="daily")
    assert daily["nearest"][0]["changes"][0].startswith("Weekly in place of daily dosing")


def test_what_is_open_before_any_pathway_is_the_way(ask: Callable[..., Any]) -> None:
    found = one(ask, "jylamvo-ra", reason=[], conditions=[])
    assert (found["nearest"][0]["pathway"], found["nearest"][0]["criteria"]) == (None, ["diagnosis"])
    open_product = one(ask, "otrexup-ra", medication={"codes": ["rxnorm:1441416"], "text": "methotrexate"})
    assert open_product["nearest"][0]["criteria"] == ["product"]
    assert one(ask, "jylamvo-ra")["nearest"] == []


# Every way of every pathway, over facts: proved against all sets of open criteria

POLICY = library.load().revision("CP.PHAR.134", "2025-11").policy
PRODUCTS = ("otrexup", "rasuvo", "reditrex", "xatmep", "jylamvo")
ONCOLOGY = ("acute-lymphoblastic-leukemia", "mycosis-fungoides", "non-hodgkin-lymphoma", "sezary-syndrome")
INDICATIONS = ("rheumatoid-arthritis", "psoriasis", "polyarticular-jia", "primary-cutaneous-alcl", *ONCOLOGY)
REFS = sorted({clause.ref for clause in POLICY.document.clause})


@st.composite
def charts(draw: st.DrawFn) -> Case:
    """An order of any product for any diagnosis, with or without what would settle each criterion."""
    dosed = st.builds(weekly, st.sampled_from(["5", "15", "25", "60", "90"]), st.sampled_from(["mg", "mg/m2"]))
    indication = draw(st.sampled_from(INDICATIONS))
    found = diagnosis(
        indication,
        stage=draw(st.sampled_from([None, "IB", "IVB"])),
        course=draw(st.sampled_from([None, "relapse", "remission"])),
    )
    ages = [None, Age(1, 1, SEEN), Age(9, 9, SEEN), Age(17, 18, SEEN), Age(40, 40, SEEN)]
    specialty = draw(st.sampled_from([None, "rheumatology", "oncology-hematology"]))
    return order(
        product=product(draw(st.sampled_from(PRODUCTS))),
        dose=draw(dosed | st.just(Dose(unknown="it cannot be read"))),
        body=draw(st.sampled_from([None, surface("1"), surface("1.9")])),
        diagnoses=Diagnoses((found,)),
        age=draw(st.sampled_from(ages)),
        prescriber=Prescriber((Specialty(specialty, SEEN),) if specialty else ()),
        conditions=draw(st.sampled_from([{}, {"unable-to-swallow-pills": (SEEN,)}])),
        companions=Companions(draw(st.sampled_from([(), (SEEN,)])), Had()),
        trials=draw(st.sampled_from([{}, tried(Trial(True, SEEN))])),
        history=History(signs=draw(st.sampled_from([(), (SEEN,)]))),
        attestations=draw(st.dictionaries(st.sampled_from(REFS), st.builds(attested, st.booleans()), max_size=4)),
    )


def pathways(found: Case) -> list[Pathway]:
    """Every pathway that is listed for the diagnosis, and continued therapy."""
    (considered,) = found.diagnoses.candidates
    increase = compare(found, POLICY.document.history.completed_within_days)
    listed = [
        o for o in POLICY.outlines if considered.indication in o.section.diagnoses or o.section.kind == "continued"
    ]
    return [walk(outline, found, considered, POLICY.labels, increase) for outline in listed]


def on_label(found: Case, products: set[str | None]) -> bool:
    """Whether the label of one of the products lists the diagnosis at the patient's age."""
    indication, age = found.diagnoses.candidates[0].indication, found.age
    uses = [one for one in POLICY.labels if one.product in products and one.diagnosis == indication]
    return any(one.at_most is None or (age is not None and age.most <= one.at_most) for one in uses)


def enough(pathway: Pathway, granted: frozenset[str]) -> bool:
    """Whether a pathway is met by these criteria and the notes that then follow, read off the outline anew."""
    found, clauses = pathway.setting.case, {clause.ref: clause for clause in pathway.outline.leaves()}
    results = {ref: finding.result.value for ref, finding in pathway.setting.found.items()}
    wanted = {p for ref in granted if isinstance(c := clauses[ref], ProductClause) for p in c.any_of}
    held = granted | {ref for ref, result in results.items() if result == "met"}
    notes = {c.ref for c in clauses.values() if isinstance(c, OnLabelClause) and set(c.doses) & held}
    then = granted | (notes if on_label(found, wanted or {found.product.id}) else set())
    return all(m is not False for item in pathway.outline.items if (m := met(item, set(then), results)) is not None)


def stopped(clause: DoseClause, found: Case) -> bool:
    """Whether another medicine would have to be stopped or begun for a regimen."""
    beside = bool(found.companions.found)
    return (clause.regimen == "single-agent" and beside) or (clause.regimen == "combination" and not beside)


def distance(pathway: Pathway, granted: frozenset[str]) -> tuple[int, int, int]:
    """Facts that nobody can change, criteria, changes of the order."""
    facts = orders = 0
    for clause in (c for c in pathway.outline.leaves() if c.ref in granted):
        failed = pathway.setting.found[clause.ref].result.value == "not-met"
        unread = isinstance(clause, DoseClause) and not pathway.setting.case.dose.steps
        others = isinstance(clause, DoseClause) and failed and stopped(clause, pathway.setting.case)
        facts += failed and clause.fails_as in ("age", "stage") and not isinstance(clause, ProductClause | DoseClause)
        facts += others
        orders += unread or (failed and not others and isinstance(clause, ProductClause | DoseClause))
    return facts, len(granted), orders


@settings(max_examples=60)
@given(charts())
def test_of_all_sets_of_open_criteria_none_that_leads_there_is_nearer(found: Case) -> None:
    for pathway in pathways(found):
        (way,) = nearest([pathway])
        chosen = frozenset(step.criterion for step in way.steps)
        open_ = [ref for ref, finding in pathway.setting.found.items() if finding.result.value in OPEN]
        sets = [frozenset(s) for n in range(len(chosen) + 1) for s in itertools.combinations(open_, n)]
        leading = [distance(pathway, one) for one in sets if enough(pathway, one)]
        assert enough(pathway, chosen)
        assert not any(enough(pathway, chosen - {ref}) for ref in chosen)
        assert distance(pathway, chosen) == min(leading)
        assert (way.count("fact"), len(way.steps), way.count("order") + way.count("product")) == min(leading)


@given(charts())
def test_ways_come_in_their_order_and_one_for_each_section(found: Case) -> None:
    listed = pathways(found)
    ways = nearest([*listed, *listed])
    assert len(ways) == len(listed)
    ranks = [(w.count("fact"), len(w.steps), w.count("order") + w.count("product")) for w in ways]
    assert ranks == sorted(ranks)
    assert all(step.change for way in ways for step in way.steps)
    for way in ways:
        refs = [ref for pathway in listed if pathway.ref == way.pathway for ref in pathway.setting.found]
        criteria = [step.criterion for step in way.steps]
        assert criteria == sorted(criteria, key=refs.index)


def ways_of(found: Case) -> list[tuple[str | None, list[str]]]:
    return [(way.pathway, [step.criterion for step in way.steps]) for way in nearest(pathways(found))]


def test_a_way_without_a_fact_goes_before_a_shorter_one_with_one() -> None:
    young = order(age=Age(17, 17, SEEN), conditions={"unable-to-swallow-pills": (SEEN,)})
    assert ways_of(young) == [("II.A", ["II.A.1.a", "II.A.2"]), ("I.B", ["I.B.4.b"])]


def test_the_fewest_criteria_go_before_the_fewest_changes_of_the_order() -> None:
    high = order(dose=weekly(40))
    assert ways_of(high)[0] == ("I.B", ["I.B.7"])


def test_of_as_many_criteria_documentation_goes_before_a_change_of_the_order() -> None:
    mycosis = diagnosis("mycosis-fungoides", stage="IB")
    oncologist = Prescriber((Specialty("oncology-hematology", SEEN),))
    high = order(diagnoses=Diagnoses((mycosis,)), prescriber=oncologist, dose=weekly(80), attestations={})
    (initial,) = [criteria for pathway, criteria in ways_of(high) if pathway == "I.D"]
    assert initial == ["I.D.6.a"]  # the guidelines alone would need the note, too: two
    noted = replace(high, attestations={"I.D.note": attested()})
    (initial,) = [criteria for pathway, criteria in ways_of(noted) if pathway == "I.D"]
    assert initial == ["I.D.6.c"]


def test_of_a_pathway_that_is_met_nothing_is_left_to_do() -> None:
    (initial, *_) = nearest(pathways(order()))
    assert (initial.pathway, initial.steps) == ("I.B", ())
