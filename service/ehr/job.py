"""Work on a line that is waited for until a deadline, and then cut. Knows no FHIR."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from threading import Semaphore
from time import monotonic
from typing import Generic, TypeVar

from service import faults
from service.ehr.call import Call
from service.ehr.crew import Crew

T = TypeVar("T")
Work = Callable[["Job[T]"], T]
_log = logging.getLogger("countersign.ehr")


class Job(Generic[T]):
    """One piece of work under way. `told` is its result at any time, as if no more came of it."""

    def __init__(self, call: Call, work: Work[T], *, late: T, fault: T) -> None:
        self.call, self.told = call, late
        self._work, self._fault = work, fault

    def publish(self, told: T) -> None:
        self.told = told

    def run(self, done: Semaphore) -> None:
        try:
            if not self.call.over():
                self.told = self._work(self)
        except Exception as error:
            faults.record(_log, "a call to an EHR", error, "-")
            self.told = self._fault
        finally:
            done.release()


def together(crew: Crew, jobs: Mapping[str, Job[T]], deadline: float) -> dict[str, T]:
    """What jobs come to by the deadline (of time.monotonic), all at once; those not done by then are cut, so that
    their threads end."""
    done = Semaphore(0)
    crew.take([partial(job.run, done) for job in jobs.values()])
    try:
        for _ in jobs:
            if not done.acquire(timeout=max(deadline - monotonic(), 0.0)):
                break
        return {name: job.told for name, job in jobs.items()}
    finally:
        for job in jobs.values():
            job.call.cut()
