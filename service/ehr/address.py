"""Which FHIR server may be called, and with what. Reads URLs by one strict grammar; opens nothing.

Two parsers that read one URL differently are how a token ends elsewhere: every URL that is called is put together
anew from what was read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from service.case import CouldNotAsk
from service.ehr.network import Address, may_call
from service.ehr.trouble import Trouble

_URL = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*?)?(?P<query>\?[!-~]*)?"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_TOKEN = re.compile(r"[!-~]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, read. `host` is lower case, an IPv6 address without brackets; `path` and `query` are as written."""

    scheme: str
    host: str
    port: int
    path: str = ""
    query: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def address(self) -> Address | None:
        """The address that the URL itself holds in place of a name."""
        return _address(self.host)

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}{self.query}"


@dataclass(frozen=True, slots=True)
class Access:
    """A server that may be called, by its base URL (no trailing slash), and the token for it alone. `own`: configured
    for the client that calls, so that it may be in a private network."""

    server: str
    token: str | None
    own: bool

    def __repr__(self) -> str:
        """Tokens are never put on record (CDS Hooks 2.0, FHIR resource access)."""
        return f"Access(own={self.own})"


def place(url: str) -> Place | None:
    """A URL of http or https, read; None for user information, backslashes, fragments, names that are not plain
    ASCII labels (thus no trailing dot, no IDN), numbers that stand for addresses, and whatever is no URL."""
    match = _URL.fullmatch(url)
    if not match or "\\" in url or "#" in url:
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"]) if match["port"] else _PORTS[scheme]
    host = _host(match["host"].lower())
    if host is None or not 0 < port < 65536:
        return None
    return Place(scheme, host, port, match["path"] or "", match["query"] or "")


def _host(written: str) -> str | None:
    if written.startswith("["):
        found = _address(written[1:-1])
        return str(found) if found else None
    labels = written.split(".")
    if labels[-1].isdecimal() or labels[-1].startswith("0x"):
        found = _address(written)
        return str(found) if found else None
    return written if all(_LABEL.fullmatch(label) for label in labels) else None


def _address(host: str) -> Address | None:
    try:
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return None


def base(server: str) -> Place | None:
    """A FHIR server's base URL, read: without its trailing slash, and no way in its path to be another than it looks
    (dot segments, empty ones, escapes)."""
    found = place(server)
    if found is None or found.query or "%" in found.path:
        return None
    path = found.path.removesuffix("/")
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        return None
    return replace(found, path=path)


def permitted(server: str, token: str | None, own: Sequence[str] | None) -> Access | CouldNotAsk:
    """Whether the server may be called. `own` are the FHIR servers of the verified client, and no other may be;
    None where the service runs open on loopback: then https to public addresses, or loopback.

    What a name stands for is looked at when it is connected to (service.ehr.network)."""
    found = base(server)
    if own is not None and (found is None or found not in [base(each) for each in own]):
        return CouldNotAsk(Trouble.NOT_OWN.says)
    if found is None:
        return CouldNotAsk(Trouble.ADDRESS.says)
    if token is not None and not _TOKEN.fullmatch(token):
        return CouldNotAsk(Trouble.TOKEN.says)
    address = found.address
    trouble = may_call(address, own=own is not None, plain=found.scheme == "http", literal=True) if address else None
    return CouldNotAsk(trouble.says) if trouble else Access(found.url, token, own is not None)
