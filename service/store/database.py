"""The database that the records are in: its address, its connections, their time limits. Knows no table.

A database that is dead or slow holds a call for seconds, never longer; what it says in an error is never repeated,
since its messages quote values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

_SQLITE = {"sqlite": "sqlite", "sqlite+pysqlite": "sqlite"}
_POSTGRES = dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg"), "postgresql+psycopg")
_WRITES = "countersign_writes"
BUSY_S = 5

# libpq's time limits: a host that does not answer, and one that stops answering (milliseconds, else seconds).
_ALIVE = {
    "connect_timeout": "2",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
}
# The session's: what is acknowledged is on disk, and instants are read back in the zone they are kept in.
_SESSION = "-c statement_timeout=5000 -c lock_timeout=2000 -c synchronous_commit=on -c timezone=UTC"


class Unkept(Exception):
    """The records could not be written or read. `kind` names the failure; its words stay unsaid."""

    def __init__(self, kind: str) -> None:
        super().__init__("the records could not be written or read")
        self.kind = kind


@contextmanager
def guarded() -> Iterator[None]:
    """Every failure of a database inside comes out as Unkept."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise Unkept(type(error).__name__) from None


def address(text: str) -> URL:
    """The database that COUNTERSIGN_DATABASE_URL names; raises ValueError, which quotes nothing of a password."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise ValueError("COUNTERSIGN_DATABASE_URL is no database URL; write sqlite:///countersign.db") from None
    if driver := _POSTGRES.get(url.drivername):
        return url.set(drivername=driver)
    if url.drivername not in _SQLITE:
        known = ", ".join((*_SQLITE, *_POSTGRES))
        raise ValueError(f"COUNTERSIGN_DATABASE_URL names a database that is not supported; supported are {known}")
    if not url.database or url.database.startswith((":", "file:")) or url.query:
        raise ValueError("COUNTERSIGN_DATABASE_URL: SQLite needs a plain file, sqlite:///countersign.db")
    return url.set(drivername="sqlite", database=str(Path(url.database).absolute()))


def connect(url: URL, *, pooled: bool = True) -> Engine:
    """An engine for an address; it connects when first used. Without a pool every connection is closed at its end."""
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {
            "poolclass": QueuePool,
            "pool_size": 4,
            "max_overflow": 4,
            "pool_timeout": 2,
            "pool_recycle": 1800,
            "pool_use_lifo": True,
            "pool_pre_ping": True,
        }
    return _sqlite(url, pool) if url.drivername == "sqlite" else _postgres(url, pool)


def writing(engine: Engine) -> Engine:
    """The same engine, for transactions that write: SQLite takes its write lock at their beginning, not midway."""
    return engine.execution_options(**{_WRITES: True})


def _postgres(url: URL, pool: dict[str, Any]) -> Engine:
    own = {name: value for name, value in _ALIVE.items() if name not in url.query}
    options = f"{_SESSION} {url.query.get('options', '')}".strip()  # an operator's come last, and win
    return create_engine(url, connect_args={**own, "options": options}, hide_parameters=True, **pool)


def _sqlite(url: URL, pool: dict[str, Any]) -> Engine:
    # mode=rw: a file that is gone is a failure, not an empty one made in its place.
    where = f"file:{quote(url.database or '')}?mode=rw"

    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)

    engine = create_engine(url, creator=open_file, hide_parameters=True, **pool)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
