"""The HTTP edge: answers, errors of one shape, browsers."""

import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.hooks.discovery import KEYS
from service.policy import library
from service.web import LIMIT
from tests.charts import build

SIGN = "/cds-services/prior-auth-order-sign"
ORIGIN = "http://localhost:8080"
APPROVABLE = build({"name": "approvable", "base": "jylamvo-ra"})
SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


def changed(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(APPROVABLE), **members}


def is_outcome(answer: Any, status: int) -> dict[str, Any]:
    """An OperationOutcome of the contract's shape; its first issue."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    body = answer.get_json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["id"] == answer.headers["X-Correlation-Id"]
    issue: dict[str, Any] = body["issue"][0]
    assert issue["severity"] == "error"
    assert issue["code"]
    assert issue["diagnostics"]
    return issue


def test_discovery_offers_both_services_with_derived_prefetch(client: FlaskClient) -> None:
    found = client.get("/cds-services").get_json()["services"]
    assert [s["id"] for s in found] == ["prior-auth-order-sign", "prior-auth-order-select"]
    assert list(found[0]["prefetch"]) == [KEYS[kind] for kind in library.load().resources()]
    assert client.get("/cds-services/").get_data() == client.get("/cds-services").get_data()


def test_a_governed_order_is_answered_with_a_card(client: FlaskClient) -> None:
    answer = client.post(SIGN, json=APPROVABLE)
    assert answer.status_code == 200
    cards = answer.get_json()["cards"]
    assert [c["extension"]["determination"]["status"] for c in cards] == ["approvable"]
    assert "X-Correlation-Id" in answer.headers


@pytest.mark.parametrize("body", [b"{bad", b"[]", b'"x"', b"null", b"", b'{"x": NaN}'])
def test_what_is_no_request_is_a_400(client: FlaskClient, body: bytes) -> None:
    is_outcome(client.post(SIGN, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_missing_member_is_a_400_that_names_it(client: FlaskClient, name: str) -> None:
    body = changed()
    del body[name]
    assert is_outcome(client.post(SIGN, json=body), 400)["expression"] == [name]


def test_a_request_without_draft_orders_is_a_400_that_names_them(client: FlaskClient) -> None:
    body = changed()
    del body["context"]["draftOrders"]
    assert is_outcome(client.post(SIGN, json=body), 400)["expression"] == ["context.draftOrders"]


def test_other_media_types_are_a_415(client: FlaskClient) -> None:
    text = json.dumps(APPROVABLE)
    is_outcome(client.post(SIGN, data=text, content_type="text/plain"), 415)
    is_outcome(client.post(SIGN, data=text), 415)
    for kind in ("application/json;charset=utf-8", "application/fhir+json"):
        assert client.post(SIGN, data=text, content_type=kind).status_code == 200


def test_an_unknown_service_or_path_is_a_404(client: FlaskClient) -> None:
    is_outcome(client.post("/cds-services/none", json=APPROVABLE), 404)
    is_outcome(client.get("/none"), 404)


@pytest.mark.parametrize(("method", "path"), [("post", "/cds-services"), ("get", SIGN), ("put", SIGN)])
def test_another_method_is_a_405_that_says_which_are_allowed(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method.upper(), json={})
    is_outcome(answer, 405)
    assert answer.headers["Allow"]


def test_a_body_beyond_the_limit_is_a_413(client: FlaskClient) -> None:
    is_outcome(client.post(SIGN, data=b" " * (LIMIT + 1), content_type="application/json"), 413)


@pytest.mark.parametrize("value", ["absent", None, {"resourceType": "OperationOutcome"}, "another", "<html>"])
def test_a_governed_order_of_a_patient_who_cannot_be_had_is_a_412(client: FlaskClient, value: Any) -> None:
    body = changed()
    if value == "absent":
        del body["prefetch"]["patient"]
    else:
        body["prefetch"]["patient"] = {"resourceType": "Patient", "id": "q"} if value == "another" else value
    assert is_outcome(client.post(SIGN, json=body), 412)["expression"] == ["prefetch.patient"]


def test_the_dosing_alarm_of_a_patient_who_cannot_be_had_is_not_hidden_by_an_error(client: FlaskClient) -> None:
    body = build({"name": "daily", "base": "jylamvo-ra", "change": {"timing": "daily"}, "drop": ["patient"]})
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 200
    cards = answer.get_json()["cards"]
    assert [card["indicator"] for card in cards] == ["critical", "warning"]
    assert not any("determination" in card.get("extension", {}) for card in cards)


def test_a_medication_that_cannot_be_had_is_a_412(client: FlaskClient) -> None:
    body = build({"name": "lost", "base": "jylamvo-ra", "change": {"medication_as": "elsewhere"}})
    assert is_outcome(client.post(SIGN, json=body), 412)["expression"] == ["context.draftOrders"]


def test_beside_an_order_that_is_answered_a_lost_medication_is_said_on_a_card(client: FlaskClient) -> None:
    body = changed()
    lost = {
        "resourceType": "MedicationRequest",
        "id": "lost",
        "status": "draft",
        "medicationReference": {"reference": "Medication/x"},
    }
    body["context"]["draftOrders"]["entry"].append({"resource": lost})
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 200
    assert len(answer.get_json()["cards"]) == 2


def test_an_order_without_any_medication_yet_is_no_order(client: FlaskClient) -> None:
    body = changed()
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    del order["medicationCodeableConcept"]
    assert client.post(SIGN, json=body).get_json() == {"cards": []}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cds-services"), ("POST", SIGN), ("POST", "/cds-services/none"), ("GET", SIGN)]
)
def test_every_answer_carries_cross_origin_headers(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={}, headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/cds-services", SIGN, "/cds-services//prior-auth-order-sign"])
def test_a_preflight_is_answered_and_never_redirected(client: FlaskClient, path: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = client.options(path, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed


def test_a_foreign_origin_is_allowed_nothing(client: FlaskClient) -> None:
    for origin in ("https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example:80"):
        answer = client.get("/cds-services", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_doubled_slash_of_a_client_reaches_the_service(client: FlaskClient) -> None:
    assert client.post("/cds-services//prior-auth-order-sign", json=APPROVABLE).status_code == 200


def test_a_failure_is_a_500_without_anything_of_the_patient(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("1970-05-04")

    monkeypatch.setattr("service.consult.gather", fail)
    answer = app.test_client().post(SIGN, json=APPROVABLE, headers={"Origin": ORIGIN})
    is_outcome(answer, 500)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "1970-05-04" not in answer.get_data(as_text=True) + caplog.text
    assert answer.headers["X-Correlation-Id"] in caplog.text


def test_an_order_that_fails_is_said_on_a_card_not_passed_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("1970-05-04")

    monkeypatch.setattr("service.decide.read_case", fail)
    daily = build({"name": "daily", "base": "jylamvo-ra", "change": {"timing": "daily"}})
    alarmed = app.test_client().post(SIGN, json=daily).get_json()["cards"]
    assert [card["indicator"] for card in alarmed] == ["critical", "warning"]
    answer = app.test_client().post(SIGN, json=APPROVABLE)
    assert answer.status_code == 200
    assert len(answer.get_json()["cards"]) == 1
    assert "determination" not in answer.get_json()["cards"][0].get("extension", {})
    assert answer.headers["X-Correlation-Id"] in answer.get_data(as_text=True)
    assert "1970-05-04" not in answer.get_data(as_text=True) + caplog.text


def test_a_patient_with_a_fault_is_answered(client: FlaskClient) -> None:
    for members in ({"birthDate": "1970-02-30"}, {"address": [{"use": "home", "state": "", "line": [""]}]}):
        body = changed()
        body["prefetch"]["patient"] |= members
        assert client.post(SIGN, json=body).status_code == 200


def test_a_draft_that_cannot_be_read_is_said_beside_the_others(client: FlaskClient) -> None:
    body = changed()
    body["context"]["draftOrders"]["entry"].append("x")
    cards = client.post(SIGN, json=body).get_json()["cards"]
    assert ["determination" in card.get("extension", {}) for card in cards] == [True, False]


def test_an_error_quotes_nothing_of_the_chart(client: FlaskClient) -> None:
    body = build({"name": "lost", "base": "jylamvo-ra", "change": {"medication_as": "elsewhere"}})
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["medicationReference"]["display"] = "born 1971-09-23"
    assert "1971" not in client.post(SIGN, json=body).get_data(as_text=True)


def test_a_host_that_is_none_is_no_link(client: FlaskClient) -> None:
    answers = [client.post(SIGN, json=APPROVABLE, headers={"Host": host}) for host in ("a b", "cds.example.org")]
    sources = [answer.get_json()["cards"][0]["source"] for answer in answers]
    assert [source.get("url") for source in sources] == [None, "http://cds.example.org"]


def _captured() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for path in sorted((SHARED / "clients").glob("*.json")):
        sent = json.loads(path.read_text(encoding="utf-8"))
        found.append((path.name, sent.get("body")))
    lines = (SHARED / "sandbox-captured-requests.jsonl").read_text(encoding="utf-8").splitlines()
    found += [(f"sandbox {n}", json.loads(line).get("b")) for n, line in enumerate(lines)]
    for path in sorted((SHARED / "fhir" / "cds-hooks-requests").glob("*.json")):
        found.append((path.name, json.loads(path.read_text(encoding="utf-8"))))
    return found


@pytest.mark.skipif(not SHARED.exists(), reason="the captured requests of real clients are not beside the project")
def test_every_request_of_real_clients_gets_a_200_or_a_4xx(client: FlaskClient) -> None:
    answers: dict[str, int] = {}
    for name, body in _captured():
        for service in ("prior-auth-order-sign", "prior-auth-order-select"):
            text = body if isinstance(body, str) else json.dumps(body)
            answer = client.post(f"/cds-services/{service}", data=text, content_type="application/json")
            answers[f"{name} {service}"] = answer.status_code
            if answer.status_code != 200:
                is_outcome(answer, answer.status_code)
    assert set(answers.values()) <= {200, 400, 412}
    assert list(answers.values()).count(200) >= 20


@pytest.mark.skipif(not SHARED.exists(), reason="the captured requests of real clients are not beside the project")
def test_the_sandboxes_daily_tablets_raise_the_dosing_alarm(client: FlaskClient) -> None:
    sent = json.loads((SHARED / "clients" / "order-sign_first_methotrexate.json").read_text(encoding="utf-8"))
    cards = client.post(SIGN, json=sent["body"]).get_json()["cards"]
    assert [(c["indicator"], c["extension"]["safety"]["code"]) for c in cards] == [("critical", "daily-dosing")]


@pytest.mark.skipif(not SHARED.exists(), reason="the captured requests of real clients are not beside the project")
def test_the_demo_patients_daily_order_raises_the_dosing_alarm(client: FlaskClient) -> None:
    (path,) = (SHARED / "fhir" / "davinci-test-ehr").glob("*medicationrequest_methotrexate.json")
    order = json.loads(path.read_text(encoding="utf-8"))
    patient = order["subject"]["reference"].removeprefix("Patient/")
    context = {
        "userId": "Practitioner/x",
        "patientId": patient,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": {**order, "status": "draft"}}]},
    }
    cards = client.post(SIGN, json={"hook": "order-sign", "hookInstance": "x", "context": context}).get_json()["cards"]
    assert [c["extension"]["safety"]["code"] for c in cards] == ["daily-dosing"]


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", "7." + "1" * 200_000])
@pytest.mark.parametrize(
    ("place", "old"),
    [("frequency", '"frequency":1'), ("repeats", '"numberOfRepeatsAllowed":3'), ("dose", '"value":15')],
)
def test_a_number_that_would_take_for_ever_is_answered_at_once(
    ask: Callable[..., Any], place: str, old: str, number: str
) -> None:
    words = build({"name": place, "base": "jylamvo-ra"})
    order = words["context"]["draftOrders"]["entry"][0]["resource"]
    order["dispenseRequest"] = {"numberOfRepeatsAllowed": 3}
    order["dosageInstruction"] = [
        {
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
            "doseAndRate": [{"doseQuantity": {"value": 15, "unit": "mg"}}],
        }
    ]
    body = json.dumps(words, separators=(",", ":"))
    assert body.count(old) >= 1
    began = time.monotonic()
    answer = ask(body.replace(old, f"{old.rsplit(':', 1)[0]}:{number}"))
    assert answer.status_code == 200
    assert time.monotonic() - began < 5
