"""Addresses of databases, and databases that do not answer."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Store, Unkept
from service.store.database import address
from tests.store.made import AT, call, feedback


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_one_driver(scheme: str) -> None:
    url = address(f"{scheme}://user:secret@db.example.org/records?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert (url.password, url.database, dict(url.query)) == ("secret", "records", {"sslmode": "require"})


def test_an_sqlite_file_is_found_again_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address("sqlite:///records.db").database == str(tmp_path / "records.db")


@pytest.mark.parametrize(
    "text",
    [
        "mysql://user:hunter2@db.example.org/records",
        "postgresql+psycopg2://user:hunter2@db.example.org/records",
        "user:hunter2@db.example.org",
        "postgresql://user:hunter2@db.example.org:port/records",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:hunter2?mode=memory&uri=true",
        "sqlite:///records.db?key=hunter2",
        "",
    ],
)
def test_any_other_database_is_refused_without_quoting_a_password(text: str) -> None:
    with pytest.raises(ValueError, match="COUNTERSIGN_DATABASE_URL") as refused:
        address(text)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                pass

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"postgresql://user:hunter2@127.0.0.1:{listener.getsockname()[1]}/records"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=30)
        for one in held:
            one.close()


def test_a_database_that_never_answers_holds_nobody_for_long(silent: str) -> None:
    store = Store(silent)
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(store.first_use("issuer", "jti", AT))
        except Unkept as error:
            found.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout=30)
    assert [type(each) for each in found] == [Unkept]
    store.close()


def test_a_failure_of_the_database_says_nothing_of_what_was_kept(store: Store) -> None:
    same = call()
    store.keep(same)
    with pytest.raises(Unkept) as failed:
        store.keep(same)
    assert str(failed.value) == "the records could not be written or read"
    assert failed.value.kind == "IntegrityError"
    assert failed.value.__suppress_context__


def test_a_file_that_is_gone_is_a_failure_and_no_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    store = Store(f"sqlite:///{path}")
    assert not store.ready()
    with pytest.raises(Unkept):
        store.answer([feedback()])
    assert not path.exists()


def test_an_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    assert path.stat().st_mode & 0o077 == 0
    store.close()
