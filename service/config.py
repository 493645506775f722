"""The configuration, from the environment (the contract's table). What cannot be honoured stops the start."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from service import plans
from service.plans import Plans

_LOOPBACK_ORIGINS = (r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$",)


class ConfigError(ValueError):
    """A variable that cannot be honoured, by name."""


@dataclass(frozen=True)
class Config:
    """How the service runs. `today` stands in for the clock; `origins` are patterns of browser origins."""

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    plans: Plans = field(default_factory=Plans)
    today: date | None = None
    origins: tuple[str, ...] = _LOOPBACK_ORIGINS


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration that the environment gives; raises ConfigError for the first variable at fault."""
    host = environment.get("COUNTERSIGN_HOST", "127.0.0.1")
    if environment.get("COUNTERSIGN_CLIENTS"):
        raise ConfigError(
            "COUNTERSIGN_CLIENTS: this version verifies no client tokens; it serves the loopback address only"
        )
    if not _loopback(host):
        raise ConfigError(f"COUNTERSIGN_HOST: {host} is not loopback, and no trusted clients are configured")
    return Config(
        host=host,
        port=_port(environment.get("COUNTERSIGN_PORT", "8000")),
        public_url=environment.get("COUNTERSIGN_PUBLIC_URL") or None,
        plans=_plans(environment.get("COUNTERSIGN_PLANS")),
        today=_today(environment.get("COUNTERSIGN_TODAY")),
        origins=_origins(environment.get("COUNTERSIGN_ALLOWED_ORIGINS")),
    )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"COUNTERSIGN_PORT: {text!r} is no port")
    return int(text)


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
    return tuple(o.strip() for o in text.split(",") if o.strip()) if text else _LOOPBACK_ORIGINS
