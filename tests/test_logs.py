"""The log holds declared words, numbers and ids of ours, whatever is thrown at it."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from service import labels, logs
from service.faults import record

ID = "0b8a1c9e-3f4d-4a5b-8c6d-7e8f90a1b2c3"
MARK = "Zqx7Family"
LOGGERS = ("countersign.web", "gunicorn.error", "sqlalchemy.engine", "alembic", "Zqx7Family", "flask")
THROWN = st.recursive(
    st.sampled_from([MARK, f"%s {MARK} %d", "%", MARK.encode(), 19700504, None, ID]),
    lambda some: st.lists(some) | st.dictionaries(st.sampled_from([MARK, "event", "level"]), some),
    max_leaves=4,
)


@contextmanager
def logged(level: str = "debug") -> Iterator[list[dict[str, Any]]]:
    """What is logged inside, line by line, once it is over; everything is then as it was."""
    root, found, out = logging.getLogger(), [], io.StringIO()
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    hooks = (sys.stderr, sys.excepthook, sys.unraisablehook, threading.excepthook)
    sys.stderr = out
    try:
        logs.configure(level)
        yield found
    finally:
        sys.stderr, sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        root.handlers[:], root.level, logging.raiseExceptions = before
        logging.captureWarnings(False)
        structlog.reset_defaults()
        assert MARK not in out.getvalue()
        assert "19700504" not in out.getvalue()
        found += map(json.loads, out.getvalue().splitlines())


def failure() -> ValueError:
    try:
        raise ValueError(MARK)
    except ValueError as error:
        return error


def call(**other: Any) -> None:
    logs.call(
        **{
            "correlation": ID,
            "service": "prior-auth-order-sign",
            "client": "open",
            "status": 200,
            "ms": 12.345,
            "steps": {"parse": 1.26, "decide": 8},
            "determinations": {"approvable": 1, "refer": 2},
            "unread": {},
            **other,
        }
    )


def test_a_call_is_one_line_of_fixed_fields() -> None:
    labels.declare("service", ["prior-auth-order-sign"])
    with logged() as lines:
        call()
    (line,) = lines
    assert isinstance(line.pop("pid"), int)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "event": "call",
        "correlation": ID,
        "service": "prior-auth-order-sign",
        "client": "open",
        "status": 200,
        "ms": 12.3,
        "steps": {"parse": 1.3, "decide": 8},
        "determinations": {"approvable": 1, "refer": 2},
        "unread": {},
    }


def test_a_report_on_a_form_is_one_line_of_declared_words() -> None:
    labels.declare("revision", ["cp.logs.1.2025-11"])
    severities, issues = {"error": 2, MARK: 1}, {"required": 2, MARK: 1}
    with logged() as lines:
        for form in ("cp.logs.1.2025-11.4000", f"cp.logs.1.2025-11.{MARK}", f"{MARK}.4000", MARK, None):
            logs.form_reported(ID, client="open", form=form, severities=severities, issues=issues)
    told = [{name: line[name] for name in ("event", "level", "correlation", "client")} for line in lines]
    assert told == [{"event": "form-reported", "level": "warning", "correlation": ID, "client": "open"}] * 5
    assert [line.get("form") for line in lines] == ["cp.logs.1.2025-11.4000", "other", "other", "other", None]
    assert lines[0]["severities"] == {"error": 2, "other": 1}
    assert lines[0]["issues"] == {"required": 2, "other": 1}


def test_a_word_that_is_not_declared_is_other() -> None:
    with logged() as lines:
        call(service=MARK, client=MARK, correlation=MARK, steps={MARK: 2, "x": 3}, unread={MARK: 1})
    (line,) = lines
    assert {line[name] for name in ("service", "client", "correlation")} == {"other"}
    assert (line["steps"], line["unread"]) == ({"other": 5}, {"other": 1})


def test_what_is_no_number_where_one_belongs_is_dropped_and_counted() -> None:
    with logged() as lines:
        call(status=MARK, ms=19700504, steps=MARK)
    assert lines[0]["dropped"] == 3
    assert {"status", "ms", "steps"} & set(lines[0]) == set()


def test_a_field_that_is_not_on_the_list_is_dropped_and_counted() -> None:
    with logged() as lines:
        structlog.get_logger().error(MARK, patient=MARK, body=MARK)
    assert (lines[0]["event"], lines[0]["dropped"]) == ("other", 2)


def test_below_the_level_nothing_is_written() -> None:
    with logged("warning") as lines:
        call()
        logging.getLogger("sqlalchemy.engine").info("SELECT")
        logs.refused(408, None, ID)
    assert [(line["event"], line["status"]) for line in lines] == [("refused", 408)]


def test_a_failure_is_told_by_kind_and_place_under_its_id() -> None:
    with logged() as lines:
        record(logging.getLogger("countersign.web"), "a call", failure(), ID)
    assert (lines[0]["event"], lines[0]["level"], lines[0]["correlation"]) == ("failed", "error", ID)
    assert lines[0]["kind"] == "ValueError"
    assert lines[0]["places"].startswith("failure:")


def test_a_librarys_words_are_left_out_and_where_it_said_them_is_told() -> None:
    with logged() as lines:
        logging.getLogger("sqlalchemy.pool").warning("Invalidating %s", MARK, exc_info=failure())
    assert (lines[0]["event"], lines[0]["logger"], lines[0]["kind"]) == ("library", "sqlalchemy", "ValueError")
    assert lines[0]["place"].startswith("test_logs.test_a_librarys_words")


def test_what_nobody_catches_is_told_by_kind_and_place() -> None:
    with logged() as lines:
        sys.excepthook(ValueError, failure(), None)
        thread = threading.Thread(target=_raise)
        thread.start()
        thread.join()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(MARK, stacklevel=1)
    assert [line["event"] for line in lines] == ["uncaught", "uncaught", "library"]
    assert [line["kind"] for line in lines[:2]] == ["ValueError", "KeyError"]


def _raise() -> None:
    raise KeyError(MARK)


def test_a_log_that_cannot_be_written_stops_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged():
        monkeypatch.setattr(sys.stderr, "write", _no_space)
        logs.configure()
        call()
        logging.getLogger("flask").error("x")


def _no_space(_: str) -> int:
    raise OSError(28, MARK)


@given(
    name=st.sampled_from(LOGGERS), level=st.integers(1, 60), message=THROWN, args=st.lists(THROWN), error=st.booleans()
)
def test_nothing_that_any_logger_says_comes_out(
    name: str, level: int, message: Any, args: list[Any], error: bool
) -> None:
    with logged() as lines:
        logging.getLogger(name).log(level, message, *args, exc_info=failure() if error else None, stack_info=True)
        logging.getLogger(name).error("%s failed (%s): %s at %s", *(args * 4)[:4])
    assert all(set(line) <= FIELDS for line in lines)


@given(
    event=st.sampled_from([MARK, "call", 3, None]),
    fields=st.dictionaries(st.sampled_from([*logs._FIELDS, MARK]), THROWN),
)
def test_nothing_that_is_given_as_a_field_comes_out(event: Any, fields: dict[str, Any]) -> None:
    with logged() as lines:
        structlog.get_logger().info(event, **fields)
    assert set(lines[0]) <= FIELDS


FIELDS = {*logs._FIELDS, "timestamp", "level", "event", "pid", "dropped", "kind", "places", "logger", "place"}
