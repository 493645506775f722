"""The log: one JSON object a line on standard error, of our own and every library's loggers alike. It is made of an
allow-list of fields, each a number, an id of ours or a declared word: no message, argument or exception's text."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from traceback import walk_tb
from typing import Any, NamedTuple

import structlog

from service.labels import OTHER, Kind, correlation_id, word

_Check = Callable[[str, object], dict[str, Any]]

_FORM = re.compile(r"(.+)\.[0-9a-f]{1,32}")  # as service.policy.form names one: its revision, and what it asks
_PLACES = re.compile(r"[\w<>]+:\d+( < [\w<>]+:\d+)*")
# What gunicorn says of its processes, and our word for it; the first argument is the process.
_PROCESSES = {
    "Starting gunicorn %s": "starting",
    "Booting worker with pid: %s": "worker-started",
    "Worker exiting (pid: %s)": "worker-ended",
    "WORKER TIMEOUT (pid:%s)": "worker-hung",
    "Worker (pid:%s) exited with code %s.": "worker-failed",
    "Worker (pid:%s) was sent %s!": "worker-killed",
    "Worker (pid:%s) was sent %s! Perhaps out of memory?": "worker-killed",
    "Listening at: %s (%s)": "listening",
    "Handling signal: %s": "signalled",
    "Shutting down: %s": "stopped",
}
_EVENTS = frozenset(("call", "refused", "form-reported", "failed", "uncaught", "library", *_PROCESSES.values()))
_LIBRARIES = frozenset(
    ("alembic", "countersign", "flask", "gunicorn", "opentelemetry", "py", "service", "sqlalchemy", "urllib3")
)
_FAILED = "%s failed (%s): %s at %s"  # as service.faults writes it: what, correlation id, kind, places

_log = structlog.stdlib.get_logger()


def configure(level: str = "info") -> None:
    """Have everything that is logged from here on, and what nobody catches, written so. `level` as logging names it."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _allow,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(threshold)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # logging's own complaint would quote the record
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _uncaught(found.exc_type, found.exc_value, found.exc_traceback)
    threading.excepthook = lambda found: _uncaught(found.exc_type, found.exc_value, found.exc_traceback)


def call(
    correlation: str,
    *,
    service: str,
    client: str,
    status: int,
    ms: float,
    steps: Mapping[str, float],
    determinations: Mapping[str, int],
    unread: Mapping[str, int],
    ignored: Mapping[str, int] | None = None,
) -> None:
    """One line for one call: milliseconds in all and by step; how many determinations by status; how much could not be
    read, by code; which of the client's options could not be honoured, where any."""
    _say(
        logging.INFO,
        "call",
        correlation=correlation,
        service=service,
        client=client,
        status=status,
        ms=ms,
        steps=steps,
        determinations=determinations,
        unread=unread,
        ignored=ignored or None,
    )


def refused(status: int, error: BaseException | None, correlation: str) -> None:
    """One line for what never became a call: no HTTP, too slow, too much."""
    _say(logging.WARNING, "refused", status=status, error=error, correlation=correlation)


def form_reported(
    correlation: str, *, client: str, form: str | None, severities: Mapping[str, int], issues: Mapping[str, int]
) -> None:
    """One line for a client's report of what is wrong with a form: its name, where it is one of ours; how many issues,
    by severity and by kind."""
    said = {"correlation": correlation, "client": client, "severities": severities, "issues": issues}
    _say(logging.WARNING, "form-reported", form=form, **said)


def _say(level: int, event: str, **fields: object) -> None:
    with suppress(OSError):  # a log that cannot be written stops no call
        _log.log(level, event, **fields)


class _Fault(NamedTuple):
    """A failure as service.faults wrote it down."""

    kind: str
    places: str


class _Foreign(logging.Handler):
    """Any logger's record: who, where in the code, which kind of exception. Its words may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        level = max(logging.DEBUG, min(logging.CRITICAL, record.levelno // 10 * 10))
        event, fields = _told(record)
        _say(level, event, **fields)


def _told(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    args = record.args if isinstance(record.args, tuple) else ()
    if record.name == "gunicorn.error" and isinstance(record.msg, str) and record.msg in _PROCESSES:
        return _PROCESSES[record.msg], {"worker": args[0] if args and isinstance(args[0], int) else None}
    if record.name.startswith("countersign.") and record.msg == _FAILED and len(args) == 4:
        return "failed", {"correlation": args[1], "error": _Fault(str(args[2]), str(args[3]))}
    return "library", {"record": record, "error": record.exc_info[1] if record.exc_info else None}


def _uncaught(_: object, error: BaseException | None, __: object) -> None:
    _say(logging.ERROR, "uncaught", error=error)


def _allow(_: object, __: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What may be written of an event: the fields below, each through its own check. The rest is counted."""
    line: dict[str, Any] = {
        "timestamp": said["timestamp"],
        "level": said["level"],
        "event": next((event for event in _EVENTS if event == said.get("event")), OTHER),
        "pid": os.getpid(),
    }
    given = {name: value for name, value in said.items() if name not in line and value is not None}
    read = [_FIELDS.get(name, _nothing)(name, value) for name, value in given.items()]
    for part in read:
        line |= part
    dropped = read.count({})
    return {**line, **({"dropped": dropped} if dropped else {})}


def _nothing(_: str, __: object) -> dict[str, Any]:
    return {}


def _number(name: str, value: object) -> dict[str, Any]:
    """Times, counts, statuses, processes: nothing that is longer than they are."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10_000_000
    return {name: round(value, 1)} if known else {}  # type: ignore[call-overload]


def _ours(name: str, value: object) -> dict[str, Any]:
    return {name: correlation_id(value)}


def _word(kind: Kind) -> _Check:
    return lambda name, value: {name: word(kind, value)}


def _numbers(kind: Kind) -> _Check:
    """Numbers by word; those whose word is not known are one."""

    def check(name: str, value: object) -> dict[str, Any]:
        found: Counter[str] = Counter()
        for key, number in value.items() if isinstance(value, Mapping) else ():
            found[word(kind, key)] += _number(kind, number).get(kind, 0)
        return {name: dict(found)} if isinstance(value, Mapping) else {}

    return check


def _form(name: str, value: object) -> dict[str, Any]:
    """The name of a form, where a revision of ours has such names."""
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    return {name: value if match and word("revision", match[1]) != OTHER else OTHER}


def _error(_: str, error: object) -> dict[str, Any]:
    match error:
        case _Fault(kind, places) if kind.isidentifier() and _PLACES.fullmatch(places):
            return {"kind": kind, "places": places}
        case BaseException():
            frames = [f"{frame.f_code.co_name}:{line}" for frame, line in walk_tb(error.__traceback__)]
            return {"kind": type(error).__name__, "places": " < ".join(reversed(frames[-4:]))}
        case _:
            return {}


def _record(_: str, record: object) -> dict[str, Any]:
    if not isinstance(record, logging.LogRecord):
        return {}
    library = record.name.partition(".")[0]
    place = f"{record.module}.{record.funcName}:{record.lineno}"
    return {"logger": library if library in _LIBRARIES else OTHER, "place": place}


_FIELDS: Mapping[str, _Check] = {
    "correlation": _ours,
    "service": _word("service"),
    "client": _word("client"),
    "status": _number,
    "ms": _number,
    "steps": _numbers("step"),
    "determinations": _numbers("status"),
    "unread": _numbers("code"),
    "ignored": _numbers("option"),
    "form": _form,
    "severities": _numbers("severity"),
    "issues": _numbers("issue"),
    "worker": _number,
    "error": _error,
    "record": _record,
}
