"""A determination's criteria in words: what is missing, not met, met, waived, and what was looked at beside.

Says results, never makes them: which leaves count stands in `missing` and `unmet`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from cards.links import Page
from cards.markdown import escape, nested, paragraphs, section
from cards.plain import capital
from cards.quote import cite
from service.determination import Determination, Finding, Result


def missing(told: Determination, page: Page) -> list[str]:
    """What to document, as list items: requests apart from criteria first, then the items with the fewest leaves."""
    wanted = [f for f in told.findings if f.id in told.missing]
    found = {f.id for f in wanted}
    others = [] if told.asks else [ref for ref in told.missing if ref not in found]
    groups: dict[str, list[Finding]] = {}
    for finding in wanted:
        groups.setdefault(_item(finding.id), []).append(finding)
    asked = [escape(text) for text in (*told.asks, *others)]
    return [
        *asked,
        *(_ask(ref, leaves, page) for ref, leaves in sorted(groups.items(), key=lambda group: len(group[1]))),
    ]


def shortest_missing(told: Determination) -> tuple[str, int]:
    """The shortest thing that is missing, with its number, and how many more there are; plain text, unescaped."""
    by_text: dict[str, str] = {}
    for finding in (f for f in told.findings if f.id in told.missing):
        by_text.setdefault(asks_for(finding), finding.id)
    things = [*told.asks, *(f"{text} ({ref})" for text, ref in by_text.items())] or list(told.missing)
    return (min(things, key=len), len(things) - 1) if things else ("", 0)


def asks_for(finding: Finding) -> str:
    return finding.missing or finding.reads or finding.id


def _item(ref: str) -> str:
    """The top-level item of a leaf: the first three parts of its number. A note is asked for beside any alternative."""
    return ref if ref.endswith(".note") else ".".join(ref.split(".")[:3])


def _ask(item: str, leaves: list[Finding], page: Page) -> str:
    """One item's request. Leaves that ask for the same are asked once; leaves that differ are mostly alternatives."""
    by_text: dict[str, list[Finding]] = {}
    for finding in leaves:
        by_text.setdefault(asks_for(finding), []).append(finding)
    lines = [_with(_numbered(text, [f.id for f in same], page), _seen(same)) for text, same in by_text.items()]
    if len(lines) == 1:
        return lines[0]
    return nested(f"For {page.cite(item)}, where one of these may be enough:", lines)


def _numbered(text: str, refs: Iterable[str], page: Page) -> str:
    """A text with the numbers of its criteria; the numbers alone, where the text says nothing."""
    words, numbers = escape(text), ", ".join(page.cite(ref) for ref in refs)
    return f"{words} ({numbers})" if words else numbers


def _seen(findings: Iterable[Finding]) -> str:
    on_record = cite([e for f in findings for e in f.evidence])
    return f"on record: {on_record}" if on_record else ""


def _with(text: str, more: str, mark: str = "; ") -> str:
    return f"{text}{mark}{more}" if more else text


def unmet(told: Determination, page: Page) -> list[str]:
    """What is not met, on what evidence, and what would meet it, as list items."""
    return [_unmet(f, page) for f in told.findings if f.id in told.unmet]


def _unmet(finding: Finding, page: Page) -> str:
    would = f"would meet it: {escape(finding.remedy)}" if finding.remedy else ""
    return _with(_criterion(finding, page), would)


def _criterion(finding: Finding, page: Page) -> str:
    """The criterion in words with its number, then its evidence."""
    return _with(_numbered(finding.reads, [finding.id], page), cite(finding.evidence), ": ")


def others(told: Determination, page: Page) -> str:
    """The criteria that do not hold the determination back: met, waived, and those looked at beside."""
    beside = [f for f in told.findings if f.id not in (*told.missing, *told.unmet)]
    return paragraphs(
        section(title, [_criterion(f, page) for f in beside if f.result is result])
        for result in Result
        if (title := _title(result))
    )


def _title(result: Result) -> str:
    match result:
        case Result.MET:
            return "Met"
        case Result.WAIVED:
            return "Waived for this member"
        case Result.NOT_MET:
            return "Not met, but not what decides"
        case Result.UNKNOWN:
            return "Not documented, but not what decides"
        case Result.NOT_APPLICABLE:
            return ""
    assert_never(result)


def remarks(told: Determination, page: Page) -> list[str]:
    """What was looked at and did not count, and what else to know, as list items; each once."""
    of_leaves: dict[str, list[str]] = {}
    for finding in told.findings:
        if finding.result is not Result.NOT_APPLICABLE:
            for remark in finding.remarks:
                of_leaves.setdefault(remark, []).append(finding.id)
    own = [escape(capital(remark)) for remark in dict.fromkeys(told.remarks)]
    return [*own, *(_numbered(capital(text), refs, page) for text, refs in of_leaves.items() if escape(text))]
