"""Who is let in, end to end: client tokens with real keys, and what a client learns of a refusal."""

import json
import time
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.auth import clients
from service.config import Config
from service.web import create_app
from tests.auth.signing import Ehr, ec_key, public_jwk, rsa_key
from tests.charts import build

ORIGIN = "http://localhost:8080"
BASE = "https://cds.example.org"
SIGN = "/cds-services/prior-auth-order-sign"
FEEDBACK = f"{SIGN}/feedback"
APPROVABLE = build({"name": "approvable", "base": "jylamvo-ra"})
ITEM = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:06:49Z"}
OWN = Ehr()
OTHER = Ehr(issuer="https://other.example.org", kid="k2", algorithm="RS384", private=rsa_key())
TABLE = """
[[client]]
issuer = "https://ehr.example.org"
jwks_file = "ehr.json"
fhir_servers = ["https://ehr.example.org/fhir"]

[[client]]
issuer = "https://other.example.org"
jwks_file = "other.json"
tenants = ["clinic-7"]
audiences = ["https://elsewhere.example.org/cds-services"]
"""


def application(folder: Path, public_url: str | None = BASE) -> Flask:
    for name, ehr in (("ehr", OWN), ("other", OTHER)):
        keys = {"keys": [public_jwk(ehr.private, ehr.kid)]}
        (folder / f"{name}.json").write_text(json.dumps(keys), encoding="utf-8")
    trusted = clients.parse(TABLE, folder)
    database = f"sqlite:///{folder}/records.sqlite3"
    return create_app(Config(today=date(2026, 3, 10), clients=trusted, public_url=public_url, database_url=database))


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return application(tmp_path).test_client()


def bearer(ehr: Ehr = OWN, **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"aud": f"{BASE}{SIGN}", "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())} | changed
    return {"Authorization": ehr.token(**claims), "Origin": ORIGIN}


def sign(client: FlaskClient, headers: dict[str, str], body: Any = APPROVABLE) -> Any:
    return client.post(SIGN, json=body, headers=headers)


def test_a_token_for_the_service_lets_in(client: FlaskClient) -> None:
    assert sign(client, bearer()).status_code == 200


@pytest.mark.parametrize("path", [SIGN, FEEDBACK])
def test_a_call_without_a_token_is_refused_without_detail(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer x.y.z"}):
        said = client.post(path, json=APPROVABLE, headers={**headers, "Origin": ORIGIN})
        assert said.status_code == 401
        assert said.headers["WWW-Authenticate"] == "Bearer"
        assert said.headers["Access-Control-Allow-Origin"] == ORIGIN
        (issue,) = said.get_json()["issue"]
        assert (issue["code"], issue["diagnostics"]) == ("login", "a client token is required")


def test_every_refusal_reads_the_same(client: FlaskClient) -> None:
    stranger = Ehr(issuer="https://stranger.example.org", private=ec_key(name="stranger"))
    impostor = Ehr(private=ec_key(name="stranger"))
    refused = [bearer(stranger), bearer(impostor), bearer(exp=5, iat=1), bearer(aud=f"{BASE}/other"), bearer(jti=None)]
    answers = [sign(client, headers) for headers in refused]
    assert {a.status_code for a in answers} == {401}
    assert len({json.dumps(a.get_json()["issue"]) for a in answers}) == 1


def test_discovery_and_preflights_need_no_token(client: FlaskClient) -> None:
    assert client.get("/cds-services").status_code == 200
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    for path in ("/cds-services", SIGN, FEEDBACK, f"/cds-services//{SIGN.rsplit('/', 1)[1]}"):
        assert client.options(path, headers=asked).status_code == 200


def test_a_token_serves_once(client: FlaskClient) -> None:
    headers = bearer()
    assert [sign(client, headers).status_code for _ in range(2)] == [200, 401]


def test_a_token_is_spent_also_where_the_body_is_refused(client: FlaskClient) -> None:
    headers = bearer()
    assert client.post(SIGN, data="{bad", content_type="application/json", headers=headers).status_code == 400
    assert sign(client, headers).status_code == 401


@pytest.mark.parametrize(
    ("path", "audience", "status"),
    [
        (FEEDBACK, SIGN, 200),
        (FEEDBACK, FEEDBACK, 200),
        (FEEDBACK, "/cds-services/prior-auth-order-select", 401),
        (SIGN, FEEDBACK, 401),
        (SIGN, "/cds-services", 401),
        ("/cds-services//prior-auth-order-sign", "/cds-services//prior-auth-order-sign", 200),
        ("/cds-services//prior-auth-order-sign", SIGN, 200),
    ],
)
def test_a_token_is_for_the_service_that_it_names(client: FlaskClient, path: str, audience: str, status: int) -> None:
    body = {"feedback": [ITEM]} if path == FEEDBACK else APPROVABLE
    assert client.post(path, json=body, headers=bearer(aud=f"{BASE}{audience}")).status_code == status


def test_without_a_public_url_the_audience_is_the_url_that_was_called(tmp_path: Path) -> None:
    client = application(tmp_path, public_url=None).test_client()
    called = bearer(aud=f"http://cds.example.net:8000{SIGN}") | {"Host": "cds.example.net:8000"}
    assert sign(client, called).status_code == 200
    assert sign(client, bearer() | {"Host": "cds.example.net:8000"}).status_code == 401


@pytest.mark.parametrize(("tenant", "status"), [("clinic-7", 200), ("clinic-8", 403), (None, 403)])
def test_a_known_client_of_another_tenant_may_not(client: FlaskClient, tenant: str | None, status: int) -> None:
    said = sign(client, bearer(OTHER, tenant=tenant, aud="https://elsewhere.example.org/cds-services"))
    assert said.status_code == status
    if status == 403:
        assert said.get_json()["issue"][0]["code"] == "forbidden"


def test_an_unknown_service_is_not_found_with_or_without_a_token(client: FlaskClient) -> None:
    assert client.post("/cds-services/nobody", json=APPROVABLE).status_code == 404


def test_a_token_goes_to_no_server_but_the_clients_own(client: FlaskClient) -> None:
    asked = {
        "fhirServer": "https://ehr.example.org.evil.example/fhir",
        "fhirAuthorization": {"access_token": "lent", "token_type": "Bearer", "expires_in": 300, "scope": "x"},
    }
    body = APPROVABLE | asked | {"prefetch": {k: v for k, v in APPROVABLE["prefetch"].items() if k != "conditions"}}
    (card,) = sign(client, bearer(), body).get_json()["cards"]
    assert "the FHIR server named is none of this client's" in card["detail"]


def test_the_memory_of_used_tokens_failing_lets_nobody_in(client: FlaskClient, tmp_path: Path) -> None:
    for file in tmp_path.glob("records.sqlite3*"):
        file.unlink()
    said = sign(client, bearer())
    assert said.status_code == 503
    assert int(said.headers["Retry-After"]) > 0
