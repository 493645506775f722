"""For those who run the service: alive, ready, counted; the doctor is for callers on this machine alone."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Config
from service.web import create_app
from tests.charts import build

APPROVABLE = build({"name": "approvable", "base": "jylamvo-ra"})


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Config(today=date(2026, 3, 10), database_url=f"sqlite:///{tmp_path}/records.sqlite3"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def from_address(address: str) -> dict[str, str]:
    return {"REMOTE_ADDR": address}


def test_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    said = client.get("/readyz")
    assert (said.status_code, said.get_json()) == (200, {"status": "ready", "policies": "ok", "database": "ok"})


def test_it_is_alive_but_not_ready_without_its_database(client: FlaskClient, tmp_path: Path) -> None:
    for file in tmp_path.glob("records.sqlite3*"):
        file.unlink()
    assert client.get("/healthz").status_code == 200
    said = client.get("/readyz")
    assert (said.status_code, said.get_json()["database"]) == (503, "no")


def test_what_was_decided_is_counted(client: FlaskClient) -> None:
    counted = 'countersign_determinations_total{policy="CP.PHAR.134",status="approvable",version="2025-11"}'

    def count() -> float:
        lines = client.get("/metrics").get_data(as_text=True).splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(counted)), 0)

    before = count()
    assert client.post("/cds-services/prior-auth-order-sign", json=APPROVABLE).status_code == 200
    assert count() == before + 1


@pytest.mark.parametrize(
    ("address", "metrics", "doctor"),
    [
        ("127.0.0.1", 200, 200),
        ("::1", 200, 200),
        ("10.2.3.4", 200, 404),
        ("fd00::1", 200, 404),
        ("8.8.8.8", 404, 404),
        ("2001:4860:4860::8888", 404, 404),
        ("", 404, 404),
    ],
)
def test_metrics_are_for_the_own_network_and_the_doctor_for_this_machine(
    client: FlaskClient, address: str, metrics: int, doctor: int
) -> None:
    near = from_address(address)
    assert client.get("/metrics", environ_overrides=near).status_code == metrics
    assert client.post("/doctor", json=APPROVABLE, environ_overrides=near).status_code == doctor


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP"],
)
def test_who_comes_by_a_proxy_is_not_near(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    assert client.post("/doctor", json=APPROVABLE, headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1:8000", 200), ("[::1]", 200), ("evil.example", 404)])
def test_the_doctor_is_not_called_by_another_name_for_this_machine(client: FlaskClient, host: str, status: int) -> None:
    assert client.post("/doctor", json=APPROVABLE, headers={"Host": host}).status_code == status


@pytest.mark.parametrize("body", [b"", b"{bad", b"[]", b'{"hook":7}'])
def test_the_doctor_answers_whatever_it_is_shown(client: FlaskClient, body: bytes) -> None:
    said = client.post("/doctor", data=body)
    assert said.status_code == 200
    assert isinstance(said.get_json(), dict)
