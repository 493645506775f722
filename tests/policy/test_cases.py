"""Every row of `cases/*.toml`, asked of the service."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.charts import Case, load_cases

JSON = dict[str, Any]
Check = Callable[[JSON, Any], str | None]


def _value(word: object) -> object:
    return None if word == "none" else word


def _same(field: str) -> Check:
    def check(found: JSON, wanted: Any) -> str | None:
        if found.get(field) == _value(wanted):
            return None
        return f"{field}: wanted {_value(wanted)!r}, got {found.get(field)!r}"

    return check


def _same_set(field: str) -> Check:
    def check(found: JSON, wanted: Any) -> str | None:
        if sorted(found.get(field) or []) == sorted(wanted):
            return None
        return f"{field}: wanted {sorted(wanted)}, got {found.get(field)}"

    return check


def _leaves(found: JSON, wanted: JSON) -> str | None:
    results = {row["id"]: row["result"] for row in found["criteria"]}
    wrong = {leaf: (want, results.get(leaf, "absent")) for leaf, want in wanted.items()}
    wrong = {leaf: pair for leaf, pair in wrong.items() if pair[0] != pair[1]}
    return f"leaves (wanted, got): {wrong}" if wrong else None


def _ids(found: JSON, wanted: list[str]) -> str | None:
    ids = [row["id"] for row in found["criteria"]]
    return None if ids == wanted else f"criteria: wanted {wanted}, got {ids}"


def _subset(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_subset(value, got.get(key)) for key, value in wanted.items())
    return bool(_value(wanted) == got)


def _approval(found: JSON, wanted: JSON | bool) -> str | None:
    got = found.get("approval")
    held = bool(got) is wanted if isinstance(wanted, bool) else _subset(wanted, got)
    return None if held else f"approval: wanted {wanted}, got {got}"


def _referral(found: JSON, wanted: JSON | bool) -> str | None:
    got = found.get("referral")
    if isinstance(wanted, bool):
        held = bool(got) is wanted
    else:
        policies = (got or {}).get("policies", {})
        held = {line: sorted(numbers) for line, numbers in policies.items()} == {
            line: sorted(numbers) for line, numbers in wanted.items()
        }
    return None if held else f"referral: wanted {wanted}, got {got}"


def _safety(found: JSON, wanted: list[str]) -> str | None:
    got = sorted({alert["code"] for alert in found["safety"]})
    return None if got == sorted(wanted) else f"safety: wanted {sorted(wanted)}, got {got}"


def _severity(found: JSON, wanted: JSON) -> str | None:
    got = {alert["code"]: alert["severity"] for alert in found["safety"]}
    return None if _subset(wanted, got) else f"severity: wanted {wanted}, got {got}"


def _evidence(found: JSON, wanted: JSON) -> str | None:
    texts = {
        row["id"]: json.dumps([row.get("evidence"), row.get("missing")], ensure_ascii=False).lower()
        for row in found["criteria"]
    }
    lost = {leaf: part for leaf, part in wanted.items() if part.lower() not in texts.get(leaf, "")}
    return f"evidence lacks {lost}" if lost else None


def _card_text(found: JSON, wanted: list[str]) -> str | None:
    text = json.dumps(found["card"], ensure_ascii=False).lower()
    lost = [part for part in wanted if part.lower() not in text]
    return f"card lacks {lost}" if lost else None


def _indicator(found: JSON, wanted: str) -> str | None:
    got = found["card"]["indicator"]
    return None if got == wanted else f"indicator: wanted {wanted}, got {got}"


def _version(found: JSON, wanted: str) -> str | None:
    got = found["policy"]["version"]
    return None if got == wanted else f"version: wanted {wanted}, got {got}"


CHECKS: dict[str, Check] = {
    "status": _same("status"),
    "pathway": _same("pathway"),
    "indication": _same("indication"),
    "product": _same("product"),
    "line": lambda found, wanted: _same("lineOfBusiness")(found, wanted),
    "evaluated_on": lambda found, wanted: _same("evaluatedOn")(found, wanted),
    "missing": _same_set("missing"),
    "unmet": _same_set("unmet"),
    "leaf": _leaves,
    "criteria": _ids,
    "approval": _approval,
    "referral": _referral,
    "safety": _safety,
    "severity": _severity,
    "evidence_text": _evidence,
    "card_text": _card_text,
    "indicator": _indicator,
    "version": _version,
}


def _determinations(cards: list[JSON]) -> list[JSON]:
    found = []
    for card in cards:
        if determination := (card.get("extension") or {}).get("determination"):
            found.append({**determination, "card": card})
    return found


def _alerts(cards: list[JSON], order: str) -> list[JSON]:
    alerts = [(card.get("extension") or {}).get("safety") for card in cards]
    return [alert for alert in alerts if alert and alert["order"] == order]


def _problems(case: Case, cards: list[JSON]) -> tuple[list[str], object]:
    determinations = _determinations(cards)
    expect = dict(case.expect)
    problems = []
    if (count := expect.pop("cards", None)) is not None and len(determinations) != count:
        problems.append(f"determinations: wanted {count}, got {len(determinations)}")
    if count == 0 and not expect.get("safety") and cards:
        problems.append(f"cards: wanted none at all, got {[card['summary'] for card in cards]}")
    own = [found for found in determinations if found["order"] == case.order]
    if len(own) > 1:
        problems.append(f"{len(own)} determinations of one order")
    found = own[0] if own else {"safety": _alerts(cards, case.order)}
    if not own and set(expect) - {"safety", "severity"}:
        return [*problems, "no determination of the order"], cards
    problems += [problem for key, wanted in expect.items() if (problem := CHECKS[key](found, wanted))]
    return problems, found if own else cards


CASES = load_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: Case, ask: Callable[..., Any]) -> None:
    response = ask(case.request, today=case.today, service=case.service, plans=case.plans)
    assert response.status_code == 200, f"{case.id}: {response.get_json()}"
    problems, found = _problems(case, response.get_json()["cards"])
    if problems:
        shown = json.dumps(found, indent=1, ensure_ascii=False, default=str)
        pytest.fail("\n".join([case.id, *problems, f"expected {case.expect}", shown]), pytrace=False)


def test_expectations_use_known_words() -> None:
    words = {word for case in CASES for word in case.expect}
    assert words <= {*CHECKS, "cards"}


def test_names_are_unique() -> None:
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))
