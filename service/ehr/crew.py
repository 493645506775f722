"""A bounded number of threads that take work in turn: each starts when there is work, and ends when there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock, Thread

Work = Callable[[], None]


class Crew:
    """At most `size` pieces of work at once, the others in the order in which they came. Work never raises."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._waiting: deque[Work] = deque()
        self._at_work = 0

    def take(self, work: Iterable[Work]) -> None:
        with self._lock:
            self._waiting.extend(work)
            more = min(self._size - self._at_work, len(self._waiting))
            self._at_work += more
        for started in range(more):
            try:
                Thread(target=self._run, name="ehr-call", daemon=True).start()
            except RuntimeError:  # no more threads to be had: what is under way takes the rest
                with self._lock:
                    self._at_work -= more - started
                return

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._at_work -= 1
                    return
                work = self._waiting.popleft()
            work()
