"""The schema brought up to date: Alembic's migrations, run by the service itself at its start.

Several processes may start at once: one migrates, the others wait for it and find nothing left to do."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, text

from service.store.database import Unkept, connect, guarded, writing

_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE_S = 60
_ADVISORY = 0x636F756E74657273  # "counters", in ASCII: this service's lock among others of the same database
_in_this_process = threading.Lock()  # Alembic keeps its context in globals


def upgrade(url: URL) -> None:
    """Bring a database to the newest schema; makes an SQLite file that is not there. Raises Unkept. No connection is
    open afterwards, so that the process may fork."""
    engine = connect(url, pooled=False)
    try:
        with _in_this_process, guarded():
            if url.drivername == "sqlite":
                _made(Path(url.database or ""))
            with writing(engine).connect() as connection:
                _locked(connection)
                command.upgrade(_config(connection), "head")
                connection.commit()
    except CommandError as error:  # a schema of a later version of the service
        raise Unkept(type(error).__name__) from None
    finally:
        engine.dispose()


@lru_cache(maxsize=1)
def head() -> str | None:
    """The newest revision of the schema."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _locked(connection: Connection) -> None:
    """Wait for the other processes that migrate, as long as a migration may take."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("SELECT 1")  # begins, and so takes the write lock
        return
    connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})


def _made(path: Path) -> None:
    """An SQLite file that its owner alone reads, in write-ahead mode (kept in the file itself)."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    give_up = time.monotonic() + _PATIENCE_S
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
                return
            except sqlite3.OperationalError:  # another process is switching: this lock does not wait by itself
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)
