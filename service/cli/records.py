"""Commands on the records: export, answers to forms, replay under another revision, retention."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import click

from service.cli.policies import on_file
from service.cli.settings import configured
from service.store import Store, Unkept
from service.store.export import write_ndjson, write_parquet
from service.store.replay import Record, replay

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def records() -> None:
    """Export the records, read them again under another revision, delete old ones."""


@contextmanager
def _opened() -> Iterator[Store]:
    try:
        store = Store(configured().database_url)
        store.upgrade()
        try:
            yield store
        finally:
            store.close()
    except (Unkept, ValueError) as error:
        raise click.ClickException(str(error)) from None


@records.command()
@click.option("--format", "form", type=click.Choice(["ndjson", "parquet"]), default="ndjson", show_default=True)
@click.option("--since", type=_DAY, help="The first day (UTC).")
@click.option("--until", type=_DAY, help="The day after the last (UTC).")
@click.option("--output", "-o", type=click.File("wb", lazy=True), default="-", help="A file; standard output without.")
def export(form: str, since: datetime | None, until: datetime | None, output: BinaryIO) -> None:
    """Write the determinations, each with its call, its cards and their feedback."""
    write = write_parquet if form == "parquet" else write_ndjson
    with _opened() as store:
        rows = store.export(since.date() if since else None, until.date() if until else None)
        written = write(rows, output)
    click.echo(f"{written} determinations", err=True)


@records.command()
@click.option("--since", type=_DAY, help="The first day (UTC).")
@click.option("--until", type=_DAY, help="The day after the last (UTC).")
@click.option("--output", "-o", type=click.File("wb", lazy=True), default="-", help="A file; standard output without.")
def answers(since: datetime | None, until: datetime | None, output: BinaryIO) -> None:
    """Write the answers to forms, whole, with their documents: one JSON object a line. They are the patient's data."""
    with _opened() as store:
        rows = store.export_answers(since.date() if since else None, until.date() if until else None)
        written = write_ndjson(rows, output)
    click.echo(f"{written} answers to forms", err=True)


@records.command(name="replay")
@click.argument("policy_id")
@click.option("--version", help="The revision to read them under; the latest without.")
@click.option("--since", type=_DAY, help="The first day (UTC).")
@click.option("--until", type=_DAY, help="The day after the last (UTC).")
def replayed(policy_id: str, version: str | None, since: datetime | None, until: datetime | None) -> None:
    """Read the determinations by a policy again under another of its revisions, as far as the records go: one JSON
    object a line, and a count by what came of them."""
    revision = on_file(policy_id, version)
    counted: Counter[str] = Counter()
    with _opened() as store:
        for row in store.export(since.date() if since else None, until.date() if until else None):
            if row["policy"] != policy_id:
                continue
            found = replay(Record.of(row), revision)
            after = found.after.value if found.after else "open"
            counted["same" if found.same else f"{found.before.value} -> {after}"] += 1
            told = {"id": str(found.id), "before": found.before.value, "after": after, "open": list(found.open)}
            click.echo(json.dumps(told))
    for what, count in counted.most_common():
        click.echo(f"{what}: {count}", err=True)


@records.command()
@click.option("--days", type=click.IntRange(min=1), required=True, help="How many days of records are kept.")
def prune(days: int) -> None:
    """Delete what is older than so many days (retention): calls, determinations, cards, feedback, answers."""
    with _opened() as store:
        gone = store.prune((datetime.now(UTC) - timedelta(days=days)).date())
    click.echo(
        f"deleted {gone.calls} calls, {gone.feedback} answers to cards, {gone.answers} answers to forms, "
        f"{gone.tokens} used tokens"
    )
