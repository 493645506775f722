"""Records on the command line: exported, read again under another revision, deleted when old; and the doctor."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.config import Config
from service.store import Store
from service.web import create_app
from tests.charts import TODAY, build
from tests.store.made import AT, FORM, call

SIGN = "/cds-services/prior-auth-order-sign"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The records of two calls: one approvable, one that lacks a note."""
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    client = create_app(Config(today=date.fromisoformat(TODAY), database_url=url)).test_client()
    for change in ({}, {"conditions": []}):
        assert client.post(SIGN, json=build({"name": "x", "base": "jylamvo-ra", "change": change})).status_code == 200
    return url


def run(database: str, *arguments: str, text: str | None = None) -> Result:
    variables = {"COUNTERSIGN_TODAY": TODAY, "COUNTERSIGN_DATABASE_URL": database}
    return CliRunner().invoke(main, list(arguments), input=text, env=variables)


def lines(found: Result) -> list[Any]:
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_records_are_exported_as_lines_of_json(database: str) -> None:
    rows = lines(run(database, "records", "export"))
    assert [row["status"] for row in rows] == ["approvable", "documentation-needed"]
    assert rows[1]["missing"] == ["I.B.6"]


def test_records_are_exported_as_parquet(database: str, tmp_path: Path) -> None:
    file = tmp_path / "records.parquet"
    assert run(database, "records", "export", "--format", "parquet", "-o", str(file)).exit_code == 0
    assert pyarrow.parquet.read_table(file)["status"].to_pylist() == ["approvable", "documentation-needed"]


def test_answers_to_forms_are_written_whole(database: str) -> None:
    assert lines(run(database, "records", "answers")) == []
    store = Store(database)
    store.keep(call(forms=(FORM,)))
    kept = store.form(FORM.token)
    assert kept
    first = store.submit(kept, AT, 0, "A. Example, MD", {}, '{"resourceType":"QuestionnaireResponse","item":[1.50]}')
    second = store.submit(kept, AT + timedelta(days=1), 1, "B. Example, RN", {}, "{}")
    assert first
    store.deliver(first, AT)
    store.close()
    found = lines(run(database, "records", "answers"))
    assert [(row["id"], row["writtenBy"], bool(row["deliveredAt"])) for row in found] == [
        (str(first), "A. Example, MD", True),
        (str(second), "B. Example, RN", False),
    ]
    assert found[0]["response"] == {"resourceType": "QuestionnaireResponse", "item": [1.5]}
    later = (AT + timedelta(days=1)).date().isoformat()
    assert [row["place"] for row in lines(run(database, "records", "answers", "--since", later))] == [1]
    assert [row["place"] for row in lines(run(database, "records", "answers", "--until", later))] == [0]


def test_records_of_days_to_come_are_none(database: str) -> None:
    assert lines(run(database, "records", "export", "--since", "2999-01-01")) == []


def test_the_same_revision_makes_the_same_of_the_records(database: str) -> None:
    told = lines(run(database, "records", "replay", "CP.PHAR.134", "--version", "2025-11"))
    assert [(one["before"], one["after"], one["open"]) for one in told] == [
        ("approvable", "approvable", []),
        ("documentation-needed", "documentation-needed", []),
    ]


def test_a_revision_that_is_not_on_file_is_said_in_a_line(database: str) -> None:
    found = run(database, "records", "replay", "CP.PHAR.134", "--version", "1999-01")
    assert found.exit_code == 1
    assert "no policy CP.PHAR.134 1999-01 on file" in found.output


def test_records_are_kept_as_long_as_is_said(database: str) -> None:
    assert "deleted 0 calls" in run(database, "records", "prune", "--days", "1").output
    assert len(lines(run(database, "records", "export"))) == 2
    assert run(database, "records", "prune", "--days", "0").exit_code == 2


def test_a_database_that_is_none_is_said_in_a_line_without_its_password() -> None:
    found = run("mysql://u:secret@host/db", "records", "export")
    assert found.exit_code == 1
    assert "COUNTERSIGN_DATABASE_URL" in found.output
    assert "secret" not in found.output


def test_the_doctor_examines_a_request_and_what_is_none(database: str) -> None:
    whole = run(database, "doctor", "-", text=json.dumps(build({"name": "x", "base": "jylamvo-ra"})))
    assert whole.exit_code == 0
    assert whole.output.startswith("Answer: 200")
    assert run(database, "doctor", "-", text="{bad").output.startswith("Answer: 400")
    assert "chapters" in json.loads(run(database, "doctor", "--json", "-", text="{}").output)


def test_the_doctor_says_what_could_not_be_fetched(database: str) -> None:
    request = build({"name": "x", "base": "jylamvo-ra"}) | {"fhirServer": "http://127.0.0.1:9/fhir"}
    del request["prefetch"]["conditions"]
    found = run(database, "doctor", "--fetch", "-", text=json.dumps(request))
    assert "Condition" in found.output
    assert "the EHR's FHIR server could not be reached" in " ".join(found.output.split())


def test_evaluate_asks_the_server_only_where_it_is_told_to(database: str) -> None:
    request = build({"name": "x", "base": "jylamvo-ra"}) | {"fhirServer": "http://127.0.0.1:9/fhir"}
    del request["prefetch"]["conditions"]
    text = json.dumps(request)
    assert "Condition: not sent by the EHR" in run(database, "evaluate", "-", text=text).output
    asked = run(database, "evaluate", "--fetch", "-", text=text).output
    assert "Condition: the EHR's FHIR server could not be reached" in asked
