"""Which addresses may be connected to, and that they are those that were looked at."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from threading import Event
from time import monotonic
from typing import Any

import pytest

from service.case import Answer, CouldNotAsk, Had
from service.ehr.address import Access
from service.ehr.lines import Lines
from service.ehr.network import Names, may_call
from service.ehr.trouble import Trouble
from service.ehr.visit import Visit
from tests.ehr.conftest import at_work, wait_for
from tests.ehr.servers import answer, serving

LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PUBLIC = ["8.8.8.8", "2600::1", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "100.127.255.254", "fd00::1", "::ffff:10.0.0.1",
           "2002:a00:1::1", "64:ff9b::10.0.0.1", "198.18.0.1", "192.0.2.1", "2001:db8::1"]  # fmt: skip
LINK_LOCAL = ["169.254.1.1", "169.254.169.254", "fe80::1", "fd00:ec2::254", "168.63.129.16", "100.100.100.200"]
WRAPPED = ["::ffff:169.254.169.254", "2002:a9fe:a9fe::1", "64:ff9b::169.254.169.254", "::169.254.169.254"]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255", "fec0::1",
         "64:ff9b:1::1", "::ffff:0.0.0.0", "4000::1"]  # fmt: skip


def may(text: str, *, own: bool = False, plain: bool = False, literal: bool = False) -> Trouble | None:
    return may_call(ip_address(text), own=own, plain=plain, literal=literal)


@pytest.mark.parametrize("text", LOOPBACK)
def test_loopback_may_be_called_with_and_without_https(text: str) -> None:
    assert {may(text, own=own, plain=plain) for own in (True, False) for plain in (True, False)} == {None}


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_called_over_https(text: str) -> None:
    assert (may(text), may(text, own=True)) == (None, None)
    assert (may(text, plain=True), may(text, own=True, plain=True)) == (Trouble.INSECURE, Trouble.INSECURE)


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_may_be_called_where_it_is_the_clients_own(text: str) -> None:
    assert (may(text), may(text, own=True)) == (Trouble.ADDRESS, None)
    assert may(text, own=True, plain=True) == Trouble.INSECURE


@pytest.mark.parametrize("text", LINK_LOCAL)
def test_a_link_local_address_may_be_called_where_the_operator_wrote_it_down(text: str) -> None:
    assert may(text, own=True, literal=True) is None
    assert (may(text, own=True), may(text, literal=True), may(text)) == (Trouble.ADDRESS,) * 3


@pytest.mark.parametrize("text", WRAPPED + NEVER)
def test_what_is_no_servers_address_may_not_be_called_by_anyone(text: str) -> None:
    tried = {may(text, own=own, literal=literal) for own in (True, False) for literal in (True, False)}
    assert tried == {Trouble.ADDRESS}


@pytest.mark.parametrize(
    ("inside", "outside"),
    [("172.31.255.255", "172.32.0.0"), ("10.255.255.255", "11.0.0.0"), ("100.127.255.255", "100.128.0.0"),
     ("169.254.255.255", "169.255.0.0"), ("192.168.255.255", "192.169.0.0")],
)  # fmt: skip
def test_a_range_ends_where_it_ends(inside: str, outside: str) -> None:
    assert (may(inside), may(outside)) == (Trouble.ADDRESS, None)


Where = list[tuple[Any, ...]]


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> list[Where]:
    """What `ehr.example.org` stands for: each look-up takes the next answer."""
    answers: list[Where] = []
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        return answers.pop(0) if host == "ehr.example.org" else real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


def where(address: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, 6, "", (address, port)


def read(lines: Lines, url: str, *, own: bool, within: float = 10.0) -> Answer:
    visit = lines.visit(Access(url, "token", own=own), deadline=monotonic() + within)
    assert isinstance(visit, Visit)
    with visit:
        return visit.ask({"p": "Patient/p1"})["p"].answer


PATIENT = {"/fhir/Patient/p1": answer({"resourceType": "Patient", "id": "p1"})}


def test_a_name_is_looked_up_once_and_the_address_looked_at_is_the_one_connected_to(
    lines: Lines, resolving: list[Where]
) -> None:
    with serving(PATIENT) as server:
        resolving += [[where("127.0.0.1", server.port)], [where("169.254.169.254", server.port)]]
        assert read(lines, f"http://ehr.example.org:{server.port}/fhir", own=True) == Had()
        assert len(resolving) == 1
        assert server.seen[0].headers["host"] == f"ehr.example.org:{server.port}"


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "0.0.0.0", "::ffff:10.0.0.1"])
@pytest.mark.parametrize("first", [True, False])
def test_one_address_that_may_not_be_called_stands_against_the_name(
    lines: Lines, resolving: list[Where], address: str, first: bool
) -> None:
    with serving(PATIENT) as server:
        listed = [where(address, server.port), where("127.0.0.1", server.port)]
        resolving.append(listed if first else listed[::-1])
        found = read(lines, f"https://ehr.example.org:{server.port}/fhir", own=False)
        assert found == CouldNotAsk(Trouble.ADDRESS.says)
        assert server.connections == 0


def test_plain_http_to_a_name_that_is_not_loopback_is_not_called(lines: Lines, resolving: list[Where]) -> None:
    with serving(PATIENT) as server:
        resolving.append([where("127.0.0.1", server.port), where("8.8.8.8", server.port)])
        found = read(lines, f"http://ehr.example.org:{server.port}/fhir", own=True)
        assert found == CouldNotAsk(Trouble.INSECURE.says)
        assert server.connections == 0


def test_an_address_that_refuses_is_followed_by_the_next(lines: Lines, resolving: list[Where]) -> None:
    with serving(PATIENT) as server, serving({}) as other:
        other.close()
        resolving.append([where("127.0.0.1", other.port), where("127.0.0.1", server.port)])
        assert read(lines, f"http://ehr.example.org:{server.port}/fhir", own=True) == Had()


def test_a_look_up_that_hangs_is_waited_for_no_longer_than_the_deadline_and_by_one_thread(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def hang(*_: Any, **__: Any) -> Any:
        go_on.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for _ in range(3):
            assert read(lines, "https://ehr.example.org/fhir", own=True, within=0.2) == CouldNotAsk(Trouble.LATE.says)
        wait_for(lambda: at_work() == ["ehr-name"])
    finally:
        go_on.set()


def test_a_name_without_an_address_is_an_error_and_asked_for_anew_each_time() -> None:
    names = Names("ehr.invalid", 443)
    for _ in range(2):
        with pytest.raises(OSError, match=r"^$"):
            names.addresses(10)
    wait_for(lambda: not at_work())
