"""The clients that an operator trusts, read from TOML. Knows nothing of tokens; reads the key files that rows name."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from service.auth import keys
from service.hooks.crd import Version


def _word(value: str) -> str:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError("must be text without white space around it")
    return value


def _web(value: str) -> str:
    """An https URL (http on loopback) that says where and nothing more, so that comparing it is comparing text."""
    if not value.isascii() or not value.isprintable() or any(mark in value for mark in " \\?#"):
        raise ValueError("must be a URL in ASCII, without query or fragment")
    try:
        url = urlsplit(value)
        host = url.hostname if url.port != 0 else None
    except ValueError:
        host = None
    if not host or "@" in url.netloc:
        raise ValueError("must be an absolute URL, without user")
    if url.scheme != "https" and not (url.scheme == "http" and _loopback(host)):
        raise ValueError("must be https, or http on the loopback address")
    return value


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Approvable = Literal["auth-needed", "satisfied"]
Word = Annotated[str, AfterValidator(_word)]
Web = Annotated[str, AfterValidator(_web)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Row(_Strict):
    issuer: Word
    jwks_url: Web | None = None
    jwks_file: Word | None = None
    audiences: list[Word] = []
    # An empty list could be read as any tenant or as none: it must be left out, or say which.
    tenants: Annotated[list[Word], Field(min_length=1)] | None = None
    fhir_servers: list[Web] = []
    crd_version: Version | None = None
    approvable: Approvable | None = None
    reads_system_actions: bool = False

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> _Row:
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError("one of jwks_url and jwks_file must be given, and not both")
        return self


class _File(_Strict):
    client: Annotated[list[_Row], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Client:
    """One row: exactly one of `jwks_url` and `jwks_file` is given.

    `audiences` are accepted beside the URL called (digest Q24: a client may sign what its user typed). No `tenants`:
    any, or none. `fhir_servers` is where its FHIR tokens may be sent, without trailing slash; empty: nowhere.
    `crd_version` and `approvable` are what it is filed by where they are not the service's own; one that
    `reads_system_actions` gets no card that only repeats one."""

    issuer: str
    jwks_url: str | None
    jwks_file: Path | None
    audiences: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    crd_version: Version | None = None
    approvable: Approvable | None = None
    reads_system_actions: bool = False


def parse(text: str, folder: Path) -> tuple[Client, ...]:
    """The clients in `text`, at least one; a relative `jwks_file` is looked for in `folder`.

    Raises ValueError that names row and key, and quotes no value."""
    try:
        rows = _File.model_validate(tomllib.loads(text)).client
    except ValidationError as error:
        raise ValueError("; ".join(_said(one) for one in error.errors())) from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None
    _no_issuer_twice(rows)
    return tuple(_client(number, row, folder) for number, row in enumerate(rows, 1))


def _said(error: ErrorDetails) -> str:
    """`client 2, fhir_servers 1: must be ...`, counted from one as a reader counts."""
    place = "".join(f" {part + 1}" if isinstance(part, int) else f", {part}" for part in error["loc"])
    return f"{place.removeprefix(', ')}: {error['msg'].removeprefix('Value error, ')}"


def _no_issuer_twice(rows: Sequence[_Row]) -> None:
    first: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if first.setdefault(row.issuer, number) != number:
            raise ValueError(f"client {number}, issuer: is that of client {first[row.issuer]} too")


def _client(number: int, row: _Row, folder: Path) -> Client:
    file = None if row.jwks_file is None else folder / row.jwks_file
    if file is not None:
        try:
            keys.read_file(file)
        except ValueError as error:
            raise ValueError(f"client {number}, jwks_file: {error}") from None
    return Client(
        issuer=row.issuer,
        jwks_url=row.jwks_url,
        jwks_file=file,
        audiences=tuple(row.audiences),
        tenants=tuple(row.tenants or ()),
        fhir_servers=tuple(server.rstrip("/") for server in row.fhir_servers),
        crd_version=row.crd_version,
        approvable=row.approvable,
        reads_system_actions=row.reads_system_actions,
    )
