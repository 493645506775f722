"""Keys over a real socket: fetched once, renewed, throttled, kept while the server fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.auth import rings
from service.auth.rings import Fetched, Unavailable
from tests.auth.key_server import KeyServer
from tests.auth.signing import ec_key, key_set, public_jwk

DEADLINE = 15  # seconds, generous


@dataclass
class Clock:
    now: float = 1000

    def __call__(self) -> float:
        return self.now


def of(*kids: str) -> bytes:
    return key_set(*(public_jwk(ec_key(), kid) for kid in kids))


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with KeyServer(of("k1")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(server: KeyServer, clock: Clock) -> Fetched:
    return Fetched(server.url, server.get, clock)


def unavailable(ring: Fetched, kid: str = "k1") -> int:
    with pytest.raises(Unavailable) as caught:
        ring.find(kid)
    return caught.value.retry_after


def test_keys_are_fetched_when_first_asked_for_and_then_cached(ring: Fetched, server: KeyServer) -> None:
    assert server.asked == 0
    assert ring.find("k1") is not None
    assert ring.find("k1") is not None
    assert server.asked == 1


def test_a_rotated_key_is_found_at_once(ring: Fetched, server: KeyServer) -> None:
    ring.find("k1")
    server.body = of("k2")
    assert ring.find("k2") is not None
    assert ring.find("k1") is None
    assert server.asked == 2


def test_an_unknown_kid_is_asked_for_once_a_minute(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    assert [ring.find(kid) for kid in ("x", "y", "x")] == [None, None, None]
    assert server.asked == 2
    clock.now += 59
    assert ring.find("x") is None
    assert server.asked == 2
    clock.now += 1
    assert ring.find("x") is None
    assert server.asked == 3


def test_a_key_rotated_within_the_minute_is_found_after_it(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    ring.find("x")
    server.body = of("k2")
    assert ring.find("k2") is None
    clock.now += 60
    assert ring.find("k2") is not None


def test_a_rotation_found_counts_as_the_minute_s_fetch(ring: Fetched, server: KeyServer) -> None:
    ring.find("k1")
    server.body = of("k2")
    ring.find("k2")
    server.body = of("k3")
    assert ring.find("k3") is None
    assert server.asked == 2


def test_two_hundred_unknown_kids_at_once_are_one_fetch(ring: Fetched, server: KeyServer) -> None:
    start = threading.Barrier(200)

    def ask(number: int) -> object:
        start.wait(DEADLINE)
        return ring.find(f"x{number}")

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(ask, range(200))) == [None] * 200
    assert server.asked == 1


def test_two_hundred_unknown_kids_beside_a_known_one_are_one_more(ring: Fetched, server: KeyServer) -> None:
    ring.find("k1")
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda n: ring.find("k1" if n % 2 else f"x{n}"), range(200)))
    assert [key is not None for key in found] == [False, True] * 100
    assert server.asked == 2


def test_a_set_younger_than_an_hour_is_not_renewed(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    clock.now += 3599
    ring.find("k1")
    assert server.asked == 1


def test_after_an_hour_a_withdrawn_key_stops_counting(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    server.body = of("k2")
    clock.now += 3600
    assert ring.find("k1") is None
    assert ring.find("k2") is not None
    assert server.asked == 2


def test_a_set_without_a_key_left_withdraws_them_all(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    server.body = of()
    clock.now += 3600
    assert ring.find("k1") is None


def fail(server: KeyServer, way: str) -> None:
    match way:
        case "500":
            server.status = 500
        case "redirect":
            server.status = 302
        case "html":
            server.body = b"<html>please log in</html>"
        case "no set":
            server.body = b'{"error": "try later"}'
        case "truncated":
            server.promised = len(server.body) + 1


FAILURES = pytest.mark.parametrize("way", ["500", "redirect", "html", "no set", "truncated"])


@FAILURES
def test_while_renewal_fails_the_set_is_kept_for_a_day(
    ring: Fetched, server: KeyServer, clock: Clock, way: str
) -> None:
    ring.find("k1")
    fail(server, way)
    clock.now += 3600
    assert ring.find("k1") is not None
    clock.now += 23 * 3600 - 1
    assert ring.find("k1") is not None
    clock.now += 1
    assert unavailable(ring)


def test_a_failing_renewal_is_tried_once_a_minute(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    server.status = 500
    clock.now += 3600
    for _ in range(3):
        ring.find("k1")
    assert server.asked == 2
    clock.now += 60
    ring.find("k1")
    assert server.asked == 3


@FAILURES
def test_without_any_keys_nothing_is_disproved(ring: Fetched, server: KeyServer, way: str) -> None:
    fail(server, way)
    assert unavailable(ring) == 5
    assert server.asked == 1


def test_a_failing_url_is_tried_once_in_five_seconds(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    server.status = 500
    unavailable(ring)
    clock.now += 4.5
    assert unavailable(ring, "k2") == 1
    assert server.asked == 1
    clock.now += 0.5
    server.status = 200
    assert ring.find("k1") is not None
    assert server.asked == 2


def test_an_unknown_kid_is_not_disproved_by_a_fetch_that_failed(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    server.status = 500
    assert unavailable(ring, "k2") == 60
    assert unavailable(ring, "k2") == 60
    assert ring.find("k1") is not None
    assert server.asked == 2
    server.status, server.body = 200, of("k2")
    clock.now += 60
    assert ring.find("k2") is not None


def test_a_server_that_refuses_connections_is_a_failure(clock: Clock) -> None:
    with KeyServer() as gone:
        pass
    assert unavailable(Fetched(gone.url, gone.get, clock)) == 5


def test_who_waits_for_a_hanging_fetch_goes_on_without_it(ring: Fetched, server: KeyServer) -> None:
    server.free.clear()
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(ring.find, "k1")
        assert server.hanging.wait(DEADLINE)
        others = [pool.submit(unavailable, ring, f"k{n}") for n in range(5)]
        assert [other.result(DEADLINE) for other in others] == [1] * 5
        assert not first.done()
        server.free.set()
        assert first.result(DEADLINE) is not None
    assert server.asked == 1


def test_who_waits_for_a_slow_fetch_gets_its_keys(ring: Fetched, server: KeyServer) -> None:
    server.free.clear()
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(ring.find, "k1")
        assert server.hanging.wait(DEADLINE)
        others = [pool.submit(ring.find, "k1") for _ in range(5)]
        threading.Timer(0.2, server.free.set).start()
        assert all(found.result(DEADLINE) for found in (first, *others))
    assert server.asked == 1


def test_an_unknown_kid_is_not_disproved_while_its_fetch_hangs(ring: Fetched, server: KeyServer) -> None:
    ring.find("k1")
    server.hanging.clear()
    server.free.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ring.find, "x")
        assert server.hanging.wait(DEADLINE)
        assert pool.submit(unavailable, ring, "x").result(DEADLINE) == 1
        server.free.set()
        assert first.result(DEADLINE) is None


def test_a_known_key_waits_for_no_renewal(
    ring: Fetched, server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "WAIT", 2 * DEADLINE)
    ring.find("k1")
    clock.now += 3600
    server.hanging.clear()
    server.free.clear()
    with ThreadPoolExecutor(2) as pool:
        renewal = pool.submit(ring.find, "k1")
        assert server.hanging.wait(DEADLINE)
        try:
            assert pool.submit(ring.find, "k1").result(DEADLINE) is not None
            assert not renewal.done()
        finally:
            server.free.set()
        assert renewal.result(DEADLINE) is not None


def test_a_renewal_by_age_is_no_fetch_for_an_unknown_kid(ring: Fetched, server: KeyServer, clock: Clock) -> None:
    ring.find("k1")
    clock.now += 3600
    ring.find("k1")
    server.body = of("k2")
    assert ring.find("k2") is not None
    assert server.asked == 3


def test_a_clock_set_back_neither_stops_fetches_nor_keeps_a_set_for_ever(
    ring: Fetched, server: KeyServer, clock: Clock
) -> None:
    ring.find("x")
    clock.now -= 3600
    server.body = of("k2")
    assert ring.find("k2") is not None
    clock.now -= 30 * 3600
    server.status = 500
    assert unavailable(ring, "k2") == 5


def test_an_error_that_is_no_failed_fetch_is_not_swallowed_and_blocks_nothing(server: KeyServer, clock: Clock) -> None:
    broken = [ZeroDivisionError()]

    def get(url: str) -> bytes:
        if broken:
            raise broken.pop()
        return server.get(url)

    ring = Fetched(server.url, get, clock)
    with pytest.raises(ZeroDivisionError):
        ring.find("k1")
    assert unavailable(ring) == 5
    clock.now += 5
    assert ring.find("k1") is not None
