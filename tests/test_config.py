"""The configuration: what the environment says, and what stops the start."""

import json
from datetime import date
from pathlib import Path

import pytest

from service.config import Config, ConfigError, from_environment
from tests.auth.signing import ec_key, public_jwk


def test_the_defaults_serve_loopback() -> None:
    found = from_environment({})
    assert found == Config()
    assert (found.host, found.port, found.today, found.public_url) == ("127.0.0.1", 8000, None, None)


def test_every_variable_is_read(tmp_path: Path) -> None:
    table = tmp_path / "plans.toml"
    table.write_text('[[plan]]\nplan = "A"\nline = "him"\n')
    found = from_environment(
        {
            "COUNTERSIGN_HOST": "::1",
            "COUNTERSIGN_PORT": "9000",
            "COUNTERSIGN_PUBLIC_URL": "https://cds.example.org",
            "COUNTERSIGN_PLANS": str(table),
            "COUNTERSIGN_TODAY": "2026-03-10",
            "COUNTERSIGN_ALLOWED_ORIGINS": "https://a.example.org, https://b.example.org,",
        }
    )
    assert (found.host, found.port, found.public_url) == ("::1", 9000, "https://cds.example.org")
    assert found.plans.rows[0].line == "him"
    assert found.today == date(2026, 3, 10)
    assert found.origins == (r"https://a\.example\.org$", r"https://b\.example\.org$")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_may_be_open(host: str) -> None:
    assert from_environment({"COUNTERSIGN_HOST": host}).host == host


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTERSIGN_HOST", "0.0.0.0"),
        ("COUNTERSIGN_HOST", "::"),
        ("COUNTERSIGN_HOST", "cds.example.org"),
        ("COUNTERSIGN_PORT", "0"),
        ("COUNTERSIGN_PORT", "65536"),
        ("COUNTERSIGN_PORT", "http"),
        ("COUNTERSIGN_CLIENTS", "clients.toml"),
        ("COUNTERSIGN_CLIENTS", ""),
        ("COUNTERSIGN_PUBLIC_URL", "cds.example.org"),
        ("COUNTERSIGN_PUBLIC_URL", "https://cds.example.org/?x"),
        ("COUNTERSIGN_ALLOWED_ORIGINS", "*"),
        ("COUNTERSIGN_ALLOWED_ORIGINS", "https://*.example.org"),
        ("COUNTERSIGN_ALLOWED_ORIGINS", "ehr.example.org"),
        ("COUNTERSIGN_ALLOWED_ORIGINS", "https://ehr.example.org/"),
        ("COUNTERSIGN_FETCH_SECONDS", "0"),
        ("COUNTERSIGN_FETCH_SECONDS", "61"),
        ("COUNTERSIGN_CALL_SECONDS", "soon"),
        ("COUNTERSIGN_WORKERS", "0"),
        ("COUNTERSIGN_THREADS", "1025"),
        ("COUNTERSIGN_CA_BUNDLE", "no-such-file.pem"),
        ("COUNTERSIGN_LOG_LEVEL", "loud"),
        ("COUNTERSIGN_PLANS", "no-such-file.toml"),
        ("COUNTERSIGN_TODAY", "10.03.2026"),
        ("COUNTERSIGN_CRD_VERSION", "2.1"),
        ("COUNTERSIGN_CRD_VERSION", "2.2.1"),
        ("COUNTERSIGN_APPROVABLE", "approved"),
        ("COUNTERSIGN_APPROVABLE", "Satisfied"),
    ],
)
def test_what_cannot_be_honoured_stops_the_start_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        from_environment({name: value})


@pytest.mark.parametrize(
    "text",
    ["[[plan]]\nline = 'x'", "[[plan]]\nlin = 'him'", "=", "[[plan]]\nstate = 'Illinois'", "[[plan]]\nplan = ''"],
)
def test_a_table_at_fault_is_refused(tmp_path: Path, text: str) -> None:
    table = tmp_path / "plans.toml"
    table.write_text(text)
    with pytest.raises(ConfigError, match="COUNTERSIGN_PLANS"):
        from_environment({"COUNTERSIGN_PLANS": str(table)})


def test_with_trusted_clients_it_may_listen_anywhere(tmp_path: Path) -> None:
    keys = {"keys": [public_jwk(ec_key(), "k1")]}
    (tmp_path / "ehr.json").write_text(json.dumps(keys), encoding="utf-8")
    table = tmp_path / "clients.toml"
    table.write_text('[[client]]\nissuer = "https://ehr.example.org"\njwks_file = "ehr.json"\n', encoding="utf-8")
    found = from_environment({"COUNTERSIGN_HOST": "0.0.0.0", "COUNTERSIGN_CLIENTS": str(table)})
    assert found.clients
    assert [client.issuer for client in found.clients] == ["https://ehr.example.org"]


def test_a_clients_file_that_is_broken_stops_the_start(tmp_path: Path) -> None:
    table = tmp_path / "clients.toml"
    table.write_text("[[client]]\nissuer = 7\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="COUNTERSIGN_CLIENTS"):
        from_environment({"COUNTERSIGN_CLIENTS": str(table)})


def test_how_it_runs_is_read() -> None:
    variables = {
        "COUNTERSIGN_PUBLIC_URL": "https://cds.example.org/base/",
        "COUNTERSIGN_DATABASE_URL": "postgresql://db/countersign",
        "COUNTERSIGN_FETCH_SECONDS": "1.5",
        "COUNTERSIGN_CALL_SECONDS": "60",
        "COUNTERSIGN_WORKERS": "1",
        "COUNTERSIGN_THREADS": "1024",
        "COUNTERSIGN_LOG_LEVEL": "Warning",
    }
    found = from_environment(variables)
    assert (found.public_url, found.database_url) == ("https://cds.example.org/base", "postgresql://db/countersign")
    assert (found.fetch_seconds, found.call_seconds, found.workers, found.threads) == (1.5, 60, 1, 1024)
    assert found.log_level == "warning"


@pytest.mark.parametrize("version", ["2.0", "2.2"])
def test_the_version_that_is_filed_by_is_read(version: str) -> None:
    assert from_environment({"COUNTERSIGN_CRD_VERSION": version}).crd_version == version


@pytest.mark.parametrize("word", ["auth-needed", "satisfied"])
def test_what_an_approvable_order_is_told_is_read(word: str) -> None:
    assert from_environment({"COUNTERSIGN_APPROVABLE": word}).approvable == word


def test_unless_told_otherwise_an_approvable_order_is_in_need_of_authorization_by_2_2() -> None:
    for environment in ({}, {"COUNTERSIGN_CRD_VERSION": "", "COUNTERSIGN_APPROVABLE": ""}):
        found = from_environment(environment)
        assert (found.crd_version, found.approvable) == ("2.2", "auth-needed")
