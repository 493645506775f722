"""What is filed of a determination by Da Vinci CRD (coverage-information), whatever the version: the decision, no JSON.

What an order is told must hold in both versions' invariants; "not covered" is never said of a criterion not met."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from service.determination import Approval, Determination, DoseLimit, Finding, Status

Covered = Literal["covered", "not-covered", "conditional"]
Authorization = Literal["auth-needed", "satisfied"]
Why = Literal["approvable", "granted", "documentation", "unmet", "elsewhere", "daily", "no-active-coverage"]
EXTENSION = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
_DAILY = "daily-dosing"


@dataclass(frozen=True, slots=True)
class Thread:
    """What ties the answers about one order and coverage together: `assertion` their id, `authorization` the number
    that an automatic approval gets."""

    assertion: str
    authorization: str


@dataclass(frozen=True, slots=True)
class Filing:
    """One coverage-information: `why` names the reason, `details` are its items in the policy's own words and numbers,
    never the chart's; a `number` and what goes with it (`expires`, `period`, `limit`) only where the authorization is
    satisfied. `policy_url` only where the policy's criteria are what is told."""

    coverage: str
    covered: Covered
    authorization: Authorization | None
    why: Why
    details: tuple[str, ...]
    on: date
    assertion: str
    policy_url: str | None = None
    documents: bool = False
    open: bool = False
    number: str | None = None
    expires: date | None = None
    period: tuple[date, date] | None = None
    limit: DoseLimit | None = None
    questionnaire: str | None = None


def file(
    told: Determination,
    thread: Thread,
    *,
    grants: bool,
    policy_url: str | None,
    questionnaire: str | None = None,
) -> Filing | None:
    """What is filed of a determination; None where no Coverage is known, since the extension points at one.

    `questionnaire` is the canonical of the form that asks for what is missing. `grants`: the payer has an approvable
    order approved at once. An order that reads as daily dosing is filed as no more than in need of authorization."""
    coverage = told.coverage or told.lapsed
    if coverage is None:
        return None
    said = Filing(coverage, "covered", "auth-needed", "daily", (), told.evaluated_on, thread.assertion)
    if told.coverage is None:
        return replace(said, why="no-active-coverage", covered="not-covered", authorization=None)
    if reads_daily(told):
        return said
    said = replace(said, policy_url=policy_url)
    match told.status:
        case Status.APPROVABLE:
            return _approvable(said, told, thread, grants)
        case Status.DOCUMENTATION_NEEDED:
            return replace(
                said, why="documentation", details=_missing(told), documents=True, questionnaire=questionnaire
            )
        case Status.NOT_MET:
            return replace(said, why="unmet", details=_unmet(told))
        case Status.REFER:
            return replace(said, why="elsewhere", covered="conditional", details=_policies(told), open=True)


def reads_daily(told: Determination) -> bool:
    """Whether an order reads as daily dosing: it must be corrected before anything else is asked of it."""
    return any(alert.code == _DAILY for alert in told.safety)


def _approvable(said: Filing, told: Determination, thread: Thread, grants: bool) -> Filing:
    approval = told.approval
    if not grants or not isinstance(approval, Approval):
        return replace(said, why="approvable")
    return replace(
        said,
        why="granted",
        authorization="satisfied",
        number=thread.authorization,
        expires=approval.end,
        period=(approval.start, approval.end),
        limit=told.limit,
    )


def _missing(told: Determination) -> tuple[str, ...]:
    found = tuple(f"{_asked(f)} ({f.id})" for f in told.findings if f.id in told.missing)
    return tuple(dict.fromkeys((*told.asks, *found))) or told.missing


def _asked(finding: Finding) -> str:
    """What is asked for, without the particulars after a colon or in brackets: those may quote the chart."""
    return re.split(r":| \(", finding.missing or finding.reads, maxsplit=1)[0]


def _unmet(told: Determination) -> tuple[str, ...]:
    return tuple(f"{f.reads} ({f.id})" for f in told.findings if f.id in told.unmet) or told.unmet


def _policies(told: Determination) -> tuple[str, ...]:
    listed = told.referral.policies.values() if told.referral else ()
    return tuple(dict.fromkeys(number for numbers in listed for number in numbers))
