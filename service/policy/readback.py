"""The read-back: our words and the machine's reading of every clause side by side, for a pharmacist to sign."""

from __future__ import annotations

from collections.abc import Iterator

from service.policy.clause import Clause
from service.policy.determine import Policy
from service.policy.document import AlertRule, Term
from service.policy.outline import Item, Outline


def readback(policy: Policy) -> str:
    """The policy's revision in GitHub markdown."""
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: Policy) -> Iterator[str]:
    document = policy.document
    yield f"# {document.id}, revision {document.version}"
    yield ""
    yield f"{document.title}. In force from {document.in_force.isoformat()}, for {', '.join(document.lines)}."
    yield f"Source: {document.source}. Digest of the document: `{policy.digest}`."
    if document.rebuilt:
        yield f"Rebuilt: {document.rebuilt}"
    for outline in policy.outlines:
        yield from _section(outline)
    yield from _approvals(document.approval)
    yield from _referrals(policy)
    yield from _alerts(document.alert)
    yield from _tables(policy)


def _section(outline: Outline) -> Iterator[str]:
    section = outline.section
    yield from ("", f"## {section.ref} {section.title}", "")
    if section.diagnoses:
        yield from (f"For {', '.join(section.diagnoses)}; listed with {', '.join(section.products)}.", "")
    yield "All of:"
    yield ""
    yield "| clause | in our words | as the machine reads it | conditions |"
    yield "| --- | --- | --- | --- |"
    for item in outline.items:
        yield from _node(item)


def _node(node: Item | Clause) -> Iterator[str]:
    if isinstance(node, Clause):
        yield f"| {node.ref} | {node.says} | {node.reads()} | {_conditions(node)} |"
        return
    joined = f", and {', '.join(clause.ref for clause in node.joined)}" if node.joined else ""
    yield f"| **{node.ref}** | **{node.of} of the next under {node.ref}{joined}** | | |"
    for part in (*node.parts, *node.joined):
        yield from _node(part)


def _conditions(clause: Clause) -> str:
    parts = [f"only for {clause.for_.reads()}"] if clause.for_ else []
    parts += [f"not for {clause.unless.reads()}"] if clause.unless else []
    parts += ["only if the dose goes up"] if clause.only_if else []
    parts += [clause.waived.reads()] if clause.waived else []
    parts += [f"attested within {clause.attested_within} days"] if clause.attested_within else []
    parts += [f"failing refers as {clause.fails_as}"] if clause.fails_as != "other" else []
    return "; ".join(parts)


def _approvals(terms: tuple[Term, ...]) -> Iterator[str]:
    yield from ("", "## Approval durations", "")
    for term in terms:
        extra = " or to the renewal date, the longer" if term.longer_of else ""
        extra = " or the duration requested, the shorter" if term.less_of else extra
        where = f"{', '.join(term.sections)}; {', '.join(term.lines)}; {', '.join(term.products)}"
        yield f"- {term.months} months{extra}: {where} ({term.cites})"


def _referrals(policy: Policy) -> Iterator[str]:
    rules = policy.document.referral
    yield from ("", f"## Other uses ({rules.cites})", "")
    tables = {"off-label": rules.off_label, "on formulary": rules.formulary, "off formulary": rules.non_formulary}
    for name, table in tables.items():
        numbers = "; ".join(f"{line} {', '.join(found)}" for line, found in table.items())
        yield f"- {name}: {numbers}"
    yield f"- a label change counts for {rules.label_change_months} months, where an operator names it"


def _alerts(rules: tuple[AlertRule, ...]) -> Iterator[str]:
    yield from ("", "## Safety alerts (never criteria)", "")
    for rule in rules:
        scope = f"; only for {rule.for_.reads()}" if rule.for_ else ""
        scope += f"; not for {rule.unless.reads()}" if rule.unless else ""
        scope += "; on every order of the drug" if rule.every_order else ""
        count = f" at {rule.doses_a_week} or more doses a week" if rule.doses_a_week else ""
        yield f"- {rule.code} ({rule.severity}): {rule.says}{count}{scope} ({rule.cites})"


def _tables(policy: Policy) -> Iterator[str]:
    document = policy.document
    yield from ("", "## Products", "")
    for product in document.product:
        made = ", ".join(product.strengths) or f"{product.concentration}, {product.packages}"
        yield f"- {product.name} ({product.form}): {made}"
    yield from ("", "## Labels: regimen and maximum", "")
    for label in document.label:
        ages = "; adults" if label.adults_only else ""
        ages = f"; up to {label.at_most_years} years" if label.at_most_years is not None else ages
        yield f"- {label.product}, {label.diagnosis}: {label.regimen}; at most {label.maximum}{ages}"
    yield from ("", "## Therapeutic alternatives", "")
    for entry in document.alternative:
        most = " or ".join(limit.reads() for limit in entry.at_most)
        yield f"- {entry.drug}, {', '.join(entry.diagnoses)}: {entry.regimen}; at most {most}"
    yield from ("", "## Billing codes (informational)", "")
    yield from (f"- {code.code}: {code.says}" for code in document.hcpcs)
