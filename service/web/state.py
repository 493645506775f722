"""What the application holds from its start to its end, the same for every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast, get_args

from flask import Flask, current_app

from cards import override_reasons
from service import labels
from service.auth.gate import Gate
from service.auth.refused import Reason
from service.config import Config
from service.decide import Office
from service.determination import PolicyId
from service.ehr import CODES, Lines
from service.hooks.crd import OPTIONS
from service.hooks.discovery import SERVICES
from service.policy import library
from service.policy.fingerprint import Use, meanings
from service.store import Store
from service.terminology import load

_NAME = "countersign"


@dataclass(frozen=True)
class State:
    """The office, the records, the way out to EHRs, and who is let in (None: anyone, on loopback)."""

    config: Config
    office: Office
    store: Store
    lines: Lines
    gate: Gate | None
    meanings: Callable[[PolicyId, Use, tuple[str, ...]], Mapping[str, str]]

    @property
    def forked(self) -> Callable[[], None]:
        """To be called in a process that was forked after the start: what a parent opened is not shared."""
        return self.store.forked

    def close(self) -> None:
        self.lines.close()
        self.store.close()


def build(config: Config) -> State:
    """Policies loaded and checked, value sets indexed, the database migrated.

    Raises PolicyError, ValueError for a database URL that is none, Unkept."""
    office = Office(library.load(), load(), config.plans)
    store = Store(config.database_url)
    store.upgrade()
    lines = Lines(verify=config.ca_bundle or True)
    _declare(config)
    gate = None
    if config.clients is not None:
        gate = Gate(config.clients, get=lines.get, first_use=store.first_use)
    return State(config, office, store, lines, gate, _meanings(office))


def _meanings(office: Office) -> Callable[[PolicyId, Use, tuple[str, ...]], Mapping[str, str]]:
    """What leaves mean, by number, for a use: the same for every order of it."""

    @lru_cache(maxsize=1024)
    def found(policy: PolicyId, use: Use, refs: tuple[str, ...]) -> Mapping[str, str]:
        return meanings(office.library.revision(policy.id, policy.version).policy, use, refs)

    return found


def _declare(config: Config) -> None:
    """The words that logs and metrics may say: from what is configured, and from what cards offer."""
    labels.declare("client", [client.issuer for client in config.clients or ()])
    labels.declare("service", [*(s.id for s in SERVICES), "none"])
    labels.declare("code", CODES)
    labels.declare("option", [option.code for option in OPTIONS])
    labels.declare("refusal", get_args(Reason))
    labels.declare("reason", [f"{system}|{code}" for system, code in override_reasons()])


def keep(app: Flask, state: State) -> None:
    app.extensions[_NAME] = state


def state() -> State:
    """The state of the application that answers."""
    return cast("State", current_app.extensions[_NAME])
