"""How long an approval runs, and which other policies decide: the terms and referrals of a document, dated."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from service.case import Case, Requested
from service.determination import Approval, Line, Referral
from service.plans import LabelChange
from service.policy.document import Document, Term


def add_months(start: date, months: int) -> date:
    """The day `months` later, the month's last where that day does not exist."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _last_day(start: date, months: int) -> date:
    return add_months(start, months) - timedelta(days=1)


def term_of(document: Document, section: str, product: str, line: Line) -> Term:
    """The one term that fits; raises ValueError unless exactly one does."""
    fits = [
        term
        for term in document.approval
        if section in term.sections and product in term.products and line in term.lines
    ]
    if len(fits) != 1:
        raise ValueError(f"{section}, {product}, {line}: {len(fits)} approval terms fit, one must")
    return fits[0]


def approve(document: Document, section: str, product: str, case: Case) -> Approval | Mapping[str, Approval]:
    """The approval's term: for the member's line of business, else by each line of the policy."""
    if line := case.membership.line:
        return _run(term_of(document, section, product, line), case)
    return {line: _run(term_of(document, section, product, line), case) for line in document.lines}


def _run(term: Term, case: Case) -> Approval:
    start, end = case.evaluated_on, _last_day(case.evaluated_on, term.months)
    plain = Approval(term.months, start, end, f"{term.months} months")
    if term.longer_of:
        return _until_renewal(plain, case.membership.renewal)
    return _as_requested(plain, case.requested) if term.less_of else plain


def _until_renewal(plain: Approval, renewal: date | None) -> Approval:
    if renewal is None or renewal < plain.start:
        return Approval(plain.months, plain.start, plain.end, f"{plain.basis}; no renewal date ahead is known")
    if renewal > plain.end:
        return Approval(None, plain.start, renewal, f"to the member's renewal date, longer than {plain.basis}")
    return Approval(plain.months, plain.start, plain.end, f"{plain.basis}, longer than to the renewal date")


def _as_requested(plain: Approval, requested: Requested | None) -> Approval:
    end = _requested_end(plain.start, requested) if requested else None
    if requested is None or end is None:
        return Approval(plain.months, plain.start, plain.end, f"{plain.basis}; the order asks for no duration")
    if end >= plain.end:
        basis = f"{plain.basis}, no longer than requested ({requested.text})"
        return Approval(plain.months, plain.start, plain.end, basis)
    return Approval(requested.months, plain.start, end, f"the duration requested ({requested.text})")


def _requested_end(start: date, requested: Requested) -> date | None:
    if requested.months is not None:
        return _last_day(start, min(requested.months, _FOREVER_MONTHS))
    if requested.days is not None:
        return start + timedelta(days=min(requested.days, _FOREVER_DAYS) - 1)
    return None


_FOREVER_MONTHS, _FOREVER_DAYS = 1200, 36500  # a century: beyond any term, and inside what a date can hold


def refer(document: Document, reason: str, product: str | None, case: Case, changes: Sequence[LabelChange]) -> Referral:
    """The policies that decide elsewhere: off-label, or those of a recent label change that an operator names."""
    rules = document.referral
    recent = [c for c in changes if c.product == product and _recent(c, case.evaluated_on, rules.label_change_months)]
    lines = (case.membership.line,) if case.membership.line else document.lines
    if not recent:
        return Referral(reason, {line: rules.off_label[line] for line in lines})
    stated = case.membership.formulary if case.membership.formulary is not None else recent[-1].formulary
    tables = [t for t, on in ((rules.formulary, True), (rules.non_formulary, False)) if stated in (None, on)]
    policies: dict[str, tuple[str, ...]] = {
        line: tuple(dict.fromkeys(number for table in tables for number in table[line])) for line in lines
    }
    return Referral(f"{reason}; the label changed on {recent[-1].date.isoformat()}", policies)


def _recent(change: LabelChange, on: date, months: int) -> bool:
    return change.date <= on <= add_months(change.date, months)
