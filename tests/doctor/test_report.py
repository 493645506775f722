"""How a report reads, as JSON and as text."""

import json

from service.doctor.report import Chapter, Note, Report

WRONG = Note("wrong", "hook-unknown", "hook", "is odd", "Send another.")
LOOK = Note("look", "line-unknown", "Coverage/c", "is not known", "Add the row:", '[[plan]]\nline = "?"')
FINE = Note("fine", "prefetch-empty", "prefetch.claims", "null")
ALIKE = Note("fine", "prefetch-empty", "prefetch.allergies", "null")
REPORT = Report(
    "400", (Chapter("a", "First", (WRONG,)), Chapter("b", "None", ()), Chapter("c", "Last", (LOOK, FINE, ALIKE)))
)


def test_json_counts_the_levels_and_keeps_every_note() -> None:
    told = json.loads(json.dumps(REPORT.as_json()))
    assert told["answer"] == "400"
    assert told["counts"] == {"wrong": 1, "look": 1, "fine": 2}
    assert [chapter["id"] for chapter in told["chapters"]] == ["a", "b", "c"]
    assert told["chapters"][0]["notes"] == [
        {"level": "wrong", "code": "hook-unknown", "at": "hook", "says": "is odd", "mend": "Send another."}
    ]
    assert told["chapters"][2]["notes"][0]["snippet"] == '[[plan]]\nline = "?"'
    assert "mend" not in told["chapters"][2]["notes"][1]


def test_text_says_first_what_is_to_be_mended() -> None:
    lines = REPORT.as_text().splitlines()
    assert lines[0] == "Answer: 400"
    assert lines[1].startswith("Found: 1 wrong, 1 to look at")
    assert lines[2:4] == ["Mend first:", "  - hook: Send another."]


def test_text_numbers_the_chapters_that_have_notes_and_joins_notes_that_say_the_same() -> None:
    text = REPORT.as_text()
    assert "1. First" in text
    assert "2. Last" in text
    assert "None" not in text
    assert "  [ ] prefetch.claims, prefetch.allergies: null" in text


def test_text_gives_a_snippet_line_by_line_to_paste() -> None:
    assert '      > Add the row:\n        [[plan]]\n        line = "?"\n' in REPORT.as_text()


def test_a_report_without_faults_has_nothing_to_mend_first() -> None:
    assert "Mend first" not in Report("200", (Chapter("c", "Last", (FINE,)),)).as_text()
