"""Which addresses may be connected to, and the addresses of a name. Knows neither HTTP nor FHIR."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Event, Lock, Thread
from typing import Any

from service.ehr.trouble import Trouble

Address = IPv4Address | IPv6Address
Found = tuple[int, Any]  # an address family, and the socket address to connect to

_GLOBAL = IPv6Network("2000::/3")  # IANA: the only global unicast space
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291, deprecated
# Where clouds keep machines' credentials, outside the link-local ranges: AWS, Alibaba, Azure, Oracle.
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))
_RELAYS = (IPv4Network("192.88.99.0/24"),)  # 6to4 relays, RFC 7526


def may_call(address: Address, *, own: bool, plain: bool, literal: bool) -> Trouble | None:
    """What forbids a connection to an address; None where it is allowed.

    Plain http: loopback alone. A client's own server may be in a private network; one that is not configured has to
    be public, or on loopback. Link-local and metadata addresses are open only where the operator wrote the very
    address down (`literal`), never to a name that comes to stand for one."""
    inner = _unwrapped(address)
    if inner.is_loopback:
        return None
    if inner.is_multicast or inner.is_unspecified or _reserved(inner):
        return Trouble.ADDRESS
    if (inner.is_link_local or inner in _METADATA) and not (own and literal and inner is address):
        return Trouble.ADDRESS
    if not own and not _public(inner):
        return Trouble.ADDRESS
    return Trouble.INSECURE if plain else None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _reserved(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_reserved
    return address not in _GLOBAL and not address.is_private and not address.is_link_local


def _public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in relays for relays in _RELAYS)
    return address.is_global and address in _GLOBAL and address.teredo is None


class Names:
    """The addresses of one host. A look-up cannot be interrupted: it runs in a thread of its own, at most one for
    each host, and who waits for it waits no longer than he may."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._lock = Lock()
        self._underway: _LookUp | None = None

    def addresses(self, wait: float) -> tuple[Found, ...]:
        """What the name stands for now; raises TimeoutError, or another OSError where there is no such name."""
        with self._lock:
            asked = self._underway
            if asked is None or asked.done.is_set():
                asked = self._underway = _LookUp(self._host, self._port)
                Thread(target=asked.run, name="ehr-name", daemon=True).start()
        if not asked.done.wait(wait):
            raise TimeoutError
        if not asked.found:
            raise OSError
        return asked.found


class _LookUp:
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.done = Event()
        self.found: tuple[Found, ...] = ()

    def run(self) -> None:
        try:
            listed = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self.found = tuple((family, where) for family, _, _, _, where in listed)
        except (OSError, UnicodeError):
            self.found = ()
        finally:
            self.done.set()
