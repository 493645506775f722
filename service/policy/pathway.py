"""One pathway evaluated: every leaf of a section found, nothing short-circuited, its items combined by Kleene logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.case import Case, Diagnosis
from service.determination import Finding, Result, Status, all_of, any_of
from service.policy.clause import Clause, Increase, Label, Setting
from service.policy.outline import Item, Outline

_STATUS = {
    Result.MET: Status.APPROVABLE,
    Result.UNKNOWN: Status.DOCUMENTATION_NEEDED,
    Result.NOT_MET: Status.NOT_MET,
}


@dataclass(frozen=True, slots=True)
class Pathway:
    """A section's findings for one diagnosis; `items` are its top-level items' results with their leaves' numbers;
    `setting` holds every leaf's finding, also of those that are not listed."""

    outline: Outline
    setting: Setting
    findings: tuple[Finding, ...]
    items: tuple[tuple[str, Result, tuple[str, ...]], ...]
    remarks: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        return self.outline.section.ref

    @property
    def diagnosis(self) -> Diagnosis:
        return self.setting.diagnosis

    @property
    def status(self) -> Status:
        return _STATUS[all_of(result for _, result, _ in self.items)]

    def count(self, result: Result) -> int:
        return sum(finding.result is result for finding in self.findings)

    def leaves_of(self, result: Result) -> tuple[str, ...]:
        """The numbers of the leaves with `result` under every top-level item with `result`."""
        held = {ref for _, own, refs in self.items if own is result for ref in refs}
        return tuple(f.id for f in self.findings if f.id in held and f.result is result)


def walk(outline: Outline, case: Case, diagnosis: Diagnosis, labels: tuple[Label, ...], increase: Increase) -> Pathway:
    """Find every leaf of a section for one diagnosis. Raises ValueError where no check of it applies to the order:
    an empty list of checks is a failure, not an approval."""
    found: dict[str, Finding] = {}
    setting = Setting(case, diagnosis, labels, found, increase)
    for clause in outline.leaves():
        found[clause.ref] = clause.find(setting)
    listed = tuple(_listed(outline, setting))
    results = {ref: finding.result for ref, finding in found.items()}
    items = tuple((item.ref, combine(item, results), refs) for item, refs in outline.members)
    if all(result is Result.NOT_APPLICABLE for _, result, _ in items):
        raise ValueError(f"{outline.section.ref}: no check applies to the order")
    findings = tuple(found[clause.ref] for clause in listed)
    return Pathway(outline, setting, findings, items, _above(outline, setting))


def _listed(outline: Outline, setting: Setting) -> list[Clause]:
    """The leaves to list: one that stands `instead` of its group's others where it fits, and else is left out."""
    every = outline.leaves()
    standing = tuple(f"{c.ref}." for c in every if c.instead and c.fits(setting))
    return [c for c in every if (c.fits(setting) if c.instead else not (standing and c.ref.startswith(standing)))]


def combine(node: Item | Clause, results: Mapping[str, Result]) -> Result:
    """The result of an item of an outline, from its leaves' results by number."""
    if isinstance(node, Clause):
        return results[node.ref]
    parts = [combine(part, results) for part in node.parts]
    own = any_of(parts) if node.of == "any" else all_of(parts)
    return all_of([own, *(results[clause.ref] for clause in node.joined)]) if node.joined else own


def _above(outline: Outline, setting: Setting) -> tuple[str, ...]:
    """Of an order that is no increase: its doses, and what it would fail if it were one: said, never decided (reading,
    section 11)."""
    if outline.section.kind != "continued" or not setting.increase.known or setting.increase.higher:
        return ()
    raised = replace(setting, increase=replace(setting.increase, higher=True))
    over = [c.ref for c in outline.leaves() if c.only_if and c.find(raised).result is Result.NOT_MET]
    though = f", though above what {', '.join(over)} would allow" if over else ""
    return (f"No dose increase ({setting.increase.why}){though}",)
