"""The command line, as its users run it."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from tests.charts import TODAY, build


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=text, env={"COUNTERSIGN_TODAY": TODAY})


def request(**case: object) -> str:
    return json.dumps(build({"name": "cli", "base": "jylamvo-ra", **case}))


def test_evaluate_prints_the_determination_as_a_tree(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(request(), encoding="utf-8")
    found = run("evaluate", str(path))
    assert found.exit_code == 0, found.output
    assert "approvable by CP.PHAR.134 2025-11 on 2026-03-10" in found.output
    assert "[+] I.B.6" in found.output
    assert "[ ] I.B.5" in found.output


def test_evaluate_prints_what_is_missing_and_what_would_meet() -> None:
    missing = run("evaluate", "-", text=request(change={"conditions": []})).output
    assert "[?] I.B.6" in missing
    assert "missing: Chart note on why tablets can't be swallowed" in missing
    unmet = run("evaluate", "-", text=request(change={"dose": "30.1 mg"})).output
    assert "[-] I.B.7" in unmet
    assert "would meet it: A dose of at most 30 mg per week" in unmet
    assert "referral:" in unmet


def test_evaluate_prints_the_contracts_determination() -> None:
    found = run("evaluate", "--json", "-", text=request())
    told = json.loads(found.output)
    assert [(t["status"], t["pathway"]) for t in told] == [("approvable", "I.B")]


def test_evaluate_prints_alarms_of_orders_that_are_not_governed() -> None:
    text = json.dumps(build({"name": "cli", "base": "generic", "change": {"timing": "daily"}}))
    assert "! daily-dosing (critical)" in run("evaluate", "-", text=text).output


def test_evaluate_names_what_was_repaired() -> None:
    odd = {"order": {"reasonCode": {"text": "Rheumatoid arthritis"}}, "reason": []}
    found = run("evaluate", "-", text=request(change=odd)).output
    assert "repaired: MedicationRequest/order-1: MedicationRequest.reasonCode is no list" in found


def test_evaluate_says_that_nothing_is_governed() -> None:
    text = json.dumps(build({"name": "cli", "base": "jylamvo-ra", "change": {"medication": "lisinopril"}}))
    assert "No draft order that a policy governs" in run("evaluate", "-", text=text).output


def test_evaluate_says_which_order_was_not_evaluated() -> None:
    odd = {"order": {"modifierExtension": [{"url": "urn:x"}]}}
    assert "not evaluated, it carries a modifier" in run("evaluate", "-", text=request(change=odd)).output


@pytest.mark.parametrize(
    ("text", "said"),
    [("{bad", "not JSON"), ("{}", "hook"), (request(drop=["patient"]), "prefetch.patient")],
)
def test_evaluate_refuses_what_it_cannot_evaluate(text: str, said: str) -> None:
    found = run("evaluate", "-", text=text)
    assert found.exit_code == 1
    assert said in found.output


def test_policy_check_lists_every_revision() -> None:
    found = run("policy", "check")
    assert found.exit_code == 0
    assert "CP.PHAR.134 2024-11: 63 clauses" in found.output
    assert "CP.PHAR.134 2025-11: 75 clauses" in found.output


def test_policy_check_refuses_a_document_at_fault(tmp_path: Path) -> None:
    text = (files("service.policy") / "documents" / "CP.PHAR.134" / "2025-11.toml").read_text(encoding="utf-8")
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(text, encoding="utf-8")
    bad.write_text(text.replace('word = "age"', 'word = "aged"', 1), encoding="utf-8")
    assert run("policy", "check", str(good)).exit_code == 0
    found = run("policy", "check", str(bad))
    assert found.exit_code == 1
    assert "bad.toml, clause I.A.3.a" in found.output


def test_policy_readback_prints_both_readings() -> None:
    found = run("policy", "readback", "CP.PHAR.134")
    assert "| I.B.7 | At most 30 mg a week | at most 30 mg per week |" in found.output
    assert "revision 2024-11" in run("policy", "readback", "CP.PHAR.134", "--version", "2024-11").output
    for arguments in (["X"], ["CP.PHAR.134", "--version", "1999-01"]):
        assert run("policy", "readback", *arguments).exit_code == 1


def test_policy_schema_is_json_schema() -> None:
    schema = json.loads(run("policy", "schema").output)
    assert "clause" in schema["properties"]
    assert schema["additionalProperties"] is False


def test_serve_refuses_to_start_open_to_the_world() -> None:
    found = CliRunner().invoke(main, ["serve"], env={"COUNTERSIGN_HOST": "0.0.0.0"})
    assert found.exit_code == 1
    assert "COUNTERSIGN_HOST" in found.output
