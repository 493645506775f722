"""Work that is waited for until a deadline: what is done by then, what is late, and what goes wrong."""

from __future__ import annotations

import logging
from threading import Event, Lock
from time import monotonic, sleep

import pytest

from service.ehr.address import place
from service.ehr.call import Call, Door
from service.ehr.crew import Crew
from service.ehr.job import Job, Work, together
from tests.ehr.conftest import at_work, wait_for


def job(work: Work[str], deadline: float) -> Job[str]:
    where = place("https://ehr.example.org")
    assert where is not None
    return Job(Call(Door(where, own=True), deadline, 0), work, late="late", fault="fault")


def test_what_is_done_is_told_and_what_was_published_stands_for_the_rest() -> None:
    go_on = Event()

    def slow(own: Job[str]) -> str:
        own.publish("so far")
        go_on.wait(10)
        return "too late"

    end = monotonic() + 0.3
    jobs = {"quick": job(lambda _: "done", end), "slow": job(slow, end)}
    assert together(Crew(2), jobs, end) == {"quick": "done", "slow": "so far"}
    assert jobs["slow"].call.over()
    go_on.set()
    wait_for(lambda: not at_work())


def test_work_that_raises_is_a_fault_on_record_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Job[str]) -> str:
        raise RuntimeError("Peter Chalmers")

    caplog.set_level(logging.DEBUG)
    end = monotonic() + 10
    assert together(Crew(1), {"x": job(fail, end)}, end) == {"x": "fault"}
    assert "RuntimeError" in caplog.text
    assert "Chalmers" not in caplog.text


def test_work_whose_time_is_over_is_not_begun() -> None:
    begun: list[int] = []

    def work(_: Job[str]) -> str:
        begun.append(1)
        return "done"

    end = monotonic()
    assert together(Crew(1), {"x": job(work, end)}, end) == {"x": "late"}
    wait_for(lambda: not at_work())
    assert begun == []


def test_a_crew_has_so_many_hands_and_none_when_there_is_nothing_to_do() -> None:
    lock, counts, most = Lock(), [0], [0]

    def work(_: Job[str]) -> str:
        with lock:
            counts[0] += 1
            most[0] = max(most[0], counts[0])
        sleep(0.02)
        with lock:
            counts[0] -= 1
        return "done"

    crew, end = Crew(3), monotonic() + 10
    for _ in range(2):
        jobs = {str(n): job(work, end) for n in range(12)}
        assert set(together(crew, jobs, end).values()) == {"done"}
        wait_for(lambda: not at_work())
    assert most[0] == 3


def test_nothing_to_do_is_done() -> None:
    nothing: dict[str, Job[str]] = {}
    assert together(Crew(1), nothing, monotonic()) == {}
