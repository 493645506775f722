"""Real processes: killed in the middle, racing for one token, forked; and what is on record after them."""

import signal
from typing import Any

from service.store import CardSent, Store
from tests.store.made import APPROVED, call
from tests.store.processes import Processes

ANSWERING = """
import sys
from service.store import Store
from tests.store.made import feedback
store = Store(sys.argv[1])
for number in range(100_000):
    store.answer([feedback(card=f"card-{number}")])
    print(number, flush=True)
"""

RACING = """
import sys
from datetime import timedelta
from service.store import Store
from tests.store.made import AT
store = Store(sys.argv[1], now=lambda: AT)
store.ready()
print("ready", flush=True)
sys.stdin.readline()
print(*(store.first_use("issuer", f"jti-{number}", AT + timedelta(minutes=5)) for number in range(50)))
store.close()
"""

FORKING = """
import os, sys, warnings
from datetime import timedelta
from service.store import Store
from tests.store.made import AT
store = Store(sys.argv[1], now=lambda: AT)
store.upgrade()
def use(jti):
    return store.first_use("issuer", jti, AT + timedelta(minutes=5))
assert use("parent")
child = os.fork()
if child == 0:
    store.forked()
    told = [use("parent"), use("child")]
    store.close()
    os._exit(0 if told == [False, True] else 1)
assert os.waitpid(child, 0)[1] == 0
print(use("child"), use("parent again"))
store.close()
"""


def _start(processes: Processes, script: str, address: str) -> Any:
    child = processes.start(script, address)
    assert child.stdout.readline() == "ready\n"
    return child


def test_every_answer_that_was_acknowledged_is_there_after_kill_9(
    store: Store, address: str, processes: Processes
) -> None:
    child = processes.start(ANSWERING, address)
    acknowledged = [int(child.stdout.readline()) for _ in range(150)]
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate(timeout=30)
    acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    cards = tuple(CardSent(f"card-{n}", "coverage-info", "info", 0) for n in range(len(acknowledged) + 2))
    store.keep(call(APPROVED, cards=cards))
    (row,) = store.export()
    answered = [number for number, card in enumerate(row["cards"]) if card["feedback"]]
    assert answered[: len(acknowledged)] == acknowledged


def test_of_two_processes_that_race_for_a_token_one_is_first(store: Store, address: str, processes: Processes) -> None:
    assert store.ready()
    racers = [_start(processes, RACING, address) for _ in range(2)]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60) for racer in racers]
    assert [errors for _, errors in said] == ["", ""]
    pairs = list(zip(*(told.split() for told, _ in said), strict=True))
    assert len(pairs) == 50
    assert all(sorted(pair) == ["False", "True"] for pair in pairs)


def test_a_forked_child_and_its_parent_do_not_disturb_each_other(address: str, processes: Processes) -> None:
    child = processes.start(FORKING, address)
    assert child.communicate(timeout=60) == ("False True\n", "")
    assert child.returncode == 0
