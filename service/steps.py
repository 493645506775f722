"""How long the steps of a call take: each is timed where it happens, and is a span of the call's trace.

Knows no request. Names of steps are fixed words; what a step worked on is not told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

from service import tracing

_TAKEN: ContextVar[dict[str, float] | None] = ContextVar("taken", default=None)


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Collect the steps of what runs inside, in milliseconds by name; a step taken several times adds up."""
    taken: dict[str, float] = {}
    token = _TAKEN.set(taken)
    try:
        yield taken
    finally:
        _TAKEN.reset(token)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time what runs inside as a step."""
    start = perf_counter()
    try:
        with tracing.span(name):
            yield
    finally:
        taken = _TAKEN.get()
        if taken is not None:
            taken[name] = taken.get(name, 0.0) + (perf_counter() - start) * 1000
