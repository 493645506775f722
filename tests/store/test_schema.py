"""The schema: made from nothing, once, by whoever comes first; append-only; and as the tables say."""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from service.store import FormKept, Store, Unkept, schema
from service.store.database import address as parsed
from service.store.database import connect, writing
from service.store.tables import answers, metadata, secret
from tests.store.made import APPROVED, AT, CARD, FORM, call, feedback
from tests.store.processes import Processes

UPGRADE = """
import sys
from service.store import Store
store = Store(sys.argv[1])
sys.stdin.readline()
store.upgrade()
print(store.ready())
store.close()
"""


@pytest.fixture
def connection(store: Store, address: str) -> Iterator[Connection]:  # noqa: ARG001 (the store makes the schema)
    """A connection of its own to the store's database, past the store."""
    engine = connect(parsed(address), pooled=False)
    with writing(engine).connect() as opened:
        yield opened
    engine.dispose()


def test_a_database_is_ready_once_it_is_brought_up_to_date(address: str) -> None:
    store = Store(address)
    assert not store.ready()
    store.upgrade()
    assert store.ready()
    store.upgrade()
    assert store.ready()
    store.close()


def test_the_schema_that_migrations_make_is_the_one_that_the_tables_say(connection: Connection) -> None:
    found = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(found, metadata) == []


def test_four_processes_that_start_at_once_make_one_schema(address: str, processes: Processes) -> None:
    started = [processes.start(UPGRADE, address) for _ in range(4)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60) for process in started] == [("True\n", "")] * 4
    engine = connect(parsed(address), pooled=False)
    with engine.connect() as opened:
        assert opened.scalar(select(func.count()).select_from(secret)) == 1
        assert len(opened.scalar(select(secret.c.value)) or b"") == 32
    engine.dispose()


def test_answers_of_the_schema_before_are_read_and_stand_in_nobodys_way(address: str) -> None:
    engine = connect(parsed(address), pooled=False)
    if engine.dialect.name == "sqlite":
        Path(parsed(address).database or "").touch()
    with writing(engine).connect() as opened:
        command.upgrade(schema._config(opened), "3")
        opened.commit()
        row = {"patient": "p" * 64, "order_id": "o" * 64, "ordered": "d" * 64, "policy": "CP.PHAR.134", "place": 0}
        row |= {"version": "2025-11", "written_by": "A. Example, MD", "essence": {}, "response": "{}"}
        for n, name in enumerate(("form-1", "form-2")):  # each the first of its own form, as they were kept then
            opened.execute(insert(answers), row | {"id": uuid4(), "at": AT + timedelta(minutes=n), "name": name})
        opened.commit()
    engine.dispose()
    store = Store(address)
    assert not store.ready()
    store.upgrade()
    form = FormKept(("p" * 64, "o" * 64), "d" * 64, FORM.until, "CP.PHAR.134", "2025-11", "form-1", b"")
    assert [one.name for one in store.answers_to(form)] == ["form-2", "form-1"]
    assert store.submit(form, AT + timedelta(minutes=2), 2, "B. Example, MD", {}, "{}")
    assert store.submit(form, AT + timedelta(minutes=3), 2, "C. Example, MD", {}, "{}") is None
    assert len(store.answers_to(form)) == 3
    store.close()


def test_a_schema_of_a_later_version_is_not_touched(store: Store, connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    connection.commit()
    assert not store.ready()
    with pytest.raises(Unkept) as refused:
        store.upgrade()
    assert refused.value.kind == "CommandError"


def _filled(store: Store) -> None:
    store.keep(call(APPROVED, cards=(CARD,), forms=(FORM,)))
    kept = store.form(FORM.token)
    assert kept
    answered = store.submit(kept, AT, 0, "A. Example, MD", {}, "{}")
    assert answered
    store.deliver(answered, AT)
    store.answer([feedback()])
    store.first_use("issuer", "jti", AT)
    store.prune(date(2000, 1, 1))


def _refused(connection: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))
    connection.rollback()


def _columns() -> list[Any]:
    return [pytest.param(table.name, next(iter(table.columns)).name, id=table.name) for table in metadata.sorted_tables]


@pytest.mark.parametrize(("table", "column"), _columns())
def test_no_row_is_changed(store: Store, connection: Connection, table: str, column: str) -> None:
    _filled(store)
    assert connection.scalar(text(f'SELECT count(*) FROM "{table}"'))
    connection.rollback()
    _refused(connection, f'UPDATE "{table}" SET "{column}" = "{column}"')


@pytest.mark.parametrize(
    "table", ["call", "determination", "card", "form", "answers", "delivered", "feedback", "secret", "pruned"]
)
def test_no_row_is_deleted_that_retention_did_not_name(store: Store, connection: Connection, table: str) -> None:
    _filled(store)
    _refused(connection, f'DELETE FROM "{table}"')


def test_no_table_is_emptied(store: Store, connection: Connection) -> None:
    emptied = {"postgresql": 'TRUNCATE "{}" CASCADE', "sqlite": 'DELETE FROM "{}"'}[connection.dialect.name]
    _filled(store)
    for table in metadata.sorted_tables:
        if connection.dialect.name == "postgresql" or table.name != "token_used":
            _refused(connection, emptied.format(table.name))


def test_the_migrations_ship_with_the_package() -> None:
    folder = Path(sys.modules["service.store"].__file__ or "").parent / "migrations"
    assert (folder / "env.py").is_file()
    assert list((folder / "versions").glob("v1_*.py"))
