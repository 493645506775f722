"""An approval's period and a referral's policies in words, short for a summary and whole for a detail.

Computes no date: periods are told as they were decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cards.markdown import bold, escape, paragraphs, section
from cards.plain import capital, line_name
from service.determination import Approval, Line, Referral

_OPEN = "The member's line of business is not known"


def short_approval(approval: Approval | Mapping[str, Approval] | None, line: Line | None) -> str:
    """For the summary, plain text: until when, and for which line of business."""
    match approval:
        case None:
            return ""
        case Approval() as one:
            named = f", {line_name(line)}" if line else ""
            return f"{_months(one)}through {one.end.isoformat()}{named}"
        case by_line:
            ends = sorted({one.end.isoformat() for one in by_line.values()})
            return f"through {_either(ends)}, by line of business"


def _months(approval: Approval) -> str:
    if approval.months is None:
        return ""
    return "1 month, " if approval.months == 1 else f"{approval.months} months, "


def approval_section(approval: Approval | Mapping[str, Approval] | None, line: Line | None) -> str:
    """For the detail: the period with its basis, or one for each line of business."""
    match approval:
        case None:
            return ""
        case Approval() as one:
            named = f" ({line_name(line)})" if line else ""
            return f"{bold('Approval period' + named)}: {_period(one)}"
        case by_line:
            listed = [f"{escape(capital(line_name(key)))}: {_period(one)}" for key, one in by_line.items()]
            return section(f"Approval period by line of business. {_OPEN}", listed)


def _period(approval: Approval) -> str:
    basis = f"; {escape(approval.basis)}" if approval.basis else ""
    return f"{approval.start.isoformat()} through {approval.end.isoformat()}{basis}"


def short_referral(referral: Referral | None) -> str:
    """For the summary, plain text: which policies decide."""
    if referral is None or not any(referral.policies.values()):
        return "another policy decides"
    numbers = _either(dict.fromkeys(number for listed in referral.policies.values() for number in listed))
    lines = [line_name(line) for line in referral.policies]
    return f"decided under {numbers}, {lines[0] if len(lines) == 1 else 'by line of business'}"


def _either(numbers: Iterable[str]) -> str:
    """One of several, in words."""
    listed = list(numbers)
    return " or ".join(part for part in (", ".join(listed[:-1]), *listed[-1:]) if part)


def referral_section(referral: Referral | None) -> str:
    """For the detail: why another policy decides, and which, by line of business."""
    if referral is None:
        return ""
    listed = [
        f"{escape(capital(line_name(line)))}: {', '.join(escape(number) for number in numbers)}"
        for line, numbers in referral.policies.items()
    ]
    by_line = ", by line of business" if len(listed) > 1 else ""
    return paragraphs([section(f"Policies that decide such a use{by_line}", listed), escape(referral.reason)])
