"""Commands on policies: check, read back, and the schema of their documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from service.policy import library
from service.policy.document import Document
from service.policy.library import PolicyError, Revision
from service.policy.readback import readback


@click.group()
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
    click.echo(readback(on_file(policy_id, version).policy), nl=False)


def on_file(policy_id: str, version: str | None) -> Revision:
    """A revision by version, the latest without; one that is not on file ends the command."""
    try:
        return library.load().revision(policy_id, version)
    except (KeyError, StopIteration):
        raise click.ClickException(f"no policy {policy_id} {version or ''} on file".replace("  ", " ")) from None


@policy.command()
def schema() -> None:
    """Print the JSON Schema of a policy document, for editors."""
    click.echo(json.dumps(Document.model_json_schema(by_alias=True), indent=2))
