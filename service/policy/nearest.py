"""The nearest way to yes: of each pathway the smallest set of criteria that it still needs, computed from its outline.

Knows how criteria combine and what follows from what; it decides nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from service.determination import Finding, Result, Step, Way
from service.policy.clause import Clause, Setting
from service.policy.on_chart import ProductClause
from service.policy.on_dose import DoseClause, OnLabelClause
from service.policy.outline import Item
from service.policy.pathway import Pathway

_HELD = frozenset({Result.MET, Result.WAIVED})
_FACTS = frozenset({"age", "stage"})
_Leaves = frozenset[str]


def nearest(pathways: Iterable[Pathway]) -> tuple[Way, ...]:
    """The ways of these pathways, the nearest first: without facts that nobody can change, with the fewest steps, with
    the fewest changes of the order, in the order given; one for each section."""
    ways = sorted((_way(pathway) for pathway in pathways), key=_distance)
    by_section: dict[str | None, Way] = {}
    for way in ways:
        by_section.setdefault(way.pathway, way)
    return tuple(by_section.values())


def _distance(way: Way) -> tuple[int, int, int]:
    return way.count("fact"), len(way.steps), way.count("order") + way.count("product")


def _way(pathway: Pathway) -> Way:
    clauses = {clause.ref: clause for clause in pathway.outline.leaves()}
    found = pathway.setting.found
    sets = dict.fromkeys(_settled(leaves, clauses, pathway) for leaves in _section(pathway))
    order = list(clauses)
    ways = [
        Way(
            pathway.ref,
            tuple(_step(clauses[ref], found[ref], pathway.setting) for ref in sorted(leaves, key=order.index)),
        )
        for leaves in sets
    ]
    return min(ways, key=_distance)


def _section(pathway: Pathway) -> Iterator[_Leaves]:
    results = {ref: finding.result for ref, finding in pathway.setting.found.items()}
    choices = [found for item in pathway.outline.items if (found := _choices(item, results))]
    return (frozenset().union(*chosen) for chosen in itertools.product(*choices))


def _choices(node: Item | Clause, results: Mapping[str, Result]) -> tuple[_Leaves, ...]:
    """The sets of leaves that would meet a node if they were met; empty where it takes no part."""
    if isinstance(node, Clause):
        return _leaf(node.ref, results[node.ref])
    parts = [found for part in node.parts if (found := _choices(part, results))]
    if node.of == "any":
        own = tuple(dict.fromkeys(itertools.chain.from_iterable(parts)))
        own = (frozenset(),) if frozenset() in own else own
    else:
        own = _together(parts)
    joined = [found for clause in node.joined if (found := _choices(clause, results))]
    return _together([*([own] if own else []), *joined])


def _leaf(ref: str, result: Result) -> tuple[_Leaves, ...]:
    if result is Result.NOT_APPLICABLE:
        return ()
    return (frozenset(),) if result in _HELD else (frozenset({ref}),)


def _together(parts: list[tuple[_Leaves, ...]]) -> tuple[_Leaves, ...]:
    if not parts:
        return ()
    return tuple(dict.fromkeys(frozenset().union(*chosen) for chosen in itertools.product(*parts)))


def _settled(leaves: _Leaves, clauses: Mapping[str, Clause], pathway: Pathway) -> _Leaves:
    """The leaves without those that follow from the others: a regimen is on the label once its dose is, of the product
    ordered or of one that the policy wants in its place."""
    granted = dict(pathway.setting.found)
    granted |= {ref: replace(granted[ref], result=Result.MET) for ref in leaves if not _follows(clauses[ref])}
    then = [replace(setting, found=granted) for setting in _of_products(leaves, clauses, pathway.setting)]
    return frozenset(ref for ref in leaves if not (_follows(clauses[ref]) and _met(clauses[ref], then)))


def _met(clause: Clause, settings: Iterable[Setting]) -> bool:
    return any(clause.find(setting).result is Result.MET for setting in settings)


def _of_products(leaves: _Leaves, clauses: Mapping[str, Clause], setting: Setting) -> Iterator[Setting]:
    wanted = [c for ref in leaves if isinstance(c := clauses[ref], ProductClause)]
    if not wanted:
        yield setting
    for product in dict.fromkeys(product for clause in wanted for product in clause.any_of):
        changed = replace(setting.case.product, id=product)
        yield replace(setting, case=replace(setting.case, product=changed))


def _follows(clause: Clause) -> bool:
    return isinstance(clause, OnLabelClause)


def _step(clause: Clause, finding: Finding, setting: Setting) -> Step:
    """What to do about a leaf: a dose that cannot be read, or is too high, and a product are the order's; what was
    answered no may be documented anew; age, stage, course and the other medicines of a regimen are facts."""
    facts = setting.case
    if finding.result is Result.UNKNOWN:
        unreadable = isinstance(clause, DoseClause) and not facts.dose.steps
        return Step(finding.id, finding.missing or finding.reads, "order" if unreadable else "document")
    change = finding.remedy or clause.asks or finding.reads
    match clause:
        case ProductClause():
            return Step(finding.id, change, "product")
        case DoseClause():
            return Step(finding.id, change, "fact" if clause.mismatched(facts.companions) else "order")
        case _:
            return Step(finding.id, change, "fact" if clause.fails_as in _FACTS else "document")
