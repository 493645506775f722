"""That the cases see every leaf of every revision both ways, with every condition and waiver, and every status."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import pytest

from service.case import Case
from service.determination import Determination, Outcome
from service.fhir.order import obstacle, skipped
from service.fhir.reading import read_case, read_product, read_record
from service.hooks.discovery import SERVICES
from service.hooks.gather import gather
from service.hooks.request import decode, parse
from service.plans import Plans
from service.plans import parse as parse_plans
from service.policy import library
from service.policy.alerts import alert
from service.policy.determine import determine
from service.policy.library import Revision
from service.terminology import load as load_terms
from tests.charts import load_cases

REVISIONS = {r.policy.document.version: r for r in library.load().revisions()}
WAYS = {"met", "other"}


@lru_cache(maxsize=2)
def decided(version: str) -> tuple[tuple[Case, Outcome | None], ...]:
    """Every governed order of every case, decided by one revision whatever its day."""
    return tuple(_decided(REVISIONS[version]))


def _decided(revision: Revision) -> Iterator[tuple[Case, Outcome | None]]:
    asked, terms = revision.questions, load_terms()
    for row in load_cases():
        service = next(s for s in SERVICES if s.id == row.service)
        request = parse(decode(json.dumps(row.request).encode()), service)
        chart = gather(request, asked.resources)
        plans = parse_plans(row.plans) if row.plans else Plans()
        record = read_record(chart, on=date.fromisoformat(row.today), questions=asked, terms=terms, plans=plans)
        for order in request.orders():
            product = read_product(order, chart, asked, terms)
            if product and (product.id or product.candidates) and not (skipped(order) or obstacle(order, chart)):
                case = read_case(order, product, chart, record, questions=asked, terms=terms)
                yield case, determine(revision.policy, case, plans)


@lru_cache(maxsize=2)
def results(version: str) -> dict[str, set[str]]:
    """The results of each leaf in the determinations that tell it."""
    seen: dict[str, set[str]] = defaultdict(set)
    for _, outcome in decided(version):
        if isinstance(outcome, Determination):
            for finding in outcome.findings:
                seen[finding.id].add(finding.result.value)
    return seen


@pytest.mark.parametrize("version", sorted(REVISIONS))
def test_every_leaf_is_seen_met_and_otherwise(version: str) -> None:
    seen = results(version)
    one_way = {}
    for clause in REVISIONS[version].policy.document.clause:
        ways = {"met" if r == "met" else "other" for r in seen[clause.ref] - {"not-applicable"}}
        # A diagnosis that places an order in its section is met there by definition.
        placed = clause.word == "diagnosis" and not clause.open
        if ways != ({"met"} if placed else WAYS):
            one_way[clause.ref] = seen[clause.ref]
    assert one_way == {}


@pytest.mark.parametrize("version", sorted(REVISIONS))
def test_every_condition_is_seen_to_fit_and_not_to(version: str) -> None:
    seen = results(version)
    for clause in REVISIONS[version].policy.document.clause:
        if clause.for_ or clause.unless or clause.only_if:
            assert seen[clause.ref] - {"not-applicable"}, f"{version} {clause.ref}: never applies"
            assert clause.instead or "not-applicable" in seen[clause.ref], f"{version} {clause.ref}: always applies"


@pytest.mark.parametrize("version", sorted(REVISIONS))
def test_every_waiver_is_seen_to_lift_and_not_to(version: str) -> None:
    seen = results(version)
    for clause in REVISIONS[version].policy.document.clause:
        assert ("waived" in seen[clause.ref]) is (clause.waived is not None)
        assert clause.waived is None or {"met", "unknown"} & seen[clause.ref]


@pytest.mark.parametrize("version", sorted(REVISIONS))
def test_every_alert_is_seen_to_sound_and_its_conditions_to_silence_it(version: str) -> None:
    for number, rule in enumerate(REVISIONS[version].policy.document.alert):
        bare = rule.model_copy(update={"for_": None, "unless": None, "every_order": True})
        ways = set()
        for case, outcome in decided(version):
            if alert((bare,), case, None):
                indication = outcome.indication if isinstance(outcome, Determination) else None
                ways.add(bool(alert((rule,), case, indication)))
        assert ways == ({True, False} if rule.for_ or rule.unless else {True}), f"{version} {rule.code} ({number})"


def test_every_status_section_product_and_line_appears() -> None:
    told = [outcome for _, outcome in decided("2025-11") if isinstance(outcome, Determination)]
    document = REVISIONS["2025-11"].policy.document
    assert {t.status.value for t in told} == {"approvable", "documentation-needed", "not-met", "refer"}
    assert {t.pathway for t in told} == {None, *(s.ref for s in document.section)}
    assert {t.product for t in told} == {None, *(p.id for p in document.product)}
    assert {t.indication for t in told} == {None, *(d.concept for d in document.diagnosis)}
    assert {t.line for t in told} == {None, *document.lines}


def test_each_section_is_seen_approvable_for_each_product_that_it_lists() -> None:
    told = [outcome for _, outcome in decided("2025-11") if isinstance(outcome, Determination)]
    approved = {(t.pathway, t.product) for t in told if t.status.value == "approvable"}
    listed = {(s.ref, p) for s in REVISIONS["2025-11"].policy.document.section for p in s.products}
    assert listed - approved == set()
