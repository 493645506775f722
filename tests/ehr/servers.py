"""Servers that behave as EHRs do at their worst: real sockets that hang, drip, reset, truncate and lie."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire."""

    target: str
    headers: dict[str, str]


@dataclass
class Talk:
    """One connection, and whether the server is to stop."""

    sock: socket.socket
    stop: Event
    keep: bool = False

    def send(self, sent: bytes) -> None:
        self.sock.sendall(sent)


Behaviour = Callable[[Talk], None]


class Server:
    """Answers each path by a behaviour; `/…?query` is looked up without, then with its query. What is not known is a
    404. Every request is on record."""

    def __init__(self, routes: dict[str, Behaviour], context: ssl.SSLContext | None = None) -> None:
        self.routes, self.seen = routes, list[Seen]()
        self.connections = 0
        self._context = context
        self._stop, self._lock = Event(), Lock()
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def origin(self) -> str:
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/fhir"

    def targets(self) -> list[str]:
        return [seen.target for seen in self.seen]

    def close(self) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(sock)
            thread = Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            if self._context is None:
                self._talk(sock)
                return
            with self._context.wrap_socket(sock, server_side=True) as secured:
                self._talk(secured)

    def _talk(self, sock: socket.socket) -> None:
        talk = Talk(sock, self._stop, keep=True)
        while talk.keep and (seen := _request(sock)):
            with self._lock:
                self.seen.append(seen)
            talk.keep = False
            bare = seen.target.split("?", 1)[0]
            self.routes.get(seen.target, self.routes.get(bare, answer(b"{}", status=404)))(talk)


def _request(sock: socket.socket) -> Seen | None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (part := sock.recv(65536)):
            return None
        head += part
    first, *rest = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in rest)
    return Seen(first.split(" ")[1], {name.strip().lower(): value.strip() for name, value in pairs})


@contextmanager
def serving(routes: dict[str, Behaviour], context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(routes, context)
    try:
        yield server
    finally:
        server.close()


def head(status: int, length: int | None, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/fhir+json", *more]
    lines += [f"Content-Length: {length}"] if length is not None else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(body: Any, *more: str, status: int = 200, keep: bool = True) -> Behaviour:
    """A whole answer; a value that is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(talk: Talk) -> None:
        talk.send(head(status, len(sent), *more) + sent)
        talk.keep = keep

    return behave


def raw(sent: bytes) -> Behaviour:
    """Exactly these bytes, and the end of the connection."""
    return lambda talk: talk.send(sent)


def packed(body: bytes) -> Behaviour:
    return answer(gzip.compress(body), "Content-Encoding: gzip")


def hang(talk: Talk) -> None:
    talk.stop.wait(60)


def reset(talk: Talk) -> None:
    talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.sock.close()


def drip(first: bytes, drop: bytes) -> Behaviour:
    """A beginning, and then a drop now and then, for as long as anyone listens."""

    def behave(talk: Talk) -> None:
        talk.send(first)
        while not talk.stop.wait(0.1):
            talk.send(drop)

    return behave


def endless(first: bytes, part: bytes) -> Behaviour:
    def behave(talk: Talk) -> None:
        talk.send(first)
        while not talk.stop.is_set():
            talk.send(part)

    return behave


def after(seconds: float, then: Behaviour) -> Behaviour:
    def behave(talk: Talk) -> None:
        if not talk.stop.wait(seconds):
            then(talk)

    return behave


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port that takes no further connection, nor refuses any."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for sock in waiting:
                sock.close()


@dataclass(frozen=True)
class Authority:
    """A throwaway certificate authority, and a server's certificate for `localhost` alone."""

    bundle: Path
    server: ssl.SSLContext = field(repr=False)


def authority(folder: Path) -> Authority:
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("Throwaway CA")
    root = (
        _certificate(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    own = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _certificate(_name("localhost"), name, own.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    bundle, chain, secret = folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key"
    bundle.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return Authority(bundle, context)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def condition(name: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": name, "subject": {"reference": "Patient/p1"}}


def bundle(*resources: Any, after: str | None = None, **members: Any) -> dict[str, Any]:
    """A searchset; `after` is the next page's URL."""
    links = {"link": [{"relation": "next", "url": after}]} if after is not None else {}
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | links | members


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
