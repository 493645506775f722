"""Feedback over HTTP: kept once, whatever card it is about; what is none is refused and nothing of it kept."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Config
from service.store import Store
from service.web import create_app
from tests.charts import build

SIGN = "/cds-services/prior-auth-order-sign"
FEEDBACK = f"{SIGN}/feedback"
CLIENTS = Path(__file__).parents[2].parent / "shared" / "data" / "clients"


def item(card: str, **changes: Any) -> dict[str, Any]:
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:06:49Z"} | changes


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    today = datetime(2026, 3, 10, tzinfo=UTC).date()
    return create_app(Config(today=today, database_url=f"sqlite:///{tmp_path}/records.sqlite3"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def store(client: FlaskClient, tmp_path: Path) -> Iterator[Store]:
    """The records, opened beside the application."""
    assert client
    opened = Store(f"sqlite:///{tmp_path}/records.sqlite3")
    yield opened
    opened.close()


def card_of(client: FlaskClient) -> str:
    answer = client.post(SIGN, json=build({"name": "x", "base": "jylamvo-ra"}))
    return str(answer.get_json()["cards"][0]["uuid"])


def kept(store: Store) -> list[Any]:
    """The feedback on the cards of every determination on record."""
    return [given for row in store.export() for card in row["cards"] for given in card["feedback"]]


def test_what_a_prescriber_did_with_a_card_stands_beside_its_determination(client: FlaskClient, store: Store) -> None:
    card = card_of(client)
    reason = {"reason": {"system": "urn:countersign:override-reason", "code": "clinically-urgent", "display": "x"}}
    said = client.post(FEEDBACK, json={"feedback": [item(card, overrideReason=reason)]})
    assert (said.status_code, said.get_json()) == (200, {})
    (given,) = kept(store)
    assert (given["outcome"], given["reasonCode"]) == ("overridden", "clinically-urgent")


def test_an_item_that_is_sent_twice_is_kept_once(client: FlaskClient, store: Store) -> None:
    card = card_of(client)
    for _ in range(2):
        assert client.post(FEEDBACK, json={"feedback": [item(card), item(card)]}).status_code == 200
    assert len(kept(store)) == 1


def test_items_of_one_card_that_differ_are_kept_each(client: FlaskClient, store: Store) -> None:
    card = card_of(client)
    accepted = item(card, outcome="accepted", acceptedSuggestions=[{"id": "s"}])
    assert client.post(FEEDBACK, json={"feedback": [item(card), accepted]}).status_code == 200
    assert sorted(given["outcome"] for given in kept(store)) == ["accepted", "overridden"]


@pytest.mark.parametrize("card", ["123456", "52b78c5d-bb6f-4d41-ae02-b5ff08d9341a", "x" * 255])
def test_a_card_that_is_not_on_record_is_no_error(client: FlaskClient, card: str) -> None:
    assert client.post(FEEDBACK, json={"feedback": [item(card)]}).status_code == 200


def test_a_batch_with_one_fault_is_refused_whole(client: FlaskClient, store: Store) -> None:
    card = card_of(client)
    said = client.post(FEEDBACK, json={"feedback": [item(card), item(card, outcome="ignored")]})
    assert said.status_code == 400
    assert said.get_json()["issue"][0]["expression"] == ["feedback[1].outcome"]
    assert kept(store) == []


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        (FEEDBACK, b"{bad", "application/json", 400),
        (FEEDBACK, b"{}", "application/json", 400),
        (FEEDBACK, b"{}", "text/plain", 415),
        ("/cds-services/nobody/feedback", b"{}", "application/json", 404),
    ],
)
def test_what_is_no_feedback_is_refused_in_the_one_shape(
    client: FlaskClient, path: str, body: bytes, kind: str, status: int
) -> None:
    said = client.post(path, data=body, content_type=kind, headers={"Origin": "http://localhost:8080"})
    assert said.status_code == status
    assert said.get_json()["resourceType"] == "OperationOutcome"
    assert said.headers["Access-Control-Allow-Origin"] == "http://localhost:8080"


def test_feedback_that_cannot_be_kept_is_not_acknowledged(client: FlaskClient, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
    said = client.post(FEEDBACK, json={"feedback": [item("c")]})
    assert said.status_code == 503
    assert int(said.headers["Retry-After"]) > 0


@pytest.mark.skipif(not CLIENTS.exists(), reason="the captured requests of real clients are not beside the project")
@pytest.mark.parametrize("name", ["accept_update", "dismiss_no_reason", "override_reason"])
def test_the_sandboxes_feedback_is_taken(client: FlaskClient, name: str) -> None:
    sent = json.loads((CLIENTS / f"feedback_{name}.json").read_text(encoding="utf-8"))["body"]
    assert client.post(FEEDBACK, json=sent).status_code == 200
