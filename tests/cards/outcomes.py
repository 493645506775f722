"""Outcomes to render, and how cards are read back: what markdown would still act on, and empty members."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from cards.links import Page
from service.determination import (
    Alert,
    Approval,
    Determination,
    Evidence,
    Finding,
    PolicyId,
    Referral,
    Result,
    Severity,
    Status,
)

POLICY = PolicyId("CP.PHAR.134", "2025-11", "Methotrexate")
PAGE = Page(POLICY)
ORDER = "MedicationRequest/mtx-1"
DRUG = "Jylamvo 2 mg/mL oral solution"
RA = Evidence("Condition/ra", "Condition.code", "Rheumatoid arthritis (M06.9)", "2025-11-02")
YEAR = Approval(12, date(2026, 3, 10), date(2027, 3, 9), "12 months")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/a.png)",
    "| a | b |",
    "|---|---|",
    "`code` ~~gone~~ **bold** __bold__ *em*",
    "https://evil.example/x?y=z see www.evil.example and HTTP://EVIL.EXAMPLE",
    "write to dr@evil.example or @everyone",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "<https://evil.example> <!-- gone -->",
    "one\n\n# heading\n> quote\n- item\n1. item\n```\nfence",
    "- item",
    "+ item",
    "12) item",
    "---",
    "===",
    "[^1]: note",
    "[ref]: https://evil.example",
    "- [ ] task",
    "back\\slash \\",
    "\u202eright to left\u202c zero\u200bwidth \u2028 line \x00\x1b[31m",
)


def finding(ref: str = "I.B.1", result: Result = Result.MET, *evidence: Evidence, **changes: Any) -> Finding:
    return replace(Finding(ref, result, evidence, f"Criterion {ref}"), **changes)


def alert(code: str = "daily-dosing", severity: Severity = "critical", **changes: Any) -> Alert:
    seen = Evidence(ORDER, "MedicationRequest.dosageInstruction.timing", "7 doses a week")
    return replace(Alert(code, severity, (seen,)), **changes)


def determination(status: Status = Status.APPROVABLE, **changes: Any) -> Determination:
    base = Determination(
        order=ORDER,
        policy=POLICY,
        evaluated_on=date(2026, 3, 10),
        product="jylamvo",
        indication="rheumatoid-arthritis",
        line="medicaid",
        status=status,
        pathway="I.B",
        findings=(finding("I.B.1", Result.MET, RA),),
        drug=DRUG,
        indication_name="rheumatoid arthritis",
    )
    return replace(base, **(_usual(status) | changes))


def _usual(status: Status) -> dict[str, Any]:
    """What a determination of each status carries."""
    met = finding("I.B.1", Result.MET, RA)
    match status:
        case Status.APPROVABLE:
            return {"approval": YEAR}
        case Status.DOCUMENTATION_NEEDED:
            lacking = finding("I.B.6", Result.UNKNOWN, missing="Chart note on why tablets can't be swallowed")
            return {"findings": (met, lacking), "missing": ("I.B.6",)}
        case Status.NOT_MET:
            dose = replace(RA, reference=ORDER, text="37.5 mg per week, limit 30", date=None)
            failed = finding("I.B.7", Result.NOT_MET, dose, remedy="A dose of at most 30 mg per week")
            return {"findings": (met, failed), "unmet": ("I.B.7",)}
        case Status.REFER:
            policies = {"medicaid": ("CP.PMN.53",)}
            return {"pathway": None, "findings": (), "referral": Referral("The diagnosis is not listed", policies)}


def shown(markdown: str) -> str:
    """What a reader of one line sees: escapes and entities resolved."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


def active(line: str) -> list[str]:
    """What a renderer of GFM would still act on in a line, its list marker and bold titles apart."""
    rest = re.sub(r"\\[!-/:-@\[-`{-~]|&(?:amp|lt|gt);", "·", line)
    rest = re.sub(r"\*\*([^*]*)\*\*", r"·\1·", re.sub(r"^(?:  )?- ", "", rest))
    found = re.findall(r"[\\`*_\[\]|~#$<>&]|^(?:[-+=]|\d+[.)](?: |$)|\s)", rest)
    seen = shown(line)
    return found + re.findall(r"//|www\.|@[-\w]", seen, re.IGNORECASE) + [c for c in seen if not c.isprintable()]


def empties(value: object, path: str = "card") -> Iterator[str]:
    """The paths of null and empty members; the determination's fields are the contract's own."""
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "determination":
                yield from empties(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from empties(inner, f"{path}[{n}]")
