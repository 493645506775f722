"""One HTTP call under way: its deadline, the door it goes through, and its socket, which another thread may shut."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Lock, local
from time import monotonic

from service.ehr.address import Place
from service.ehr.network import Found, Names, may_call
from service.ehr.trouble import Trouble


class Stopped(Exception):
    """A call that cannot go on; its trouble is on the call."""


class Door:
    """The only way out to a server: what its name stands for is looked up, checked, and connected to, in one go, so
    that a name that changes its meaning in between gains nothing."""

    def __init__(self, place: Place, *, own: bool) -> None:
        self.place = place
        self._own = own
        self._names = Names(place.host, place.port)

    def open(self, call: Call) -> socket.socket:
        """A connected socket; raises Stopped."""
        try:
            found = self._names.addresses(call.remaining())
        except TimeoutError:
            raise call.stop(Trouble.LATE) from None
        except OSError:
            raise call.stop(Trouble.NAME) from None
        for _, (host, *_) in found:
            if trouble := self._forbidden(host):
                raise call.stop(trouble)
        return self._first(found, call)

    def _forbidden(self, host: str) -> Trouble | None:
        plain, literal = self.place.scheme == "http", self.place.address is not None
        return may_call(ip_address(host), own=self._own, plain=plain, literal=literal)

    def _first(self, found: tuple[Found, ...], call: Call) -> socket.socket:
        """The first address that takes a connection; each is given its share of the time left."""
        late = False
        for tried, (family, where) in enumerate(found):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(max(call.remaining() / (len(found) - tried), 0.001))
                sock.connect(where)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as error:
                sock.close()
                late = isinstance(error, TimeoutError)
        raise call.stop(Trouble.LATE if late else Trouble.UNREACHABLE)


class Call:
    """One question's call, over all its pages. Held by the thread that makes it, cut by the thread that waits for it.
    `room`: the bytes that it may still take in."""

    def __init__(self, door: Door, deadline: float, room: int) -> None:
        self.door, self.deadline, self.room = door, deadline, room
        self.trouble: Trouble | None = None
        self.reused = False
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def remaining(self) -> float:
        return max(self.deadline - monotonic(), 0.0)

    def over(self) -> bool:
        return self._cut or self.remaining() == 0.0

    def stop(self, trouble: Trouble) -> Stopped:
        self.trouble = trouble
        return Stopped()

    def hold(self, sock: socket.socket, *, reused: bool) -> None:
        """Take a socket, by a handle of our own: TLS takes the first one over, and an answer outlives its connection.
        Raises Stopped where the call was cut."""
        with self._lock:
            if self._cut:
                raise self.stop(Trouble.LATE)
            if self._socket is None:
                self._socket = socket.socket(fileno=os.dup(sock.fileno()))
                self.reused = reused

    def let_go(self) -> None:
        """Leave the socket to itself: from here on it may be another call's."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def cut(self) -> None:
        """End the call from another thread: whatever waits on its socket wakes up."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


_here = local()


@contextmanager
def making(call: Call) -> Iterator[None]:
    """Within it, connections of this thread are opened for this call."""
    _here.call = call
    try:
        yield
    finally:
        _here.call = None
        call.let_go()


def current() -> Call | None:
    """The call that this thread makes."""
    found = getattr(_here, "call", None)
    return found if isinstance(found, Call) else None
