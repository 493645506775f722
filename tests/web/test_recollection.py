"""What a call remembers of earlier ones: an approvable determination that still runs supports continued therapy."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.config import Config
from service.web import create_app
from tests.charts import JSON, build

SERVER = "https://ehr.example.org/fhir"
SIGN, SELECT = "prior-auth-order-sign", "prior-auth-order-select"
Post = Callable[..., Any]


def order(identity: str | None, *, whole: bool = True, server: str | None = SERVER, on: str = "2026-03-10") -> JSON:
    """A request for Jylamvo in rheumatoid arthritis, of a patient who takes it: approvable where the chart is `whole`,
    else a note is missing."""
    change: JSON = {"requests": [{"medication": "jylamvo", "status": "active", "date": "2026-01-10"}]}
    change |= {} if whole else {"conditions": []}
    found = build({"name": "x", "base": "jylamvo-ra", "change": {**change, "authored_on": on}})
    drafted = found["context"]["draftOrders"]["entry"][0]["resource"]
    drafted.pop("id", None)
    if identity:
        drafted["id"] = identity
    found.pop("fhirServer", None)
    return found | ({"fhirServer": server} if server else {})


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Config(today=date(2026, 3, 10), database_url=f"sqlite:///{tmp_path}/records.sqlite3"))


@pytest.fixture
def post(app: Flask) -> Post:
    def _post(request: JSON, service: str = SIGN) -> Any:
        hook = service.removeprefix("prior-auth-")
        selected = {"selections": [f"MedicationRequest/{e['resource'].get('id')}" for e in _drafts(request)]}
        context = request["context"] | (selected if hook == "order-select" else {})
        answer = app.test_client().post(f"/cds-services/{service}", json=request | {"hook": hook, "context": context})
        assert answer.status_code == 200, answer.get_json()
        (told,) = [
            c["extension"]["determination"] for c in answer.get_json()["cards"] if "determination" in c["extension"]
        ]
        return told

    return _post


def _drafts(request: JSON) -> Any:
    return request["context"]["draftOrders"]["entry"]


def supplied(told: JSON) -> Any:
    """What II.A.1.a came to, where continued therapy is the pathway."""
    return next((c for c in told["criteria"] if c["id"] == "II.A.1.a"), None)


def test_an_earlier_approval_of_another_order_supports_continued_therapy(post: Post) -> None:
    assert post(order("one"))["status"] == "approvable"
    told = post(order("two", whole=False))
    assert (told["pathway"], supplied(told)["result"]) == ("II.A", "met")
    (evidence,) = supplied(told)["evidence"]
    assert evidence["reference"].startswith("urn:uuid:")
    assert evidence["date"] == "2026-03-10"


@pytest.mark.parametrize(
    ("earlier", "later", "service"),
    [
        (order("one"), order("one", whole=False), SIGN),
        (order(None), order("two", whole=False), SIGN),
        (order("one"), order(None, whole=False), SIGN),
        (order("one", server=None), order("two", whole=False, server=None), SIGN),
        (order("one", server="https://other.example.org/fhir"), order("two", whole=False), SIGN),
        (order("one", whole=False), order("two", whole=False), SIGN),
        (order("one"), order("two", whole=False), SELECT),
    ],
    ids=[
        "the same order",
        "an order without an id",
        "before an order without an id",
        "no FHIR server",
        "another FHIR server",
        "one that was not approvable",
        "one that was only considered",
    ],
)
def test_what_is_no_earlier_approval_supports_nothing(post: Post, earlier: JSON, later: JSON, service: str) -> None:
    post(earlier, service)
    told = post(later)
    assert told["pathway"] == "I.B"
    assert supplied(told) is None


def test_another_patients_approval_supports_nothing(post: Post) -> None:
    post(order("one"))
    later = order("two", whole=False)
    text = str(later["context"]["patientId"])
    renamed = _renamed(later, text, f"{text}-2")
    assert supplied(post(renamed)) is None


def _renamed(value: Any, old: str, new: str) -> Any:
    match value:
        case dict():
            return {key: _renamed(inner, old, new) for key, inner in value.items()}
        case list():
            return [_renamed(inner, old, new) for inner in value]
        case str():
            return new if value == old else value.replace(f"Patient/{old}", f"Patient/{new}")
    return value


@pytest.mark.parametrize(("on", "supports"), [("2026-03-09", True), ("2027-03-08", True), ("2027-03-09", False)])
def test_an_approval_supports_while_it_runs(tmp_path: Path, on: str, supports: bool) -> None:
    database = f"sqlite:///{tmp_path}/records.sqlite3"
    for identity, today, whole in (("one", "2026-03-09", True), ("two", on, False)):
        app = create_app(Config(today=date.fromisoformat(today), database_url=database))
        request = order(identity, whole=whole, on=today)
        answer = app.test_client().post(f"/cds-services/{SIGN}", json=request)
        told = answer.get_json()["cards"][0]["extension"]["determination"]
    assert (supplied(told) is not None) == supports


def test_records_that_cannot_be_had_leave_the_answer_and_say_so(tmp_path: Path, post: Post) -> None:
    post(order("one"))
    with closing(sqlite3.connect(tmp_path / "records.sqlite3")) as database:
        database.executescript("ALTER TABLE determination RENAME TO lost")
    told = post(order("two", whole=False))
    assert told["status"] == "documentation-needed"
    assert supplied(told) is None
