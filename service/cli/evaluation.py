"""A request evaluated on the command line, and what was decided as a tree of text."""

from __future__ import annotations

import uuid
from time import monotonic
from typing import assert_never

from service.config import Config
from service.consult import Consultation, Ehr, consult
from service.decide import Circumstances, Office, Unavailable
from service.determination import Determination, NotEvaluated, Outcome, Result, SafetyNotice
from service.ehr import Lines
from service.hooks.discovery import SERVICES
from service.hooks.request import HookRequest, Invalid, decode, parse
from service.policy import library
from service.terminology import load

_MARKS = {
    Result.MET: "+",
    Result.WAIVED: "+",
    Result.NOT_MET: "-",
    Result.UNKNOWN: "?",
    Result.NOT_APPLICABLE: " ",
}


def office(config: Config) -> Office:
    """What deciding stands on."""
    return Office(library.load(), load(), config.plans)


def consulted(body: bytes, config: Config, *, fetch: bool) -> Consultation:
    """What is decided on a hook request, without records of earlier ones; raises Invalid and Unavailable."""
    value = decode(body)
    hook = value.get("hook") if isinstance(value, dict) else None
    request = parse(value, next((s for s in SERVICES if s.hook == hook), SERVICES[0]))
    lines = Lines(verify=config.ca_bundle or True)
    try:
        with _ehr(request, config, lines, fetch=fetch) as ehr:
            return consult(request, office(config), _circumstances(request, config), ehr)
    finally:
        lines.close()


def named(body: bytes, config: Config) -> dict[str, str]:
    """The queries that failed, with why; none where the request is none, or nothing can be decided on it."""
    try:
        return consulted(body, config, fetch=True).failures
    except (Invalid, Unavailable):
        return {}


def _circumstances(request: HookRequest, config: Config) -> Circumstances:
    return Circumstances(today=config.day(), correlation=str(uuid.uuid4()), unreadable=request.unreadable)


def _ehr(request: HookRequest, config: Config, lines: Lines, *, fetch: bool) -> Ehr:
    """The way to the request's FHIR server; on the command line any configured client's server may be asked."""
    own = None if config.clients is None else [s for client in config.clients for s in client.fhir_servers]
    return Ehr(request, own, lines, monotonic() + config.fetch_seconds, silent=not fetch)


def tree(outcome: Outcome) -> str:
    """An outcome as text, a line for each thing."""
    match outcome:
        case Determination():
            return _determination(outcome)
        case SafetyNotice():
            alerts = [f"  ! {a.code} ({a.severity}): {a.says}" for a in outcome.safety]
            unread = [f"  could not be read: {what}" for what in outcome.unchecked]
            return "\n".join([f"{outcome.order}: {outcome.drug}, not governed", *alerts, *unread])
        case NotEvaluated():
            return f"{outcome.order}: not evaluated, {outcome.why}"
    assert_never(outcome)


def _determination(found: Determination) -> str:
    lines = [
        f"{found.order}: {found.drug}",
        f"  {found.status.value} by {found.policy.id} {found.policy.version} on {found.evaluated_on.isoformat()}",
        f"  product {found.product or 'open'}, indication {found.indication or 'none'}",
        f"  line of business {found.line or 'unknown'}, pathway {found.pathway or 'none'}",
    ]
    for finding in found.findings:
        lines.append(f"  [{_MARKS[finding.result]}] {finding.id} {finding.reads}: {finding.result.value}")
        lines += [f"        {e.reference} {e.path}: {e.text}" for e in finding.evidence]
        lines += [f"        missing: {finding.missing}"] if finding.missing else []
        lines += [f"        would meet it: {finding.remedy}"] if finding.remedy else []
    lines += [f"  asked for: {ask}" for ask in found.asks]
    lines += [f"  ! {a.code} ({a.severity}): {a.says}" for a in found.safety]
    lines += [f"  referral: {found.referral.reason}"] if found.referral else []
    lines += [f"  note: {remark}" for remark in found.remarks]
    lines += [f"  could not be read: {what}" for what in found.unread]
    return "\n".join(lines)
