"""The command line: serve, evaluate a request, check and read back policies, publish the documents' schema."""

from __future__ import annotations

import json
import sys
import uuid
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from service.config import Config, ConfigError, from_environment
from service.decide import Office, Unavailable, decide
from service.determination import Determination, NotEvaluated, Outcome, Result, SafetyNotice
from service.hooks.discovery import SERVICES
from service.hooks.gather import gather
from service.hooks.request import Invalid, decode, parse
from service.policy import library
from service.policy.document import Document
from service.policy.library import PolicyError
from service.policy.readback import readback
from service.terminology import load

_MARKS = {
    Result.MET: "+",
    Result.WAIVED: "+",
    Result.NOT_MET: "-",
    Result.UNKNOWN: "?",
    Result.NOT_APPLICABLE: " ",
}


@click.group()
@click.version_option(package_name="countersign")
def main() -> None:
    """Countersign answers a prior authorization at the moment of signing."""


@main.command()
def serve() -> None:
    """Serve CDS Hooks, configured by the environment (COUNTERSIGN_HOST, COUNTERSIGN_PORT, ...)."""
    from service.server import run  # the server is loaded only where it serves

    config = _config()
    click.echo(f"Countersign serves http://{config.host}:{config.port}/cds-services")
    run(config)


@main.command()
@click.argument("request_file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The determinations as the contract has them.")
def evaluate(request_file: BinaryIO, as_json: bool) -> None:
    """Evaluate the hook request in REQUEST_FILE (- for standard input) and print what was decided, criterion by
    criterion. Exits with 1 where the request cannot be evaluated."""
    try:
        outcomes, repairs = _outcomes(request_file.read(), _config())
    except Invalid as error:
        raise click.ClickException(f"{error} ({error.expression or 'the body'})") from None
    except Unavailable as error:
        raise click.ClickException(f"{error} ({error.expression})") from None
    if as_json:
        found = [o.as_contract() for o in outcomes if isinstance(o, Determination)]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for outcome in outcomes:
        click.echo(_tree(outcome))
    if not outcomes:
        click.echo("No draft order that a policy governs.")
    for repair in dict.fromkeys(repairs):
        click.echo(f"repaired: {repair}")


def _config() -> Config:
    try:
        return from_environment()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def _outcomes(body: bytes, config: Config) -> tuple[tuple[Outcome, ...], list[str]]:
    """What was decided, and what of the chart was repaired before it was read."""
    value = decode(body)
    hook = value.get("hook") if isinstance(value, dict) else None
    found = next((s for s in SERVICES if s.hook == hook), SERVICES[0])
    request = parse(value, found)
    office = Office(library.load(), load(), config.plans)
    chart = gather(request, office.library.resources())
    today = config.today or date.today()
    correlation, unreadable = str(uuid.uuid4()), request.unreadable
    outcomes = decide(request.orders(), chart, office, today=today, correlation=correlation, unreadable=unreadable)
    return outcomes, chart.repairs


def _tree(outcome: Outcome) -> str:
    match outcome:
        case Determination():
            return _determination(outcome)
        case SafetyNotice():
            alerts = [f"  ! {a.code} ({a.severity}): {a.says}" for a in outcome.safety]
            return "\n".join([f"{outcome.order}: {outcome.drug}, not governed", *alerts])
        case NotEvaluated():
            return f"{outcome.order}: not evaluated, {outcome.why}"


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


@main.group()
def policy() -> None:
    """Check and read back the policies."""


@policy.command()
@click.argument("documents", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(documents: tuple[Path, ...]) -> None:
    """Check DOCUMENTS, or every policy that ships with the service; exits with 1 where one cannot be used."""
    try:
        found = library.collect([library.read(d.read_text(encoding="utf-8"), d.name) for d in documents])
        checked = found if documents else library.load()
    except PolicyError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for revision in checked.revisions():
        document = revision.policy.document
        click.echo(f"{document.id} {document.version}: {len(document.clause)} clauses, in force {document.in_force}")


@policy.command(name="readback")
@click.argument("policy_id")
@click.option("--version", "version", help="A revision (2025-11); the latest without.")
def read_back(policy_id: str, version: str | None) -> None:
    """Print a policy as our words and the machine's reading side by side."""
    try:
        revision = library.load().revision(policy_id, version)
    except (KeyError, StopIteration):
        raise click.ClickException(f"no policy {policy_id} {version or ''} on file".replace("  ", " ")) from None
    click.echo(readback(revision.policy), nl=False)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of a policy document, for editors."""
    click.echo(json.dumps(Document.model_json_schema(by_alias=True), indent=2))
