"""The way out that a session has: the door of the call that is made, and no other."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest
import requests

from service.ehr.address import place
from service.ehr.call import Call, Door, making
from service.ehr.connection import session, trust
from service.ehr.exchange import fetch
from service.ehr.trouble import Trouble
from tests.ehr.servers import answer, authority, serving


def test_a_connection_that_no_call_asked_for_is_not_opened() -> None:
    with serving({}) as server, session("http", trust(True), 1) as made:
        with pytest.raises(requests.ConnectionError):
            made.get(server.url)
        assert server.connections == 0


def test_a_connection_to_another_server_than_the_calls_is_not_opened() -> None:
    with serving({"/x": answer(b"{}")}) as server, serving({}) as other, session("http", trust(True), 1) as made:
        where = place(server.url)
        assert where is not None
        door = Door(where, own=True)
        for url, had in ((f"{server.origin}/x", b"{}"), (f"{other.origin}/x", Trouble.ELSEWHERE)):
            assert fetch(made, url, {}, Call(door, monotonic() + 10, 100), 100) == had
        assert fetch(made, f"http://localhost:{server.port}/x", {}, Call(door, monotonic() + 10, 100), 100) == (
            Trouble.ELSEWHERE
        )
        assert (len(server.seen), other.connections) == (1, 0)


def test_a_session_speaks_its_scheme_alone() -> None:
    with session("https", trust(True), 1) as made, pytest.raises(requests.exceptions.InvalidSchema):
        made.get("http://127.0.0.1/")


def test_a_call_that_was_cut_opens_nothing() -> None:
    with serving({"/x": answer(b"{}")}) as server, session("http", trust(True), 1) as made:
        where = place(server.url)
        assert where is not None
        call = Call(Door(where, own=True), monotonic() + 10, 100)
        call.cut()
        with making(call), pytest.raises(requests.ConnectionError):
            made.get(f"{server.origin}/x")
        assert call.trouble == Trouble.LATE
        assert server.seen == []


@pytest.mark.parametrize("room", [1, 2, 3])
def test_a_call_takes_in_as_much_as_it_has_room_for(room: int) -> None:
    with serving({"/x": answer(b"{}")}) as server, session("http", trust(True), 1) as made:
        where = place(server.url)
        assert where is not None
        found = fetch(made, f"{server.origin}/x", {}, Call(Door(where, own=True), monotonic() + 10, room), 100)
    assert found == (b"{}" if room >= 2 else Trouble.TOO_LONG)


def test_authorities_are_read_from_a_file_or_a_folder_and_have_to_be_there(tmp_path: Path) -> None:
    assert trust(str(authority(tmp_path).bundle)).cert_store_stats()["x509_ca"] == 1
    assert trust(str(tmp_path)).check_hostname
    with pytest.raises(FileNotFoundError):
        trust(str(tmp_path / "none.pem"))


def test_a_connection_that_went_back_is_out_of_its_last_calls_reach() -> None:
    with serving({"/x": answer(b"{}")}) as server, session("http", trust(True), 1) as made:
        where = place(server.url)
        assert where is not None
        door = Door(where, own=True)
        first = Call(door, monotonic() + 10, 100)
        with making(first):
            assert made.get(f"{server.origin}/x").content == b"{}"
            first.cut()
        assert fetch(made, f"{server.origin}/x", {}, Call(door, monotonic() + 10, 100), 100) == b"{}"
        assert server.connections == 1
