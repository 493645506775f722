"""The nearest way to yes: no smaller set of criteria leads there, and what follows of itself is not asked for."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.policy import library
from service.policy.on_chart import ProductClause
from service.policy.on_dose import OnLabelClause
from service.policy.outline import Item, Outline
from tests.charts import JSON, build, load_cases

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
    for case in (c for c in CASES if c.theme == theme):
        for found in told(ask, case.request, today=case.today, plans=case.plans):
            if found["pathway"] is None or found["status"] == "approvable":
                continue
            (way,) = [w for w in found["nearest"] if w["pathway"] == found["pathway"]]
            outline, results = outline_of(found), {c["id"]: c["result"] for c in found["criteria"]}
            candidates = [ref for ref, result in results.items() if result in OPEN]
            if not leads(outline, set(way["criteria"]), results, notes=True):
                wrong.append((case.name, "leads nowhere", way))
            size = len(way["criteria"])
            if any(
                leads(outline, set(chosen), results, notes=False)
                for n in range(size)
                for chosen in itertools.combinations(candidates, n)
            ) and not _facts(outline, way, found):
                wrong.append((case.name, "a smaller set leads there", way))
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
