"""The read-back: our words and the machine's reading of every clause side by side, for a pharmacist to sign.

One value, told as markdown here and as the policy's page at the edge; every clause has its number as its anchor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from service.policy.clause import Clause
from service.policy.determine import Policy
from service.policy.document import AlertRule, Document, Term
from service.policy.outline import Item, Outline


@dataclass(frozen=True, slots=True)
class Row:
    """A clause, or (`group`) what joins the clauses under a number; `asks` is put to a prescriber;
    `depth` of its place in the outline. Of two with one number the first is `anchored`."""

    ref: str
    says: str
    reads: str = ""
    asks: str = ""
    conditions: str = ""
    depth: int = 0
    group: bool = False
    anchored: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A section of criteria, all of which must hold; `applies` says to what it does."""

    ref: str
    title: str
    applies: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list, with the anchor that it is linked by, where it is."""

    text: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands beside the criteria: durations, referrals, alerts, tables."""

    anchor: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A policy's revision as it is read back."""

    document: Document
    digest: str
    sections: tuple[Section, ...]
    listings: tuple[Listing, ...]


def read_back(policy: Policy) -> ReadBack:
    """The read-back of a policy's revision."""
    document = policy.document
    return ReadBack(
        document,
        policy.digest,
        tuple(_section(outline) for outline in policy.outlines),
        (
            Listing("approval", "Approval durations", tuple(Entry(text) for text in _approvals(document.approval))),
            Listing(
                "referral", f"Other uses ({document.referral.cites})", tuple(Entry(text) for text in _referrals(policy))
            ),
            Listing("alerts", "Safety alerts (never criteria)", tuple(_alerts(document.alert))),
            *_tables(document),
        ),
    )


def _section(outline: Outline) -> Section:
    section = outline.section
    applies = f"For {', '.join(section.diagnoses)}; listed with {', '.join(section.products)}."
    rows = [row for item in outline.items for row in _rows(item, 0)]
    refs = [row.ref for row in rows]
    anchored = tuple(replace(row, anchored=refs.index(row.ref) == n) for n, row in enumerate(rows))
    return Section(section.ref, section.title, applies if section.diagnoses else "", anchored)


def _rows(node: Item | Clause, depth: int) -> Iterator[Row]:
    if isinstance(node, Clause):
        yield Row(node.ref, node.says, node.reads(), node.question or "", _conditions(node), depth)
        return
    joined = f", and {', '.join(clause.ref for clause in node.joined)}" if node.joined else ""
    yield Row(node.ref, f"{node.of} of the next under {node.ref}{joined}", depth=depth, group=True)
    for part in (*node.parts, *node.joined):
        yield from _rows(part, depth + 1)


def readback(policy: Policy) -> str:
    """The policy's revision in GitHub markdown."""
    return "\n".join(_markdown(read_back(policy))) + "\n"


def _markdown(told: ReadBack) -> Iterator[str]:
    document = told.document
    yield f"# {document.id}, revision {document.version}"
    yield ""
    yield f"{document.title}. In force from {document.in_force.isoformat()}, for {', '.join(document.lines)}."
    yield f"Source: {document.source}. Digest of the document: `{told.digest}`."
    if document.rebuilt:
        yield f"Rebuilt: {document.rebuilt}"
    for section in told.sections:
        yield from _section_in_markdown(section)
    for listing in told.listings:
        yield from ("", f"## {listing.title}", "")
        yield from (f"- {entry.text}" for entry in listing.entries)


def _section_in_markdown(section: Section) -> Iterator[str]:
    yield from ("", f"## {section.ref} {section.title}", "")
    if section.applies:
        yield from (section.applies, "")
    yield "All of:"
    yield ""
    yield "| clause | in our words | as the machine reads it | as the prescriber is asked | conditions |"
    yield "| --- | --- | --- | --- | --- |"
    for row in section.rows:
        if row.group:
            yield f"| **{row.ref}** | **{row.says}** | | | |"
        else:
            yield f"| {row.ref} | {row.says} | {row.reads} | {row.asks} | {row.conditions} |"


def _conditions(clause: Clause) -> str:
    parts = [f"only for {clause.for_.reads()}"] if clause.for_ else []
    parts += [f"not for {clause.unless.reads()}"] if clause.unless else []
    parts += ["only if the dose goes up"] if clause.only_if else []
    parts += [clause.waived.reads()] if clause.waived else []
    parts += [f"attested within {clause.attested_within} days"] if clause.attested_within else []
    parts += [f"failing refers as {clause.fails_as}"] if clause.fails_as != "other" else []
    return "; ".join(parts)


def _approvals(terms: tuple[Term, ...]) -> Iterator[str]:
    for term in terms:
        extra = " or to the renewal date, the longer" if term.longer_of else ""
        extra = " or the duration requested, the shorter" if term.less_of else extra
        where = f"{', '.join(term.sections)}; {', '.join(term.lines)}; {', '.join(term.products)}"
        yield f"{term.months} months{extra}: {where} ({term.cites})"


def _referrals(policy: Policy) -> Iterator[str]:
    rules = policy.document.referral
    tables = {"off-label": rules.off_label, "on formulary": rules.formulary, "off formulary": rules.non_formulary}
    for name, table in tables.items():
        numbers = "; ".join(f"{line} {', '.join(found)}" for line, found in table.items())
        yield f"{name}: {numbers}"
    yield f"a label change counts for {rules.label_change_months} months, where an operator names it"


def _alerts(rules: tuple[AlertRule, ...]) -> Iterator[Entry]:
    """Each alert; where several rules raise one, the first carries its anchor."""
    named: set[str] = set()
    for rule in rules:
        scope = f"; only for {rule.for_.reads()}" if rule.for_ else ""
        scope += f"; not for {rule.unless.reads()}" if rule.unless else ""
        scope += "; on every order of the drug" if rule.every_order else ""
        count = f" at {rule.doses_a_week} or more doses a week" if rule.doses_a_week else ""
        anchor = None if rule.code in named else f"alert-{rule.code}"
        named.add(rule.code)
        yield Entry(f"{rule.code} ({rule.severity}): {rule.says}{count}{scope} ({rule.cites})", anchor)


def _tables(document: Document) -> Iterator[Listing]:
    yield Listing("products", "Products", tuple(Entry(text) for text in _products(document)))
    yield Listing("labels", "Labels: regimen and maximum", tuple(Entry(text) for text in _labels(document)))
    yield Listing("alternatives", "Therapeutic alternatives", tuple(Entry(text) for text in _alternatives(document)))
    codes = tuple(Entry(f"{code.code}: {code.says}") for code in document.hcpcs)
    yield Listing("codes", "Billing codes (informational)", codes)


def _products(document: Document) -> Iterator[str]:
    for product in document.product:
        made = ", ".join(product.strengths) or f"{product.concentration}, {product.packages}"
        yield f"{product.name} ({product.form}): {made}"


def _labels(document: Document) -> Iterator[str]:
    for label in document.label:
        ages = "; adults" if label.adults_only else ""
        ages = f"; up to {label.at_most_years} years" if label.at_most_years is not None else ages
        yield f"{label.product}, {label.diagnosis}: {label.regimen}; at most {label.maximum}{ages}"


def _alternatives(document: Document) -> Iterator[str]:
    for entry in document.alternative:
        most = " or ".join(limit.reads() for limit in entry.at_most)
        yield f"{entry.drug}, {', '.join(entry.diagnoses)}: {entry.regimen}; at most {most}"
