"""Da Vinci CRD's part of discovery and of a request: versions, and configuration options that a client may set.

Nothing here is ever required of a client; what it sends and cannot be honoured is told, not refused (dev-6, dev-17)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Hook = Literal["order-sign", "order-select"]
Version = Literal["2.0", "2.2"]
VERSIONS: tuple[Version, ...] = get_args(Version)
REQUESTED = "davinci-crd.requestedVersion"
CONFIGURATION = "davinci-crd.configuration"
_RELEASE = re.compile(r"(\d+\.\d+)(?:\.\d+)?")
_DECLARED = "davinci-crd.version"
_OPTIONS = "davinci-crd.configuration-options"


@dataclass(frozen=True, slots=True)
class Option:
    """One configuration option, as discovery declares it (dev-4, dev-7)."""

    code: str
    name: str
    description: str
    default: bool | int
    hooks: tuple[Hook, ...] = ("order-sign", "order-select")

    def declared(self) -> dict[str, object]:
        kind = "boolean" if isinstance(self.default, bool) else "integer"
        return {
            "code": self.code,
            "type": kind,
            "name": self.name,
            "description": self.description,
            "default": self.default,
        }

    def accepts(self, value: Any) -> bool:
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1


OPTIONS = (
    Option(
        "coverage-info",
        "Coverage information",
        "A system action that puts coverage information on each governed draft order; cards come all the same",
        default=True,
        hooks=("order-sign",),
    ),
    Option(
        "unsolicited-determ",
        "Unsolicited determinations",
        "An approvable order may be told as authorized, where the payer does so; without it, never",
        default=True,
        hooks=("order-sign",),
    ),
    Option(
        "alt-drug",
        "Alternative drugs",
        "Suggestions that order another product, or an alternative that needs no authorization",
        default=True,
    ),
    Option("guideline", "Policy links", "Links from cards to the policy's own page", default=True),
    Option(
        "contraindication",
        "Safety warnings",
        "Safety alerts that are warnings; critical ones always come",
        default=True,
    ),
    Option(
        "max-cards",
        "Most cards",
        "At most so many cards, at least one; critical safety alerts are never left out",
        default=10,
    ),
)


@dataclass(frozen=True, slots=True)
class Crd:
    """What a request asks for: a version (None: the service's own choice) and its options; `ignored` are the codes of
    options whose value could not be honoured. `client`: it speaks CRD at all."""

    version: Version | None = None
    coverage_info: bool = True
    unsolicited_determ: bool = True
    alt_drug: bool = True
    guideline: bool = True
    contraindication: bool = True
    max_cards: int = 10
    ignored: tuple[str, ...] = field(default=())
    client: bool = field(default=False, compare=False)


def supported(value: Any) -> Version | None:
    """The supported version that a client's text names, by major and minor; None for another."""
    named = _RELEASE.fullmatch(value.strip()) if isinstance(value, str) else None
    return next((version for version in VERSIONS if named and version == named[1]), None)


def asked(extension: Any) -> Crd:
    """What the `extension` of a request asks for; raises ValueError for a version that is not supported (dev-3)."""
    members = extension if isinstance(extension, dict) else {}
    version = None
    if members.get(REQUESTED) is not None:
        version = supported(members[REQUESTED])
        if version is None:
            raise ValueError(f"{REQUESTED} must be one of {', '.join(VERSIONS)}")
    given = members.get(CONFIGURATION)
    wanted = given if isinstance(given, dict) else {}
    named = {o.code: wanted[o.code] for o in OPTIONS if o.code in wanted}
    honoured = {o.code: named[o.code] for o in OPTIONS if o.code in named and o.accepts(named[o.code])}
    ignored = tuple(code for code in named if code not in honoured)
    options = {code.replace("-", "_"): value for code, value in honoured.items()}
    client = any(name.startswith("davinci-crd.") for name in members)
    return Crd(version, **options, ignored=ignored, client=client)


def declared(hook: Hook, versions: Iterable[Version] = VERSIONS) -> dict[str, object]:
    """The extension of a service in discovery (dev-1, dev-4)."""
    return {_DECLARED: list(versions), _OPTIONS: [o.declared() for o in OPTIONS if hook in o.hooks]}
