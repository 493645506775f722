"""The configuration, from the environment (the contract's table). What cannot be honoured stops the start."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar, get_args

from service import plans
from service.auth import clients
from service.auth.clients import Approvable, Client
from service.hooks.crd import VERSIONS, Version
from service.plans import Plans

_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")
Word = TypeVar("Word", bound=str)
_LOOPBACK_ORIGINS = (r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$",)


class ConfigError(ValueError):
    """A variable that cannot be honoured, by name."""


@dataclass(frozen=True)
class Config:
    """How the service runs. `today` stands in for the clock; `origins` are patterns of browser origins; without
    `clients` any caller is served, on loopback only. `crd_version` is filed by where a client asks for none, and an
    approvable order as `approvable` says. `fetch_seconds` bound all fetching of a call, `call_seconds` the
    call; a form's link opens it for `form_hours`; `ca_bundle` is a file of certificate authorities in place of the
    usual ones."""

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    clients: tuple[Client, ...] | None = None
    database_url: str = "sqlite:///countersign.sqlite3"
    fetch_seconds: float = 3.0
    call_seconds: float = 4.5
    ca_bundle: str | None = None
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    threads: int = 64
    log_level: str = "info"
    plans: Plans = field(default_factory=Plans)
    today: date | None = None
    origins: tuple[str, ...] = _LOOPBACK_ORIGINS
    crd_version: Version = "2.2"
    approvable: Approvable = "auth-needed"
    form_hours: int = 72

    def day(self) -> date:
        """The day that evaluation counts as today."""
        return self.today or date.today()


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration that the environment gives; raises ConfigError for the first variable at fault."""
    host = environment.get("COUNTERSIGN_HOST", "127.0.0.1")
    trusted = _clients(environment.get("COUNTERSIGN_CLIENTS"))
    if trusted is None and not _loopback(host):
        raise ConfigError(f"COUNTERSIGN_HOST: {host} is not loopback, and no trusted clients are configured")
    return Config(
        host=host,
        port=_port(environment.get("COUNTERSIGN_PORT", "8000")),
        public_url=_public_url(environment.get("COUNTERSIGN_PUBLIC_URL")),
        clients=trusted,
        database_url=environment.get("COUNTERSIGN_DATABASE_URL") or Config.database_url,
        fetch_seconds=_seconds(environment, "COUNTERSIGN_FETCH_SECONDS", Config.fetch_seconds),
        call_seconds=_seconds(environment, "COUNTERSIGN_CALL_SECONDS", Config.call_seconds),
        ca_bundle=_file(environment, "COUNTERSIGN_CA_BUNDLE"),
        workers=_count(environment, "COUNTERSIGN_WORKERS", min(4, os.cpu_count() or 1)),
        threads=_count(environment, "COUNTERSIGN_THREADS", Config.threads),
        log_level=_level(environment.get("COUNTERSIGN_LOG_LEVEL", Config.log_level)),
        plans=_plans(environment.get("COUNTERSIGN_PLANS")),
        today=_today(environment.get("COUNTERSIGN_TODAY")),
        origins=_origins(environment.get("COUNTERSIGN_ALLOWED_ORIGINS")),
        crd_version=_one_of(environment, "COUNTERSIGN_CRD_VERSION", VERSIONS, Config.crd_version),
        approvable=_one_of(environment, "COUNTERSIGN_APPROVABLE", get_args(Approvable), Config.approvable),
        form_hours=_count(environment, "COUNTERSIGN_FORM_HOURS", Config.form_hours),
    )


def _one_of(environment: Mapping[str, str], name: str, accepted: Sequence[Word], default: Word) -> Word:
    text = environment.get(name) or default
    found = next((word for word in accepted if word == text), None)
    if found is None:
        raise ConfigError(f"{name}: {text!r} is none of {', '.join(accepted)}")
    return found


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"COUNTERSIGN_PORT: {text!r} is no port")
    return int(text)


def _clients(path: str | None) -> tuple[Client, ...] | None:
    """The trusted clients; None where no file is named. An empty name is a file that is not there, not "open"."""
    if path is None:
        return None
    try:
        return clients.parse(Path(path).read_text(encoding="utf-8"), Path(path).parent)
    except (OSError, ValueError) as error:
        raise ConfigError(f"COUNTERSIGN_CLIENTS: {path or 'no file'}: {error}") from None


def _public_url(text: str | None) -> str | None:
    if not text:
        return None
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", text):
        raise ConfigError(f"COUNTERSIGN_PUBLIC_URL: {text!r} is no http(s) URL")
    return text.rstrip("/")


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    try:
        found = float(environment.get(name) or default)
    except ValueError:
        found = 0
    if not 0 < found <= 60:
        raise ConfigError(f"{name}: {environment.get(name)!r} is no number of seconds from 0 to 60")
    return found


def _count(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 1024:
        raise ConfigError(f"{name}: {text!r} is no count from 1 to 1024")
    return int(text)


def _file(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(name) or None
    if path and not Path(path).is_file():
        raise ConfigError(f"{name}: {path} is no file")
    return path


def _level(text: str) -> str:
    if text.lower() not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"COUNTERSIGN_LOG_LEVEL: {text!r} is none of debug, info, warning, error")
    return text.lower()


def _plans(path: str | None) -> Plans:
    if not path:
        return Plans()
    try:
        return plans.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"COUNTERSIGN_PLANS: {path}: {error}") from None


def _today(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"COUNTERSIGN_TODAY: {text!r} is no date (2026-03-10)") from None


def _origins(text: str | None) -> tuple[str, ...]:
    """Patterns of exactly these origins; a wildcard or a URL with a path would mean what nobody wrote."""
    named = [origin for part in (text or "").split(",") if (origin := part.strip())]
    for origin in named:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(f"COUNTERSIGN_ALLOWED_ORIGINS: {origin!r} is no origin (https://ehr.example.org)")
    return tuple(rf"{re.escape(origin)}$" for origin in named) if text else _LOOPBACK_ORIGINS
