"""Every request is examined, whatever it holds; real clients' captures, too."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decide import Office
from service.doctor import examine
from service.doctor.examination import noted
from service.doctor.report import Note
from tests.doctor.desk import examined, request

ROOT = Path(__file__).parents[2]
FIXTURES = sorted(f for f in (ROOT / "fhir_fixtures").iterdir() if f.is_dir())
CAPTURES = ROOT.parent / "shared" / "data"
FAILED = {"doctor-failed", "service-failed"}
CHAPTERS = [
    "request",
    "drafts",
    "prefetch",
    "resources",
    "codes",
    "orders",
    "coverage",
    "prescriber",
    "fetching",
    "criteria",
]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["Patient", "Bundle", "{{x}}", "#a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "id",
                    "entry",
                    "resource",
                    "coding",
                    "code",
                    "system",
                    "reference",
                    "subject",
                    "period",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def failures(body: Any) -> list[str]:
    return [n.says for n in examined(body).notes() if n.code in FAILED]


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda f: f.name)
def test_a_situation_is_told_the_answer_that_it_gets(folder: Path) -> None:
    body, expected = (json.loads((folder / f"{n}.json").read_text()) for n in ("request", "expected"))
    report = examined(body)
    assert failures(body) == []
    assert report.answer.startswith(str(expected["status"]))
    assert [chapter.id for chapter in report.chapters] == CHAPTERS
    json.dumps(report.as_json())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(members):
        yield value, key
        yield from _places(inner)


@settings(max_examples=150)
@given(st.integers(min_value=0), VALUES)
def test_no_value_anywhere_makes_it_fail(at: int, value: Any) -> None:
    body = request(add={"conditions": ["icd:I10"], "observations": ["bsa 1.7 m2 @2026-03-01"]})
    places = list(_places(body))
    place, key = places[at % len(places)]
    place[key] = value
    assert failures(body) == []


@settings(max_examples=60)
@given(st.binary(max_size=40))
def test_no_bytes_make_it_fail(body: bytes) -> None:
    assert failures(body) == []


def test_members_without_a_name_and_deep_nesting_are_examined() -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"a": deep}
    assert failures(request() | {"": deep, "x": [deep]}) == []
    body = request()
    body["prefetch"]["conditions"]["entry"][0]["resource"]["code"] = deep
    assert failures(body) == []


def _captured() -> Iterator[bytes]:
    for folder in (CAPTURES / "clients", CAPTURES / "fhir" / "cds-hooks-requests"):
        yield from (path.read_bytes() for path in sorted(folder.glob("*.json")))
    yield from (CAPTURES / "sandbox-captured-requests.jsonl").read_bytes().splitlines()


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of real clients are not on this machine")
def test_the_captures_of_real_clients_are_examined() -> None:
    count = 0
    for body in _captured():
        assert failures(body) == []
        count += 1
    assert count > 100


def _broken() -> Iterator[Note]:
    yield Note("fine", "x", "x", "x")
    raise KeyError("Murgatroyd")


def test_a_chapter_that_fails_is_said_to_without_what_the_failure_quotes() -> None:
    (found,) = noted(_broken)
    assert found.code == "doctor-failed"
    assert "KeyError" in found.says
    assert "Murgatroyd" not in found.says


def test_a_doctor_that_cannot_begin_says_so() -> None:
    report = examine(json.dumps(request()).encode(), cast(Office, None), date(2026, 3, 10))
    assert [n.code for n in report.notes()] == ["doctor-failed"]
    assert report.answer == "not known"
