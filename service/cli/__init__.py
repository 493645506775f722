"""The command line: serve, evaluate a request, examine one, check and read back policies, keep the records."""

from __future__ import annotations

import json
from typing import BinaryIO

import click

from service.cli.evaluation import consulted, named, office, tree
from service.cli.policies import policy
from service.cli.records import records
from service.cli.settings import configured
from service.decide import Unavailable
from service.determination import Determination
from service.doctor import examine as examined
from service.hooks.request import Invalid


@click.group()
@click.version_option(package_name="countersign")
def main() -> None:
    """Countersign answers a prior authorization at the moment of signing."""


main.add_command(policy)
main.add_command(records)


@main.command()
def serve() -> None:
    """Serve CDS Hooks, configured by the environment (COUNTERSIGN_HOST, COUNTERSIGN_PORT, ...)."""
    from service.server import run  # the server is loaded only where it serves

    config = configured()
    click.echo(f"Countersign serves http://{config.host}:{config.port}/cds-services")
    try:
        run(config)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.argument("request_file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The determinations as the contract has them.")
@click.option("--fetch", is_flag=True, help="Ask the request's fhirServer for what prefetch lacks.")
def evaluate(request_file: BinaryIO, as_json: bool, fetch: bool) -> None:
    """Evaluate the hook request in REQUEST_FILE (- for standard input) and print what was decided, criterion by
    criterion. Exits with 1 where the request cannot be evaluated."""
    try:
        found = consulted(request_file.read(), configured(), fetch=fetch)
    except Invalid as error:
        raise click.ClickException(f"{error} ({error.expression or 'the body'})") from None
    except Unavailable as error:
        raise click.ClickException(f"{error} ({error.expression})") from None
    if as_json:
        told = [o.as_contract() for o in found.outcomes if isinstance(o, Determination)]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for outcome in found.outcomes:
        click.echo(tree(outcome))
    if not found.outcomes:
        click.echo("No draft order that a policy governs.")
    for repair in dict.fromkeys(found.chart.repairs):
        click.echo(f"repaired: {repair}")


@main.command()
@click.argument("request_file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.option("--fetch", is_flag=True, help="Ask the request's fhirServer, too, and say what failed.")
def doctor(request_file: BinaryIO, as_json: bool, fetch: bool) -> None:
    """Examine the hook request in REQUEST_FILE (- for standard input): what came of prefetch, what was repaired, what
    was not understood, and what would settle it."""
    config, body = configured(), request_file.read()
    report = examined(body, office(config), config.day(), named(body, config) if fetch else {})
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        click.echo(report.as_text(), nl=False)
